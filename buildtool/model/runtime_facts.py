"""What a tree's runtime accepts: read out of the tree itself, so that any release is right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from buildtool.model.cpu_limits import CpuLimit, read_cpu_limits

_VERSION = Path("tensorflow/core/public/version.h")
_VALIDATION = Path("tensorflow/core/framework/node_def_util.cc")
_IGNORES = "Unknown attributes will be ignored"


@dataclass(frozen=True, kw_only=True)
class RuntimeFacts:
    """``graph_version`` is the tree's ``TF_GRAPH_DEF_VERSION`` (0: not known, nothing is checked)
    and ``min_producer`` the oldest it reads. ``ignores_unknown_attrs``: an attribute that the op
    definition lacks is skipped (as in 2.14.1) and not an error at the first run (as in 1.x).
    ``cpu_limits`` are values of attributes that no CPU kernel runs. ``imports``: apps import graphs
    by the C API, which refuses more than a session in C++ does."""

    graph_version: int = 0
    min_producer: int = 0
    ignores_unknown_attrs: bool = False
    cpu_limits: tuple[CpuLimit, ...] = ()
    imports: bool = False


def read_runtime_facts(tree: Path, backend: str = "") -> RuntimeFacts:
    """Read the facts of the tree at ``tree``, which ``backend`` compiles; what a tree does not say
    is not checked."""
    numbers = dict(re.findall(r"#define\s+(TF_GRAPH_DEF\w+)\s+(\d+)", _text(tree / _VERSION)))
    return RuntimeFacts(
        graph_version=int(numbers.get("TF_GRAPH_DEF_VERSION", 0)),
        min_producer=int(numbers.get("TF_GRAPH_DEF_VERSION_MIN_PRODUCER", 0)),
        ignores_unknown_attrs=_IGNORES in re.sub(r'"\s*"', "", _text(tree / _VALIDATION)),
        cpu_limits=read_cpu_limits(tree, backend),
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
