"""TensorFlow's own Graph Transform Tool, which its Python package has compiled in.

It runs in a process of its own, with a limit on its time: on some graphs it never ends
(tensorflow/tensorflow#31877).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.run import Command, run
from buildtool.model.encoding import write_graph
from buildtool.model.freezing import environment
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.transforms.transform import GraphTool

_SCRIPT = "buildtool.model.run_transform_tool"
_TIMEOUT = 600.0
NO_TOOL = 3


def transform_tool(*, python: str, log: Path, timeout: float = _TIMEOUT) -> GraphTool:
    """What has the tool of ``python``'s TensorFlow transform graphs. Of what it makes, only nodes
    count: it loses the graph's version and functions. ``log`` gets what it prints; ``timeout`` is
    in seconds.

    Calling it raises ToolError: that TensorFlow has no such tool, or the tool does not transform
    the graph or does not end."""

    def transform(
        graph: GraphDef, inputs: Sequence[str], outputs: Sequence[str], words: str
    ) -> GraphDef:
        with tempfile.TemporaryDirectory() as scratch:
            given, about, made = (Path(scratch, name) for name in ("given.pb", "about", "made.pb"))
            given.write_bytes(write_graph(graph))
            asked = {"inputs": list(inputs), "outputs": list(outputs), "transforms": words}
            about.write_text(json.dumps(asked), encoding="utf-8")
            argv = (python, "-m", _SCRIPT, str(given), str(about), str(made))
            command = Command(argv=argv, env=environment())
            what = f"TensorFlow's Graph Transform Tool ({words})"
            done = run(command, what=what, log=log, check=False, timeout=timeout, error=ToolError)
            if done.returncode == NO_TOOL:
                raise ToolError(_without_tool(python, done.stdout))
            if done.returncode:
                raise ToolError(_failed(what, done.stdout, log))
            return read_graph(made.read_bytes())

    return transform


def _without_tool(python: str, version: str) -> Problem:
    return Problem(
        where=python,
        what=f"its TensorFlow {version.strip()} has no Graph Transform Tool",
        todo="run this tool by a Python with TensorFlow 2.14, or write 'activations: float'",
    )


def _failed(what: str, said: str, log: Path) -> Problem:
    reason = " ".join(said.split()) or "it ended without a reason"
    return Problem(where=what, what=reason, todo=f"see {log}; 'activations: float' does without it")
