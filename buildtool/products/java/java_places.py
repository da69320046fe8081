"""What the library and the classes are called, and where they stand below a target's folder."""

from __future__ import annotations

from buildtool.core.paths import WITHIN

LIBRARY, CLASSES = "libtensorflow_inference.so", "tensorflow-inference.jar"
LIBRARY_PLACE = WITHIN.dist / "java" / LIBRARY
CLASSES_PLACE = WITHIN.dist / "java" / CLASSES
# The functions that the library exports, and what it was made with.
FACTS_PLACE = WITHIN.dist / "java" / "java.json"
