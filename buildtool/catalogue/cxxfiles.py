"""The C++ files of a tree, read once each, and which of them include which.

Nothing here runs a preprocessor: an ``#include`` under an ``#if`` counts as much as any other,
which is what is needed to know every header that a preprocessor may ask for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)

# Programs, bindings and tests of their own that are no part of the TensorFlow library. In names:
# `array_ops_test.cc`, `function_testlib.cc`, `test_ops.cc`.
_FOREIGN_FOLDERS = frozenset(
    (
        *("examples", "g3doc", "go", "java", "toco", "tools", "integration_test"),
        *("kernel_tests", "test", "test_op", "testdata", "testing", "tests"),
    )
)
_TEST_NAME = re.compile(r"(?:^|[_.])(?:tests?|testlib|testutil)[_.]")


def library_sources(tree: Path) -> Iterator[str]:
    """Every ``.cc`` below ``tensorflow/`` that may be part of the library, sorted by path."""
    folders = ["tensorflow"]
    found = []
    while folders:
        folder = folders.pop()
        for entry in os.scandir(tree / folder):
            path = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _FOREIGN_FOLDERS:
                    folders.append(path)
            elif entry.name.endswith(".cc") and not _TEST_NAME.search(entry.name):
                found.append(path)
    yield from sorted(found)


_KERNELS = "/kernels/"
_CORE = f"tensorflow/core{_KERNELS}"


def _package(source: str) -> str:
    """The folder of a file, with a slash; of kernels outside of TensorFlow's core, the one that
    holds their folder (``compiler/xrt/`` for ``compiler/xrt/kernels/xrt_state_ops.cc``)."""
    folder = source.rpartition("/")[0] + "/"
    if folder.endswith(_KERNELS) and folder != _CORE:
        return folder.removesuffix(_KERNELS.lstrip("/"))
    return folder


class CxxFiles:
    """The files below ``tree``, by path relative to it; those of ``include_dirs`` by full path."""

    def __init__(self, tree: Path, include_dirs: Sequence[Path] = ()) -> None:
        self.tree = tree
        self.missing: set[str] = set()
        self._roots = ("", *(f"{folder.absolute()}/" for folder in include_dirs))
        self._texts: dict[str, bytes | None] = {}
        self._includes: dict[str, tuple[str, ...]] = {}
        self._missing_in: dict[str, tuple[str, ...]] = {}

    def text(self, path: str) -> bytes | None:
        """Give the content of a file, None if it cannot be read."""
        if path not in self._texts:
            try:
                with open(os.path.join(self.tree, path), "rb", buffering=0) as file:  # noqa: PTH118, PTH123  (thousands of files: pathlib doubles the time)
                    self._texts[path] = file.readall()
            except OSError:
                self._texts[path] = None
        return self._texts[path]

    def forget(self, path: str) -> None:
        """Give back the memory of a text that is not needed again."""
        self._texts.pop(path, None)

    def includes(self, path: str) -> tuple[str, ...]:
        """The files that ``path`` names in its ``#include`` lines; :attr:`missing` gets those
        that are nowhere."""
        if path not in self._includes:
            folder = os.path.dirname(path)  # noqa: PTH120
            lines = _INCLUDE.findall(self.text(path) or b"")
            names = ((folder if mark == b'"' else None, name.decode()) for mark, name in lines)
            found = [(name, self._resolve(place, name)) for place, name in names]
            self._includes[path] = tuple(file for _, file in found if file is not None)
            self._missing_in[path] = tuple(name for name, file in found if file is None)
        return self._includes[path]

    def missing_in(self, path: str) -> tuple[str, ...]:
        """The names in its ``#include`` lines that are nowhere."""
        self.includes(path)
        return self._missing_in[path]

    def helpers(self, source: str) -> tuple[str, ...]:
        """A kernels' file, and the files that it cannot do without: those beside headers of its own
        package and of folders in it, where these headers are included (``sql_dataset_op.cc`` has
        ``sql/driver_manager.h``, whose ``.cc`` wants SQLite)."""
        folder = _package(source)
        seen = {source: None}
        queue = [source]
        for path in queue:
            own = [name for name in self.includes(path) if name.startswith(folder)]
            for name in (*own, *(f"{name.removesuffix('.h')}.cc" for name in own)):
                if name not in seen and self.text(name) is not None:
                    seen[name] = None
                    queue.append(name)
        return tuple(path for path in seen if path.endswith(".cc"))

    def _resolve(self, folder: str | None, name: str) -> str | None:
        if folder is not None:
            sibling = os.path.normpath(f"{folder}/{name}")
            if self.text(sibling) is not None:
                return sibling
        for root in self._roots:
            if self.text(root + name) is not None:
                return root + name
        self.missing.add(name)
        return None

    def closure(self, start: Iterable[str]) -> Iterator[str]:
        """``start`` and all that it includes, directly or not, nearest first."""
        seen = dict.fromkeys(start)
        queue = list(seen)
        for path in queue:
            yield path
            for name in self.includes(path):
                if name not in seen:
                    seen[name] = None
                    queue.append(name)

    def including(self, targets: Iterable[str]) -> set[str]:
        """``targets`` and all files seen so far that include one of them, directly or not."""
        includers: dict[str, list[str]] = {}
        for path, names in self._includes.items():
            for name in names:
                includers.setdefault(name, []).append(path)
        found = set(targets)
        queue = list(found)
        for path in queue:
            new = [name for name in includers.get(path, ()) if name not in found]
            found.update(new)
            queue += new
        return found
