"""The table of docs/ops.md: what became of each op that a sweep has tried.

``python -m tests.ops.table PLAN_LOG BUILD ... > docs/ops.md``: PLAN_LOG is what ``plan:`` said of
an op list with every op that has a CPU kernel; a BUILD is the folder below ``build/`` of a target
whose models are one-op models of ``make_ops.py``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TRAINING = re.compile(r"op (\w+) is only useful in training")
FOREIGN = re.compile(r"the kernels of (.+?) need (.+), which the native backend does not build")
SHOWN = 3  # headers or libraries of one reason

HEAD = """\
# Ops that were tried

Every op of TensorFlow 2.14.1 with a CPU kernel (1,399) was planned for target `linux`, as an op
list with `types: slim`. Of those that the plan accepts, the ones of the first table were then
built as models of one op each, and run. What is in no table is accepted by the plan, and was not
built for this page; ops that are part of larger models are in [results.md](results.md).

How to do it again, with `FOLDER` anywhere:

```sh
python tests/ops/make_ops.py FOLDER Slice Tile   # one-op models that TensorFlow can run
./doitw build:ops                                # a target of your own, with these models
python -m tests.ops.table PLAN_LOG build/ops     # this page
```

"""


def refused(log: str) -> Iterator[tuple[str, str]]:
    """Ops that the plan refuses, and why."""
    for op in TRAINING.findall(log):
        yield op, "only useful in training"
    for ops, needs in FOREIGN.findall(log):
        words = needs.split(", ")
        more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
        for op in ops.split(", "):
            yield op, f"needs {', '.join(words[:SHOWN])}{more}"


def run(build: Path) -> Iterator[tuple[str, ...]]:
    """Ops that were linked: where, types, the classes of their kernels, what the run gave."""
    report = json.loads((build / "verification.json").read_text(encoding="utf-8"))["verification"]
    plan = json.loads((build / "plan.json").read_text(encoding="utf-8"))
    kernels: dict[str, list[str]] = {}
    for kernel in plan["kernels"]:
        found = kernel["registration"]
        kernels.setdefault(found["op"], []).append(found["kernel_class"])
    for model in report["models"]:
        op = model["model"]
        outputs = model["outputs"]
        largest = max((each["max_absolute"] or 0.0 for each in outputs), default=0.0)
        if not model["compared"]:
            result = "not compared"
        elif any(each["outside"] for each in outputs):
            result = f"differs by {largest:.2g}"
        else:
            result = f"equal within {largest:.2g}" if largest else "equal"
        types = ", ".join(each["dtype"].removeprefix("DT_").lower() for each in outputs)
        classes = ", ".join(f"`{each}`" for each in kernels.get(op, []))
        yield op, report["machine"], types, classes, result


def main() -> None:
    """Do what the command line says."""
    log = Path(sys.argv[1]).read_text(encoding="utf-8")
    rows = sorted(row for build in sys.argv[2:] for row in run(Path(build)))
    print(HEAD, end="")
    print(f"## Linked and run: {len(rows)}\n")
    print("| op | machine | types of the outputs | kernels in the library | against TensorFlow |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    reasons: dict[str, set[str]] = {}
    for op, why in refused(log):
        reasons.setdefault(why, set()).add(op)
    ops = set().union(*reasons.values())
    print(f"\n## Refused by the plan: {len(ops)}\n")
    print("| why | ops |")
    print("|---|---|")
    for why, those in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        print(f"| {why} | {', '.join(sorted(those))} |")


if __name__ == "__main__":
    main()
