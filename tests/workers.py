"""Which tests stay together when several workers share them (pytest-xdist, ``--dist loadgroup``).

The tests of a file go to one worker, and so do the tests of all files that share a build: each
build is made once, as in a run with one worker. Builds use all cores, but not all of the time: they
read, plan, link and emulate, and meanwhile another worker computes. What builds comes first, so
that the short tests fill the gaps at the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

# Builds that several files use: the fixture's name, which each folder has for its own.
SHARED_BUILDS = ("built", "java_library")


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """A pytest and a pytest-xdist that do not fit would make each build once in every worker."""
    if node.config.option.dist == "loadgroup" and not all("@" in name for name in ids):
        pytest.exit("this pytest-xdist does not keep groups of tests together", returncode=4)
