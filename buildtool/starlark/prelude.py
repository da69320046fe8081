"""The names that Bazel gives to every BUILD and .bzl file, from ``preludes/``.

What a file loads from an external repository is replaced by a stand-in of the same name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

import starlark

PRELUDE = "@prelude"
PRELUDES = Path(__file__).with_name("preludes")


def read_prelude(name: str) -> str:
    """The text of one of the files in ``preludes/``."""
    return (PRELUDES / f"{name}.bzl").read_text(encoding="utf-8")


@functools.cache
def prelude_source() -> str:
    """Return the Starlark text of the prelude. It calls back ``_declare``, ``_choose``,
    ``_glob``, ``_package_name`` and ``_existing_rules``, which the evaluator provides."""
    names = _names()
    rules = "".join(f"{name} = native.{name}\n" for name in names["RULES"])
    structures = "".join(f"{name} = struct()\n" for name in names["STRUCTURES"])
    return read_prelude("names") + read_prelude("build_rules") + rules + structures


@functools.cache
def _names() -> Mapping[str, Sequence[str]]:
    """The lists of ``names.bzl``."""
    module = starlark.Module()
    text = read_prelude("names")
    parsed = starlark.parse("names.bzl", text, starlark.Dialect.standard())
    starlark.eval(module, parsed, starlark.Globals.standard())
    return {name: cast("list[str]", module[name]) for name in ("KEPT", "RULES", "STRUCTURES")}


_DEFINED = re.compile(r"^(?:def )?([A-Za-z]\w*)(?:\(| =)", re.MULTILINE)


def prelude_names() -> frozenset[str]:
    """Return the names that the prelude defines for other files."""
    return frozenset(_DEFINED.findall(prelude_source())) - _names().keys()


def stub_source(symbols: Iterable[str]) -> str:
    """Return a module that stands in for an external .bzl file with these symbols.

    Names in capitals are empty lists, names in CamelCase are providers. ``if_xyz(a, b)`` gives
    ``b``: external repositories stand for what is not configured (CUDA, ROCm, TensorRT).
    """
    known = prelude_names() - set(_names()["RULES"])
    lines = [f'load("{PRELUDE}", "external_stub")']
    for symbol in sorted(symbols):
        if symbol in known:
            lines.append(f'load("{PRELUDE}", _{symbol} = "{symbol}")\n{symbol} = _{symbol}')
        elif symbol.isupper():
            lines.append(f"{symbol} = []")
        elif symbol[0].isupper():
            lines.append(f"{symbol} = struct")
        else:
            lines.append(f'{symbol} = external_stub("{symbol}")')
    return "\n".join(lines) + "\n"
