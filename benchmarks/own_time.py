"""What the tool itself takes: for a changed model, many targets, a list, and very large models.

``python benchmarks/own_time.py --out FOLDER`` makes a repository of its own in a scratch folder
and runs ``buildtool`` in it. Each measurement is a whole process with its children; it and its
peer take turns, and the median of the repetitions counts. What a first run leaves in the cache is
there. Run by a Python with TensorFlow, a changed model is also run in TensorFlow, as it is in use;
without, the figures are the tool's own.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from made_graphs import write_chain, write_heavy, write_layers, write_wide
from process_cost import Cost, measure, median

from buildtool.core.render import to_json, write_if_changed

ROOT = Path(__file__).resolve().parent.parent
DODO = "from buildtool.cli.tasks import DOIT_CONFIG, task_steps\n"
TARGET = """\
schema_version: 1
platform: raspberrypi
abi: armv7-neon
compiler: clang
tensorflow: tensorflow-2.14.1
types: model
registration: selective
models:
"""
# What every run loads, whatever it does.
LOADED = "import doit.doit_cmd, jinja2, numpy, yaml"
READ = "import sys; open(sys.argv[1], 'rb').read()"
# Weights that the cache has not seen: TensorFlow runs a model once.
FIRST_SEED = time.time_ns()
MILLION = 1_000_000
HEAVY = 1_900_000_000


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Something to measure: ``prepare`` is called before each run of ``words`` in the repository at
    ``home``, with a number of its own; ``peer`` is the command that it is compared with."""

    name: str
    home: Path
    words: tuple[str, ...]
    peer: tuple[str, ...]
    prepare: Callable[[int], None]


def new_repository(home: Path) -> Path:
    """An empty one; the folder of its models."""
    for folder in ("targets", "models"):
        (home / folder).mkdir(parents=True)
    (home / "dodo.py").write_text(DODO, "utf-8")
    return home / "models"


def write_target(home: Path, name: str, models: Iterable[Path]) -> None:
    """A target of these models in the repository at ``home``."""
    lines = "".join(f"  - {path}\n" for path in models)
    (home / "targets" / f"{name}.yaml").write_text(TARGET + lines, "utf-8")


def changed_model(home: Path) -> Scene:
    """From a changed model to the plan and the header; the peer loads what any run does."""
    model = new_repository(home) / "model.pb"
    write_target(home, "one", [model])
    return Scene(
        name="changed model",
        home=home,
        words=("plan:one", "generate:one"),
        peer=(sys.executable, "-c", LOADED),
        prepare=lambda run: write_layers(model, FIRST_SEED + run),
    )


def many_targets(home: Path, targets: int, *, shared: bool, models: int = 20) -> Scene:
    """Plans of all targets in one run, of the same models or of their own; the peer is the plan of
    one of them."""
    folder = new_repository(home)
    for number in range(targets):
        owner = 0 if shared else number
        write_target(home, f"t{number}", [folder / f"{owner}-{m}.pb" for m in range(models)])

    def prepare(run: int) -> None:
        for number in range(1 if shared else targets):
            for place in range(models):
                seed = (run * targets + number) * models + place
                write_layers(folder / f"{number}-{place}.pb", FIRST_SEED + seed)

    return Scene(
        name=f"{targets} targets, {'shared' if shared else 'own'}",
        home=home,
        words=("plan",),
        peer=(sys.executable, "-m", "buildtool", "plan:t0"),
        prepare=prepare,
    )


def listing(home: Path, targets: int) -> Scene:
    """The list of the steps of many targets; the peer loads what any run does."""
    model = new_repository(home) / "model.pb"
    write_layers(model, 0)
    for number in range(targets):
        write_target(home, f"t{number}", [model])
    return Scene(
        name=f"list, {targets} targets",
        home=home,
        words=("list",),
        peer=(sys.executable, "-c", LOADED),
        prepare=lambda _: None,
    )


def large(home: Path, name: str, write: Callable[[Path], None]) -> Scene:
    """The plan of one large model; the peer reads the file."""
    model = new_repository(home) / "model.pb"
    write(model)
    write_target(home, "one", [model])
    plan = home / "build" / "one" / "plan.json"
    return Scene(
        name=name,
        home=home,
        words=("plan:one",),
        peer=(sys.executable, "-c", READ, str(model)),
        prepare=lambda _: plan.unlink(missing_ok=True),
    )


# By their names on the command line, each in a folder of its own.
SCENES: dict[str, Callable[[Path], Scene]] = {
    "changed": changed_model,
    "shared25": lambda home: many_targets(home, 25, shared=True),
    "shared100": lambda home: many_targets(home, 100, shared=True),
    "own25": lambda home: many_targets(home, 25, shared=False),
    "own100": lambda home: many_targets(home, 100, shared=False),
    "list": lambda home: listing(home, 200),
    "heavy": lambda home: large(home, "1.9 GB", lambda path: write_heavy(path, HEAVY)),
    "chain": lambda home: large(home, "million, a chain", lambda path: write_chain(path, MILLION)),
    "wide": lambda home: large(home, "million, wide", lambda path: write_wide(path, MILLION)),
}


def compare(scene: Scene, repetitions: int) -> tuple[Cost, Cost]:
    """The medians of a scene and its peer, after one run of each that does not count."""
    os.chdir(scene.home)
    command = (sys.executable, "-m", "buildtool", *scene.words)
    costs: list[tuple[Cost, Cost]] = []
    for run in range(repetitions + 1):
        scene.prepare(2 * run)
        ours = measure(command)
        scene.prepare(2 * run + 1)
        costs.append((ours, measure(scene.peer)))
    ours, theirs = (median(column) for column in zip(*costs[1:], strict=True))
    return ours, theirs


def table(results: Mapping[str, tuple[Cost, Cost]]) -> str:
    """One line for each scene and one for its peer, and how they compare."""
    lines = [f"{'':<22}{'user s':>8}{'sys s':>8}{'wall s':>8}{'peak MB':>9}{'user':>9}"]
    for name, (ours, theirs) in results.items():
        ratios = f"{ours.user / max(theirs.user, 0.01):.1f} x", ""
        for title, cost, ratio in zip((name, "  peer"), (ours, theirs), ratios, strict=True):
            numbers = f"{cost.user:8.2f}{cost.system:8.2f}{cost.wall:8.2f}{cost.peak:9.0f}"
            lines.append(f"{title:<22}{numbers}{ratio:>9}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("scenes", nargs="*", choices=[*SCENES, []], help="all, if none is named")
    given = parser.parse_args()
    out = given.out.absolute()
    os.environ["PYTHONPATH"] = str(ROOT)
    results: dict[str, tuple[Cost, Cost]] = {}
    for name in given.scenes or SCENES:
        with tempfile.TemporaryDirectory() as folder:
            scene = SCENES[name](Path(folder, name))
            results[scene.name] = compare(scene, given.repeat)
            os.chdir(ROOT)
    text = table(results)
    write_if_changed(out / "own_time.txt", text)
    data = {name: [asdict(cost) for cost in costs] for name, costs in results.items()}
    write_if_changed(out / "own_time.json", to_json(data))
    print(text, end="")


if __name__ == "__main__":
    main()
