"""The functions that Java calls in the library, as the tree's own sources name them."""

from __future__ import annotations

import re
from pathlib import Path

# Where they stand: contrib/android/BUILD and tools/android/inference_interface/BUILD, whose
# libraries depend on //tensorflow/java/src/main/native.
FOLDERS = (
    "tensorflow/contrib/android/jni",
    "tensorflow/tools/android/inference_interface/jni",
    "tensorflow/java/src/main/native",
)
_NAME = re.compile(r"\bJNICALL\s+(Java_\w+)\s*\(")


def jni_symbols(tree: Path) -> tuple[str, ...]:
    """All of them, sorted; names that a macro puts together are not among them."""
    found: set[str] = set()
    for folder in FOLDERS:
        for path in sorted((tree / folder).glob("*.cc")):
            found.update(_NAME.findall(path.read_text(encoding="utf-8", errors="replace")))
    return tuple(sorted(found))
