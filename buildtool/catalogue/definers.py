"""Guesses which source file defines a symbol that a compiled object lacks.

Compiling everything that might be needed is what this spares: the linker's list of undefined
symbols is looked up here, the likeliest file is compiled next, and its real symbols confirm or
refute the guess. So the answer is a ranking, best first, made from the text of the sources
alone (see ``definers_scan``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from buildtool.catalogue.definers_scan import (
    DECLARED,
    FREE,
    IN_MACRO,
    INSTANTIATED,
    NAMESPACE,
    scan,
    scan_header,
)
from buildtool.catalogue.definers_symbols import Symbol, parse_symbol
from buildtool.catalogue.definers_texts import Texts

FORMAT = 3
FITTING = 20  # score for each namespace of the symbol that a file opens
WEAK = 10  # scores up to this are no more than declarations

_DESCRIPTOR_TABLE = "descriptor_table_"
_ENCODED = re.compile(r"_([0-9a-f]{2})")
# ICU's macros give its C functions and tables names with its version: ucnv_open_72.
_VERSION = re.compile(r"(?<=\w)_\d+\Z")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)

# Parts of a path that say that a file is for a test or for another platform.
_TEST = re.compile(
    r"(?:^|/)(?:testing|testdata|tests?|fuzzing)/|_(?:test|tests|testutil|testlib|benchmark|fuzz)"
    r"\.\w+\Z|(?:^|/|_)(?:test_util|testlib|test_main|unittest)"
)
FOREIGN_PARTS = (
    "/windows/", "/win32/", "_win32.", "_windows.", "/cuda/", "/gpu/", "/rocm/",
    "_gpu.", ".cu.cc", "/mkl/", "/tpu/", "/emscripten/", "/fuchsia/", "_darwin", "/macos/",
)  # fmt: skip


class DefinerIndex:
    """What each of some files seems to define, by name."""

    def __init__(
        self, files: Sequence[tuple[str, Path]], names: Sequence[str], preferred: Collection[Path]
    ) -> None:
        self._files = files
        self._preferred = [path in preferred for _, path in files]
        self._names: dict[str, list[int]] = {}
        self._namespaces: list[set[str]] = []
        for number, entry in enumerate(names):
            words = entry.split("\n")
            self._namespaces.append({word[1:] for word in words if word.startswith(NAMESPACE)})
            for word in words:
                self._names.setdefault(word, []).append(number)
        self._classes = self._class_members()
        self._texts = Texts([path for _, path in files])

    @classmethod
    def build(
        cls,
        files: Sequence[tuple[str, Path]],
        cache: Path | None,
        *,
        preferred: Iterable[Path] = (),
        foreign: Sequence[str] = FOREIGN_PARTS,
    ) -> DefinerIndex:
        """Index ``files``: pairs of a root's name and a path of a ``.cc``, ``.c`` or ``.proto``
        (which stands for its ``.pb.cc``).

        Test files are left out, and files whose path holds one of ``foreign`` (other platforms,
        other devices). ``preferred`` files come first among equals. ``cache`` is a folder for
        what was found in each file, kept by the file's content.
        """
        kept = sorted(_own_sources(files, foreign), key=lambda pair: (pair[0], pair[1].as_posix()))
        return cls(kept, _scan_files([path for _, path in kept], cache), frozenset(preferred))

    def candidates(self, demangled_symbol: str) -> tuple[Path, ...]:
        """Return the files that may define the symbol, best first; empty if none is known."""
        found = self._candidates(parse_symbol(demangled_symbol))
        plain = _VERSION.sub("", demangled_symbol)
        return found or (self._candidates(parse_symbol(plain)) if plain != demangled_symbol else ())

    def _candidates(self, symbol: Symbol) -> tuple[Path, ...]:
        if symbol.name.startswith(_DESCRIPTOR_TABLE):
            return self._of_proto(symbol.name.removeprefix(_DESCRIPTOR_TABLE))
        scores: dict[int, int] = {}
        for key, score in self._keys(symbol):
            for number in self._names.get(key, ()):
                scores[number] = max(scores.get(number, 0), score)
        if symbol.of_class or not scores:
            self._add_class(symbol, scores)
        if max(scores.values(), default=0) <= WEAK:
            for number, score in self._texts.mentioning(symbol).items():
                scores[number] = max(scores.get(number, 0), score)
        for number in scores:
            scores[number] += FITTING * self._fitting(number, symbol)
        top = max(scores.values(), default=0)
        best = [number for number, score in scores.items() if score == top]
        overloads = {} if symbol.of_class or len(best) == 1 else self._overloads(best, symbol)
        ranked = sorted(
            scores,
            key=lambda number: (
                -scores[number],
                self._argument(number, symbol),
                -overloads.get(number, 0.0),
                *self._likeness(number, symbol),
            ),
        )
        return tuple(self._files[number][1] for number in ranked)

    def _of_proto(self, encoded: str) -> tuple[Path, ...]:
        """Return the files made from a proto, or the proto, by its path as protoc encodes it."""
        name = _ENCODED.sub(lambda code: chr(int(code[1], 16)), encoded)
        endings = ("/" + name, "/" + name.removesuffix(".proto") + ".pb.cc")
        return tuple(path for _, path in self._files if path.as_posix().endswith(endings))

    def _keys(self, symbol: Symbol) -> list[tuple[str, int]]:
        outer = symbol.scopes[-1] if symbol.scopes else ""
        name = symbol.name
        if symbol.of_class:
            return [(f"{name}::~{name}", 80), (INSTANTIATED + name, 60)]
        in_class = outer[:1].isupper()
        return [
            (f"{outer}::{name}", 100),
            (FREE + name, 40 if in_class else 90),
            (f"{IN_MACRO}{outer}::{name}", 75),
            (INSTANTIATED + (outer if in_class else name), 70),
            (f"{DECLARED}{outer}::{name}", WEAK),
            (DECLARED + FREE + name, WEAK),
        ]

    def _class_members(self) -> dict[str, dict[int, int]]:
        """Map each class to the files that define members of it, and how many."""
        classes: dict[str, dict[int, int]] = {}
        for word, numbers in self._names.items():
            outer, colons, name = word.partition("::")
            if colons and outer[:1].isupper() and name:
                counts = classes.setdefault(outer, {})
                for number in numbers:
                    counts[number] = counts.get(number, 0) + 1
        return classes

    def _add_class(self, symbol: Symbol, scores: dict[int, int]) -> None:
        """A class's vtable stands with its first virtual member that is not inline: where most
        of its members are defined. So may anything else of the class."""
        name = symbol.name if symbol.of_class else (symbol.scopes or ("",))[-1]
        if not name[:1].isupper():
            return
        for number, count in self._classes.get(name, {}).items():
            scores[number] = max(scores.get(number, 0), 40 + min(count, 20))

    def _fitting(self, number: int, symbol: Symbol) -> int:
        """Count the symbol's namespaces that the file opens."""
        return sum(part in self._namespaces[number] for part in set(symbol.scopes))

    def _overloads(self, numbers: Iterable[int], symbol: Symbol) -> dict[int, float]:
        return {number: self._texts.overload(number, symbol) for number in numbers}

    def _argument(self, number: int, symbol: Symbol) -> int:
        """The place of the template argument that the file is named for, the later the worse:
        ``slice_op_cpu_impl_3.cc``, ``tile_functor_cpu_int64.cc``."""
        parts = set(self._files[number][1].stem.lower().split("_"))
        places = (place for place, word in enumerate(symbol.arguments) if word.lower() in parts)
        return next(places, len(symbol.arguments))

    def _likeness(self, number: int, symbol: Symbol) -> tuple[bool, bool, int, str]:
        """Sort key among equals: preferred files, a fitting file name, few other namespaces."""
        path = self._files[number][1]
        names = {_flat(part) for part in (*symbol.scopes[-1:], symbol.name)}
        stem = _flat(path.name.partition(".")[0])
        near = stem in names or (len(stem) > 3 and any(stem in name for name in names))
        others = len(self._namespaces[number].difference(symbol.scopes))
        return (not self._preferred[number], not near, others, path.as_posix())


