"""Compare our way from a model to a selective-registration header with TensorFlow's own tool.

Each measurement is a whole process, started cold from Python, on the same model; the tools take
turns, so that what else the machine does meets all alike. Ours is measured with a warm catalogue
(made before) and with a cold one (made in that process). The median of the repetitions counts.

``python benchmarks/plan_header.py --tree TREE --models FOLDER --out FOLDER`` needs an importable
tensorflow, and writes ``plan_header.txt`` and ``plan_header.json``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from process_cost import Cost, measure, median

from buildtool.core.render import to_json, write_if_changed

OURS = Path(__file__).with_name("write_header.py")
THEIRS = "tensorflow.python.tools.print_selective_registration_header"
PREPROCESSORS = ("clang++", "clang++-14", "g++")
WARM, COLD, TENSORFLOW = "warm catalogue", "cold catalogue", "TensorFlow's tool"
KINDS = (WARM, COLD, TENSORFLOW)


def commands(tree: Path, model: Path, warm: Path, scratch: Path) -> dict[str, Callable[[], Cost]]:
    """How each kind of run is measured once."""
    preprocessor = next(filter(None, map(shutil.which, PREPROCESSORS)), "c++")

    def ours(cache: Path) -> list[str]:
        header = str(scratch / "header")
        return [sys.executable, str(OURS), str(tree), str(cache), header, preprocessor, str(model)]

    def cold() -> Cost:
        with tempfile.TemporaryDirectory(dir=scratch) as cache:
            return measure(ours(Path(cache)))

    return {
        WARM: lambda: measure(ours(warm)),
        COLD: cold,
        TENSORFLOW: lambda: measure([sys.executable, "-m", THEIRS, f"--graphs={model}"]),
    }


def table(results: dict[str, dict[str, Cost]]) -> str:
    """One line for each model and kind, and how they compare."""
    head = f"{'model':<18}{'':<20}{'user s':>8}{'sys s':>8}{'wall s':>8}{'peak MB':>9}{'user':>9}"
    lines = [head]
    for model, kinds in results.items():
        theirs = kinds[TENSORFLOW]
        for kind, cost in kinds.items():
            share = f"{cost.user / theirs.user:.0%}"
            numbers = f"{cost.user:8.2f}{cost.system:8.2f}{cost.wall:8.2f}{cost.peak:9.0f}"
            lines.append(f"{model:<18}{kind:<20}{numbers}{share:>9}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tree", type=Path, required=True, help="TensorFlow 2.14.1 sources")
    parser.add_argument("--models", type=Path, required=True, help="folder of frozen .pb files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    results: dict[str, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for model in sorted(given.models.glob("*.pb")):
            runs = commands(given.tree, model, scratch / "warm", scratch)
            runs[WARM]()
            costs: dict[str, list[Cost]] = {kind: [] for kind in KINDS}
            for _ in range(given.repeat):
                for kind in KINDS:
                    costs[kind].append(runs[kind]())
            results[model.stem] = {kind: median(found) for kind, found in costs.items()}
    text = table(results)
    write_if_changed(given.out / "plan_header.txt", text)
    data = {model: {k: asdict(c) for k, c in kinds.items()} for model, kinds in results.items()}
    write_if_changed(given.out / "plan_header.json", to_json(data))
    print(text, end="")


if __name__ == "__main__":
    main()
