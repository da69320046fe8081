"""Builds targets with two checkouts of this project and compares what they leave, to the byte.

    python tests/compare_builds.py OLD NEW TARGET... [--build] [--more FOLDER [FOLDER]]
                                   [--words tf=TREE ...]

For a change that must change no result: ``OLD`` is a clone of the state before it, ``NEW`` one with
it. For each target both do ``plan`` and ``generate``, or with ``--build`` the whole ``build``, with
the same Python, environment and cache. Then each file of theirs below ``build/`` is compared, and
what the commands said: plan.json, generated files, headers, flags, CMake and pkg-config files,
archives, reports. What a failing target says is compared like what a working one makes.

Not compared is what is documented to vary, times and peak memory, how far a build has come, and
what it leaves for itself alone (logs, objects, Ninja's files). The paths of the checkouts count as
the same. With an empty cache the first checkout alone says what it downloads and compiles for it:
run it twice.

Exit code: 0 if nothing differs, 1 if something does.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Below build/<target>/, what says how it was built, not what was built.
UNCOMPARED = re.compile(r"(logs|native|makefile|bazel|runner|verify)/|renamed/renamed\.json$")
# Values of JSON files that vary from run to run.
VARYING = ("timings", "peak_kib")
SECONDS = re.compile(r"\d+(\.\d+)? s\b")
PROGRESS = re.compile(r"^.*: \d+ of \d+\n", re.MULTILINE)
SHOWN_LINES = 12


@dataclass(frozen=True, kw_only=True)
class Side:
    """One checkout, and where it is."""

    root: Path

    def doit(self, words: list[str]) -> tuple[int, str]:
        """Do a task; its exit code and what it said, without what varies."""
        env = {**os.environ, "PYTHONPATH": str(self.root), "NO_COLOR": "1"}
        argv = [sys.executable, "-m", "doit", *words]
        done = subprocess.run(
            argv, cwd=self.root, env=env, capture_output=True, text=True, check=False
        )
        said = SECONDS.sub("N s", PROGRESS.sub("", done.stdout + done.stderr))
        return done.returncode, self.normal(said)

    def normal(self, text: str) -> str:
        """A text without the path of this checkout, and of the Python that both have."""
        return text.replace(sys.executable, "PYTHON").replace(str(self.root), "CHECKOUT")

    def files(self) -> Iterator[tuple[str, Path]]:
        """What is compared, by its path below build/."""
        build = self.root / "build"
        for path in sorted(build.rglob("*")):
            name = path.relative_to(build).as_posix()
            _, _, below = name.partition("/")
            if path.is_file() and not UNCOMPARED.match(below):
                yield name, path

    def content(self, path: Path) -> bytes:
        """A file's content, without what varies."""
        data = path.read_bytes()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return data
        with contextlib.suppress(ValueError):  # some files of trees are only called JSON
            if path.suffix == ".json":
                text = json.dumps(_steady(json.loads(text)), indent=1)
        return self.normal(text).encode()


def _steady(value: Any) -> Any:
    """A JSON value without what varies."""
    if isinstance(value, dict):
        return {key: _steady(each) for key, each in value.items() if key not in VARYING}
    return [_steady(each) for each in value] if isinstance(value, list) else value


def _difference(old: bytes, new: bytes) -> str:
    """The first lines that differ, or the sizes of files that are no texts."""
    try:
        before, after = (data.decode("utf-8").splitlines() for data in (old, new))
    except UnicodeDecodeError:
        return f"    {len(old)} bytes, {len(new)} bytes"
    changed = difflib.unified_diff(before, after, "old", "new", lineterm="", n=0)
    shown = [line for line in changed if not line.startswith(("---", "+++", "@@"))]
    more = [f"... {len(shown) - SHOWN_LINES} more"] if len(shown) > SHOWN_LINES else []
    return "\n".join(f"    {line}" for line in (*(s[:300] for s in shown[:SHOWN_LINES]), *more))


def compare_said(old: Side, new: Side, words: list[str]) -> int:
    """Do a task in both; the number of differences."""
    before, after = old.doit(words), new.doit(words)
    print(f"{' '.join(words)}: exit code {before[0]}", flush=True)
    # doit takes what a task waits for in any order.
    if before[0] == after[0] and sorted(before[1].split("\n")) == sorted(after[1].split("\n")):
        return 0
    print(f"  DIFFERS: exit code {before[0]}, {after[0]}")
    print(_difference(before[1].encode(), after[1].encode()), flush=True)
    return 1


def compare_files(old: Side, new: Side) -> int:
    """Compare all files below build/; the number that differ."""
    before, after = dict(old.files()), dict(new.files())
    different = 0
    for name in sorted({*before, *after}):
        if name not in after or name not in before:
            print(f"  DIFFERS: {name} is in the {'old' if name in before else 'new'} one alone")
            different += 1
            continue
        texts = old.content(before[name]), new.content(after[name])
        if texts[0] != texts[1]:
            print(f"  DIFFERS: {name}\n{_difference(*texts)}")
            different += 1
    print(f"{len({*before, *after})} files compared, {different} differ")
    return different


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    parser.add_argument("--build", action="store_true", help="build all of it, not only generate")
    help_more = "a folder of further target files that are copied to both, or one for each"
    parser.add_argument("--more", type=Path, nargs="+", default=[], help=help_more)
    parser.add_argument("--words", nargs="*", default=[], help="tf=FOLDER and the like")
    options = parser.parse_args()
    old, new = Side(root=options.old.resolve()), Side(root=options.new.resolve())
    for side, folder in zip((old, new), itertools.cycle(options.more)):
        for path in folder.glob("*.yaml"):
            shutil.copy(path, side.root / "targets")
    for side in (old, new):
        shutil.rmtree(side.root / "build", ignore_errors=True)
        (side.root / ".doit.db").unlink(missing_ok=True)
    steps = ("build",) if options.build else ("plan", "generate")
    said = sum(
        compare_said(old, new, [f"{step}:{target}", *options.words])
        for target in options.targets
        for step in steps
    )
    return 1 if said + compare_files(old, new) else 0


if __name__ == "__main__":
    sys.exit(main())