def _flat(name: str) -> str:
    return name.replace("_", "").lower()


def _own_sources(
    files: Sequence[tuple[str, Path]], foreign: Sequence[str]
) -> list[tuple[str, Path]]:
    """Leave out tests and foreign files, judged by the part of the path below what all files of
    a root have in common: a tree may lie in any folder."""
    below: dict[str, int] = {}
    for root in sorted({root for root, _ in files}):
        common = os.path.commonpath([path.parent for name, path in files if name == root])
        below[root] = len(Path(common).as_posix())
    return [
        (root, path)
        for root, path in files
        if not _TEST.search(path.as_posix(), below[root])
        and not any(part in path.as_posix()[below[root] :] for part in foreign)
    ]


class _Scans:
    """What files seem to define; the cache knows them by content."""

    def __init__(self, cache: Path | None) -> None:
        self._store = cache / f"definers-{FORMAT}.json" if cache else None
        self._known = _read(self._store)
        self._fresh: dict[str, str] = {}
        self._headers: dict[Path, str] = {}

    def of_source(self, path: Path) -> str:
        """Return a source's entries, joined by line ends, with those of its headers."""
        data = path.read_bytes()
        own = self._entries(data, lambda text: scan(text, proto=path.suffix == ".proto"))
        headers = sibling_headers(path, data) if path.suffix == ".cc" else []
        return "\n".join(filter(None, (own, *map(self._of_header, headers))))

    def keep(self) -> None:
        """Write down what is new."""
        if self._store is not None and self._fresh:
            _write(self._store, {**self._known, **self._fresh})

    def _of_header(self, path: Path) -> str:
        if path not in self._headers:
            self._headers[path] = self._entries(path.read_bytes(), scan_header)
        return self._headers[path]

    def _entries(self, data: bytes, scan_text: Callable[[str], Collection[str]]) -> str:
        digest = hashlib.sha256(data).hexdigest()[:32]
        if digest not in self._known and digest not in self._fresh:
            self._fresh[digest] = "\n".join(sorted(scan_text(data.decode("utf-8", "replace"))))
        return self._known[digest] if digest in self._known else self._fresh[digest]


