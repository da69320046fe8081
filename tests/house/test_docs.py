"""What the pages name is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from buildtool.config import load_targets
from tests.house.code import PROJECT

PAGES = sorted((PROJECT / "docs").glob("*.md"))
PAGES.append(PROJECT / "README.md")
TOPS = (
    "benchmarks",
    "buildtool",
    "docs",
    "machorun",
    "models",
    "runner",
    "targets",
    "templates",
    "tests",
)
PATH = re.compile(rf"(?<![\w./<-])((?:{'|'.join(TOPS)})/[\w./*<>-]*)")
MODULE = re.compile(rf"-m ((?:{'|'.join(TOPS)})(?:\.\w+)+)")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
BARE = re.compile(r"`(\w+\.py)`")
# Target files that the reader is to write: a block shows them, or a command writes them.
SHOWN = re.compile(r"(?:^# |> )(targets/\S+\.yaml)$|`(targets/\S+\.yaml)`:\n\n```", re.MULTILINE)
PLACEHOLDER = re.compile(r"<|>|NAME")


def paths(page: Path) -> Iterator[str]:
    """The project's files and folders that a page names."""
    text = page.read_text(encoding="utf-8")
    own = {name for names in SHOWN.findall(text) for name in names}
    for found in PATH.findall(text):
        name = found.rstrip(".")
        if name not in own and not PLACEHOLDER.search(name) and not is_shipped(name):
            yield name
    for module in MODULE.findall(text):
        yield module.replace(".", "/") + (
            "" if (PROJECT / module.replace(".", "/")).is_dir() else ".py"
        )


def is_shipped(name: str) -> bool:
    """Whether it is what a user's target extends, ``buildtool/pi``, or the file of that as messages
    name it, ``buildtool/targets/pi.yaml``."""
    folder, _, target = name.partition("/")
    target = target.removeprefix("targets/").removesuffix(".yaml")
    return folder == "buildtool" and (PROJECT / "targets" / f"{target}.yaml").exists()


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings are linked to."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_is_there(page: Path) -> None:
    missing = [name for name in paths(page) if not any(PROJECT.glob(name.rstrip("/")))]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    wrong = []
    for name, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in name:
            continue
        target = (page.parent / name) if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(f"{name}#{anchor}")
    assert not wrong


def test_every_module_that_is_named_without_a_folder_is_there() -> None:
    """No two modules share a basename, so that is enough."""
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    known = {
        path.name
        for folder in ("buildtool", "machorun", "tests")
        for path in (PROJECT / folder).rglob("*.py")
    }
    assert sorted(set(BARE.findall(text)) - known - {"dodo.py"}) == []


@pytest.mark.parametrize(
    "file", sorted((PROJECT / "docs/ci").glob("*")), ids=lambda file: file.name
)
def test_what_a_workflow_builds_is_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    tasks = re.findall(r"doitw (\w+):([\w-]+)", text)
    assert {target for _, target in tasks} <= set(load_targets(PROJECT / "targets"))
