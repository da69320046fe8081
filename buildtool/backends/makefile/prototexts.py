"""Which of the sources that proto_text makes defines a function: they all define functions of the
same names, each for messages and enums of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

# A definition's last parameter, as tools/proto_text/gen_proto_text_functions_lib.cc writes it.
_DEFINED = re.compile(r"::tensorflow::(\w+)\s*[&*]?\s*(?:msg|value)\)\s*\{")
_SYMBOL = re.compile(
    r"tensorflow::(?:internal::)?(?:(?:Append)?Proto(?:Short)?DebugString|ProtoParseFrom\w+"
    r"|EnumName_\w+)(?:\[abi:\w+\])?\(.*?tensorflow::(\w+)(?: const)?[&*]?\)$"
)


class ProtoTextIndex:
    """The files by the messages and enums that their functions are for."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._files: dict[str, list[Path]] = {}
        for path in sorted(paths):
            for name in sorted(set(_DEFINED.findall(path.read_text(encoding="utf-8")))):
                self._files.setdefault(name, []).append(path)

    def candidates(self, demangled_symbol: str) -> list[Path]:
        """The files that define the symbol; empty if it is no such function."""
        match = _SYMBOL.match(demangled_symbol)
        return self._files.get(match[1], []) if match else []
