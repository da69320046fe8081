"""Commands that are killed, run at once, or find no room; the next run has to end as if nothing had
been.

``python -m tests.faults.campaign`` is the long form, in copies of the project and the user's cache
below the folder for temporary files. CI does a few points of each on a miniature tree.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.sources import Cache
from tests.conftest import PARTS, PROJECT, TOOL, Project
from tests.limits import HANG

# What a run leaves that another of the same may leave differently: what was said, and when.
VARYING = ("logs", ".lock", "report.html", "report.txt", "report.json", "size.json", "last")
# Codes with which a command may end where there is no room: a build, or a download, has failed.
NO_ROOM = (6, 9)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How often something was tried, and what went wrong."""

    what: str
    tries: int
    bad: tuple[str, ...]

    def __str__(self) -> str:
        said = "".join(f"\n    {line}" for line in self.bad)
        return f"{self.what}: {self.tries} tries, {len(self.bad)} bad{said}"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Words that are given to doit in fresh projects; ``fresh`` makes one, ``target`` is the one
    whose files are compared."""

    fresh: Callable[[], Project]
    words: tuple[str, ...]
    target: str

    def undisturbed(self) -> tuple[dict[str, str], float]:
        """The files of a run to its end, and how long that took."""
        project = self.fresh()
        began = time.monotonic()
        project.doit(*self.words)
        return files_of(project.folder(self.target)), time.monotonic() - began

    def killed(self, points: int, chance: random.Random) -> Outcome:
        """Kill at random points, with all that was started; run again."""
        wanted, seconds = self.undisturbed()
        bad: list[str] = []
        for _ in range(points):
            project, point = self.fresh(), chance.uniform(0, seconds)
            process = project.start(*self.words)
            time.sleep(point)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=HANG)
            bad += self._again(project, wanted, f"killed after {point:.2f} of {seconds:.2f} s")
        return Outcome(what=f"kill -9: {' '.join(self.words)}", tries=points, bad=tuple(bad))

    def at_once(self, count: int, *, one_project: bool) -> Outcome:
        """Several of the same at once, in one project or in several with one cache."""
        wanted, _ = self.undisturbed()
        first = self.fresh()
        projects = [first if one_project else self.fresh() for _ in range(count)]
        running = [project.start(*self.words) for project in projects]
        said = [process.communicate(timeout=HANG)[0] for process in running]
        bad = [
            f"ended with {process.returncode}: {out[-500:]}"
            for process, out in zip(running, said, strict=True)
            if process.returncode or "Traceback" in out
        ]
        for project in dict.fromkeys(map(id, projects)):
            made = next(each for each in projects if id(each) == project)
            bad += difference(wanted, files_of(made.folder(self.target)), f"{count} at once")
        place = "one project" if one_project else "projects of their own"
        what = f"{count} at once in {place}: {' '.join(self.words)}"
        return Outcome(what=what, tries=count, bad=tuple(bad))

    def without_room(self, sizes: Sequence[int]) -> Outcome:
        """No file may be larger than ``sizes``, which is how a full disk shows; run again."""
        wanted, _ = self.undisturbed()
        bad = []
        for size in sizes:
            project = self.fresh()
            limited = dataclasses.replace(
                project, program=("prlimit", f"--fsize={size}", *project.program)
            )
            process = limited.start(*self.words)
            out = process.communicate(timeout=HANG)[0]
            if "Traceback" in out or process.returncode not in (0, *NO_ROOM, 3):
                bad.append(f"{size} bytes: ended with {process.returncode}: {out[-500:]}")
            bad += self._again(project, wanted, f"files of at most {size} bytes")
        return Outcome(what=f"no room: {' '.join(self.words)}", tries=len(sizes), bad=tuple(bad))

    def _again(self, project: Project, wanted: dict[str, str], after: str) -> Iterator[str]:
        done = subprocess.run(
            [*project.program, *self.words],
            cwd=project.root,
            env=dict(project.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG,
        )
        if done.returncode or "Traceback" in done.stderr:
            yield f"{after}: the next run ended with {done.returncode}: {done.stderr[-500:]}"
        else:
            yield from difference(wanted, files_of(project.folder(self.target)), after)
        shutil.rmtree(project.root, ignore_errors=True)


def files_of(folder: Path) -> dict[str, str]:
    """The hashes of what a target's folder holds for its steps and for apps; what build systems
    keep for themselves does not count."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        kept = name.parts[0] in ("generated", "dist") or len(name.parts) == 1
        if path.is_file() and kept and name.parts[0] not in VARYING:
            found[str(name)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def difference(wanted: dict[str, str], found: dict[str, str], after: str) -> Iterator[str]:
    """A line that names the files that are other ones, if there are any."""
    names = sorted(wanted.keys() | found.keys())
    if others := [name for name in names if wanted.get(name) != found.get(name)]:
        yield f"{after}: other files: {', '.join(others[:5])}"


def copied_project(folder: Path, cache: Path) -> Project:
    """A copy of the project as the tests make one, of which the tool itself is linked."""
    root = Path(tempfile.mkdtemp(dir=folder)) / "project"
    root.mkdir()
    for part in PARTS:
        if part in TOOL:
            (root / part).symlink_to(PROJECT / part)
        elif (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, root / part)
        else:
            shutil.copy(PROJECT / part, root / part)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "BUILDTOOL_CACHE": str(cache)}
    return Project(root=root, env={**env, "LANG": "C.UTF-8"})


def copied_cache(folder: Path, *, cold: bool) -> Path:
    """The user's cache, or of a ``cold`` one the archives alone: all else is made from them."""
    place = Path(tempfile.mkdtemp(dir=folder)) / "cache"
    place.mkdir()
    own = Cache.of_user().root
    parts = ("archives",) if cold else ("archives", "trees", "catalogue", "buildfiles", "needs")
    for part in parts:
        if (own / part).is_dir():
            shutil.copytree(own / part, place / part, symlinks=True)
    return place


def main(words: list[str]) -> int:
    """The long form. Ends with 1 if anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign")
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--cold", action="store_true", help="unpack and read everything each time")
    parser.add_argument("words", nargs="*", default=["plan:linux", "generate:linux", "offline=1"])
    asked = parser.parse_args(words)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bad = 0
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        warm = copied_cache(folder, cold=False)

        def fresh() -> Project:
            return copied_project(folder, copied_cache(folder, cold=True) if asked.cold else warm)

        target = asked.words[0].partition(":")[2]
        trial = Trial(fresh=fresh, words=tuple(asked.words), target=target)
        chance = random.Random(asked.seed)  # noqa: S311  (no secret)
        for outcome in (
            trial.killed(asked.points, chance),
            trial.at_once(2, one_project=True),
            trial.at_once(4, one_project=False),
            trial.without_room([1 << power for power in range(10, 30)]),
        ):
            print(outcome, flush=True)
            bad += len(outcome.bad)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
