"""Which tests stay together when several workers share them (pytest-xdist, ``--dist loadgroup``).

The tests of a file go to one worker, and so do the tests of all files that share a build: each
build is made once, as in a run with one worker. Builds use all cores, but not all of the time: they
read, plan, link and emulate, and meanwhile another worker computes. What builds comes first, so
that the short tests fill the gaps at the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

# Builds that several files use: the fixture's name, which each folder has for its own.
SHARED_BUILDS = ("built",)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("xdist"):
        return
    groups = {item: _group(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    if config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        builds = {group for item, group in groups.items() if item.get_closest_marker("build")}
        items.sort(key=lambda item: groups[item] not in builds)


def _group(item: pytest.Item) -> str:
    info = getattr(item, "_fixtureinfo", None)
    definitions = info.name2fixturedefs if info else {}
    for name in SHARED_BUILDS:
        if name in definitions:
            return f"{definitions[name][-1].baseid}:{name}"
    return str(Path(item.path).relative_to(item.config.rootpath))
