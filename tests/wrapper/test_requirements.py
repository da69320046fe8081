"""What pyproject.toml names is what is imported."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

PROJECT = Path(__file__).resolve().parents[2]
# Programs, what pytest loads by itself, and types: they are not imported.
TOOLS = {
    *("check-jsonschema", "hatchling", "mypy", "pytest-timeout", "pytest-xdist", "ruff"),
    *("types-pyyaml", "types-requests"),
}


def imported(*, by_tests: bool) -> set[str]:
    """The packages, by their names in an index, that tests import, or all other modules."""
    modules = {
        name.partition(".")[0]
        for folder in ("buildtool", "machorun", "tests")
        for path in sorted((PROJECT / folder).rglob("*.py"))
        if ("tests" in path.relative_to(PROJECT).parts) == by_tests
        for name in names(ast.parse(path.read_text(encoding="utf-8")))
    }
    own = {"buildtool", "machorun", "tests"} | {path.stem for path in PROJECT.glob("tests/**/*.py")}
    modules -= own | sys.stdlib_module_names
    # A name space that many packages share, of which one is used here.
    by_module = {**packages_distributions(), "google": ["protobuf"]}
    return {plain(package) for module in modules for package in by_module.get(module, [module])}


def names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def named(requirements: Iterable[str]) -> set[str]:
    return {plain(re.split(r"[^\w.-]", each, maxsplit=1)[0]) for each in requirements}


def plain(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def test_each_dependency_is_imported_and_what_is_imported_is_one() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = named(project["dependencies"])
    extras = {name: named(each) for name, each in project["optional-dependencies"].items()}
    used = imported(by_tests=False)
    # What reads models for TensorFlow takes the protobuf that came with it. Two packages hold
    # TensorFlow; which one is installed depends on the machine.
    used.discard("protobuf")
    used = {"tensorflow-cpu" if each.startswith("tensorflow") else each for each in used}
    assert used == needed | extras["tensorflow"]
    assert extras["dev"] - TOOLS <= imported(by_tests=True) - used
