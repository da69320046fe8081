"""Run in a process of its own, as it imports TensorFlow: have its Graph Transform Tool transform a
graph.

``python -m buildtool.model.run_transform_tool GIVEN.pb ABOUT.json MADE.pb``: ABOUT.json has the
names of the ``inputs`` and ``outputs``, and the ``transforms`` as the tool's own command line has
them. What is printed says why it failed, or, with exit code 3, which TensorFlow has no such tool.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tensorflow as tf

try:
    from tensorflow.python.util import _pywrap_transform_graph as tool
except ImportError:  # not every release has it
    tool = None

NO_TOOL = 3


def main(given: Path, about: Path, made: Path) -> int:
    """Do what the command line says."""
    if tool is None:
        print(tf.__version__)
        return NO_TOOL
    asked = json.loads(about.read_text(encoding="utf-8"))
    names = (",".join(asked[key]) for key in ("inputs", "outputs"))
    try:
        content = tool.TransformGraphWithStringInputs(
            given.read_bytes(), *names, asked["transforms"]
        )
    except Exception as failure:  # whatever the tool raises is the answer
        print(failure)
        return 1
    made.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
