"""The modules of the project as they are written: their imports, and where each stands."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("buildtool", "machorun")


@dataclass(frozen=True, kw_only=True)
class Module:
    """One module: its dotted ``name``, its ``path`` below the project, and what it says."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The package that it stands in; a package's face stands in itself."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def imported(self) -> Iterator[tuple[str, str]]:
        """What is imported, as a module and a name in it, the name empty for ``import a.b``. Of
        ``from a import b`` only who knows all modules can say whether ``b`` is one, too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((self._source(node), alias.name) for alias in node.names)

    def _source(self, node: ast.ImportFrom) -> str:
        parts = self.package.split(".")
        base = parts[: len(parts) - node.level + 1] if node.level else []
        return ".".join((*base, *([node.module] if node.module else [])))


@cache
def modules() -> Mapping[str, Module]:
    """All modules of the project by their names, and ``dodo``."""
    paths = [PROJECT / "dodo.py"]
    for package in PACKAGES:
        found = sorted((PROJECT / package).rglob("*.py"))
        paths += [path for path in found if path.parent.name != "tests"]
    return {module.name: module for module in map(_read, paths)}


def _read(path: Path) -> Module:
    below = path.relative_to(PROJECT)
    name = ".".join(below.with_suffix("").parts).removesuffix(".__init__")
    text = path.read_text(encoding="utf-8")
    return Module(name=name, path=below, text=text, tree=ast.parse(text))


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """The project's modules that each module imports, for its types alone, too."""
    found = {}
    for name, module in modules().items():
        pairs = {(source, f"{source}.{inner}") for source, inner in module.imported()}
        named = {inner if inner in modules() else source for source, inner in pairs}
        found[name] = frozenset(named & set(modules())) - {name}
    return found


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """The names along one circle of a graph, empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
