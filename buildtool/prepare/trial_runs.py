"""Run in a process of its own, as it imports TensorFlow: several graphs on the same inputs.

``python -m buildtool.prepare.trial_runs REQUEST.json``. The request has the ``graphs`` (paths), the
``runs`` (for each the inputs, as the runner takes them: name, type, shape, file), the ``outputs``
and the ``initialisers``. Each graph gets a folder below ``results``, by its number, and in that one
for each run, with a file for each output and ``rows.json``, which says what they are; or
``failed.txt``, the reason why TensorFlow does not run it.

What is compared came from one machine: so it may use all its threads.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from buildtool.verify.reference import (
    output_types,
    read_input,
    session_of,
    tensorflow,
    write_outputs,
)


def main() -> None:
    """Do what the request says."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tf = tensorflow()
    for number, path in enumerate(request["graphs"]):
        folder = Path(request["results"], str(number))
        folder.mkdir(parents=True)
        try:
            _run(tf, Path(path), request, folder)
        except (OSError, MemoryError):  # of this machine, and no answer to keep
            raise
        except Exception as failure:  # whatever TensorFlow raises is the answer
            reason = " ".join(str(failure).split())
            (folder / "failed.txt").write_text(reason, encoding="utf-8")


def _run(tf: Any, path: Path, request: dict[str, Any], folder: Path) -> None:
    outputs = request["outputs"]
    with session_of(tf, path, threads=0) as session:
        first = [session.graph.get_operation_by_name(name) for name in request["initialisers"]]
        session.run(first)
        for place, inputs in enumerate(request["runs"]):
            feeds = {name: read_input(tf, *rest) for name, *rest in inputs}
            own = folder / str(place)
            types = output_types(session.graph, outputs)
            rows = write_outputs(tf, types, outputs, session.run(outputs, feeds), own)
            (own / "rows.json").write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
