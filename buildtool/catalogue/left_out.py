"""Kernels that a tree's text registers and the preprocessor leaves out: what stands around them.

The text alone says so: registrations whose op a macro names (``Name(#op)``) are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from buildtool.catalogue.cxxfiles import library_sources

# REGISTER_KERNEL_BUILDER and its like; REGISTER_XLA_OP names what no device runs.
_NAMING = r'KERNEL\w*\([\s\\]*Name\(\s*"%s"\s*\)'
_CONDITION = re.compile(r"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b[ \t]*(.*)")
_DEVICE = re.compile(r"\.\s*Device\(\s*(?:::)?(?:\w+::)*(?:DEVICE_)?\"?(\w+)")


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A registration in the text of ``source`` (relative to the tree). ``conditions`` are the
    preprocessor's lines that it stands under, the outermost first; ``device`` is empty where the
    text says none."""

    source: str
    line: int
    device: str
    conditions: tuple[str, ...]


def find_left_out(tree: Path, op: str) -> tuple[LeftOut, ...]:
    """Every place below ``tree`` that names ``op`` as what a kernel is for."""
    wanted = re.compile(_NAMING % re.escape(op))
    found: list[LeftOut] = []
    for source in library_sources(tree):
        if "/kernels/" not in source:
            continue
        try:
            content = (tree / source).read_bytes()
        except OSError:
            continue
        if op.encode() in content:
            text = content.decode("utf-8", errors="replace")
            found += _in_text(source, text, wanted)
    return tuple(found)


def _in_text(source: str, text: str, wanted: re.Pattern[str]) -> Iterator[LeftOut]:
    for match in wanted.finditer(text):
        device = _DEVICE.search(text[match.end() :].partition(";")[0][:400])
        yield LeftOut(
            source=source,
            line=text.count("\n", 0, match.start()) + 1,
            device=device[1] if device else "",
            conditions=_conditions(text[: match.start()]),
        )


def _conditions(before: str) -> tuple[str, ...]:
    """The conditions that are open at the end of a text."""
    open_ones: list[str] = []
    for line in before.replace("\\\n", " ").splitlines():
        if found := _CONDITION.match(line):
            word, rest = found[1], " ".join(found[2].partition("//")[0].split())
            if word in ("elif", "else", "endif") and open_ones:
                before_it = open_ones.pop()
                if word == "else":
                    open_ones.append(f"#else of {before_it.removeprefix('#else of ')}")
                elif word == "elif":
                    open_ones.append(f"#elif {rest}")
            elif word in ("if", "ifdef", "ifndef"):
                open_ones.append(f"#{word} {rest}")
    return tuple(open_ones)
