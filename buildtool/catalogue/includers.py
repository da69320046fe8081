"""The last guess for a missing symbol: files that instantiate a template of a shared header.

Some sources hold nothing but a macro and an include (``strided_slice_op_inst_3.cc`` of TensorFlow
sets a dimension and includes ``strided_slice_op_impl.h``), so their own text names nothing that
they define. Here the name is looked for in the headers that sources of the like name include.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from buildtool.catalogue.definers_symbols import parse_symbol

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
_BODY = "_impl"


class IncluderIndex:
    """Which of some sources include a header of the like name: ``a_b_impl.h`` by ``a_b_2.cc``.

    Nothing is read before the first question.
    """

    def __init__(self, sources: Sequence[tuple[Path, Path]]) -> None:
        """``sources`` are pairs of a root, which includes start from, and a file below it."""
        self._sources = sources
        self._includers: dict[Path, list[Path]] | None = None
        self._texts: dict[Path, str] = {}

    def candidates(self, demangled_symbol: str) -> tuple[Path, ...]:
        """The sources whose headers define the symbol's name."""
        name = parse_symbol(demangled_symbol).name
        definition = re.compile(rf"\b{re.escape(name)}\s*(?:<[^;{{}}()]*>)?\s*\(")
        return tuple(
            sorted(
                source
                for header, sources in self._by_header().items()
                if definition.search(self._text(header))
                for source in sources
            )
        )

    def _by_header(self) -> dict[Path, list[Path]]:
        if self._includers is None:
            self._includers = {}
            for root, source in self._sources:
                for included in _INCLUDE.findall(self._read(source)):
                    if source.stem.startswith(Path(included).stem.removesuffix(_BODY) + "_"):
                        self._includers.setdefault(root / included, []).append(source)
        return self._includers

    def _text(self, header: Path) -> str:
        if header not in self._texts:
            self._texts[header] = self._read(header)
        return self._texts[header]

    def _read(self, path: Path) -> str:
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
