"""What the conversion of models to TensorFlow Lite did to them, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass

from buildtool.core.values.preparation import Difference


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What was done to one model. ``kind`` is what it was, in words, ``numbers`` as the target has
    it; ``sha256`` is of the converted file. Sizes are bytes of all its files, ``before`` and
    ``after``, and deflated. ``ops`` are those of the converted model and how often, ``select`` such
    of them as are TensorFlow's. ``compared`` says on what the outputs were compared, or why they
    were not; ``runs`` how often it was run. ``limits`` are what was allowed, in words; ``notes``
    what is to be known besides."""

    model: str
    kind: str
    numbers: str
    sha256: str
    before: int
    after: int
    compressed_before: int
    compressed_after: int
    ops: tuple[tuple[str, int], ...]
    select: tuple[str, ...]
    differences: tuple[Difference, ...]
    compared: str
    runs: int = 0
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