def _scan_files(paths: Sequence[Path], cache: Path | None) -> list[str]:
    """Return each file's entries, joined by line ends."""
    scans = _Scans(cache)
    entries = [scans.of_source(path) for path in paths]
    scans.keep()
    return entries


def sibling_headers(source: Path, data: bytes) -> list[Path]:
    """Return the headers of a source's own folder that it includes, directly or through others
    of that folder. A source may hold no more than a number and one of these, which instantiates
    templates for that number of dimensions."""
    found: dict[Path, None] = {}
    texts = [data]
    for text in texts:
        for name in _INCLUDE.findall(text):
            header = source.parent / Path(name.decode()).name
            here = header.as_posix().endswith(f"/{name.decode()}")
            if here and header not in found and header.is_file():
                found[header] = None
                texts.append(header.read_bytes())
    return list(found)


def _read(store: Path | None) -> dict[str, str]:
    """Read the cache; a missing or damaged one counts as empty."""
    try:
        known = json.loads(store.read_text(encoding="utf-8")) if store else {}
    except (OSError, ValueError):
        return {}
    whole = isinstance(known, dict) and all(isinstance(entry, str) for entry in known.values())
    return known if whole else {}


def _write(store: Path, known: dict[str, str]) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=store.parent, suffix=".tmp", delete=False, encoding="utf-8"
    ) as file:
        json.dump(known, file, sort_keys=True)
    os.replace(file.name, store)  # noqa: PTH105
