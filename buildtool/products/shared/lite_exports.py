"""What shared libraries of TensorFlow Lite export."""

from __future__ import annotations

import re
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem

HEADER = "tensorflow/lite/core/c/c_api.h"
# All functions of TensorFlow Lite's interfaces for C, as its own version script has it
# (lite/c/version_script.lds).
PATTERN = "TfLite*"
# By its name an interpreter looks for the delegate (lite/core/interpreter_builder.cc).
FLEX = "TF_AcquireFlexDelegate"
_DECLARED = re.compile(r"\bTFL_CAPI_EXPORT\b[^;{]*?\b(TfLite\w+)\s*\(")


def declared_functions(tree: Path) -> tuple[str, ...]:
    """The functions of the interface for C, sorted.

    Raises:
        ConfigError: the tree has no such interface.
    """
    try:
        text = (tree / HEADER).read_text(encoding="utf-8")
    except OSError as failure:
        what = f"TensorFlow Lite's interface for C cannot be read: {failure.strerror}"
        todo = "is the tree whole? Or set 'product: static'"
        raise ConfigError(Problem(where=str(tree / HEADER), what=what, todo=todo)) from None
    return tuple(sorted(set(_DECLARED.findall(text))))
