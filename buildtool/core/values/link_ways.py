"""How an app takes a library in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LinkWay:
    """The ``lines`` that an app's build needs, with ``tool``, such as CMake. Paths in them start at
    the folder of ``build/``; ``$CXX`` and ``$CC`` stand for the target's compilers."""

    tool: str
    lines: tuple[str, ...]
