"""Runs Bazel, follows its events, and collects what it has made."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.backends.backend import Job, Library
from buildtool.backends.bazel.bazel_flags import build_flags, startup_flags
from buildtool.backends.bazel.bazel_overlay import home_of, make_workspace
from buildtool.backends.bazel.labels import TARGETS, PartTarget
from buildtool.backends.bazel.lacking import LackingFiles
from buildtool.backends.bazel.setup import Setup
from buildtool.backends.common.full_disk import full_disk
from buildtool.backends.common.linked_files import write_link_set
from buildtool.core.errors import BuildError, Problem
from buildtool.core.run import Command, Completed, failure_problem, new_log, stream
from buildtool.core.values import BuildPlan, CompileCounts
from buildtool.platforms.android_parts import PARTS
from buildtool.starlark.buildfiles import BuildConditions
from buildtool.tools.bazel.events import BuildOutcome, EventFile, problems_of

COMPILING = "CppCompile"
WHAT = "bazel build"
ROUNDS = 4  # calls of Bazel, each of which may find files that the link lacks
SECONDS = 10.0  # between two lines of progress
LICENCES = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*")


@dataclass(frozen=True, kw_only=True)
class BazelBuild:
    """One build of one ABI."""

    job: Job
    plan: BuildPlan
    setup: Setup
    conditions: BuildConditions

    def run(self) -> Library:
        """Build the targets, and say where the products are. Files that the link lacks are added
        to the tree's library, and Bazel is called again: what is built stays.

        Raises:
            BuildError: Bazel failed or was killed, with the reason and how to repeat it.
            ToolError: it cannot be started, or knows no flag for a setting.
        """
        job = self.job
        new_log(job.log)
        lacking, compiled = LackingFiles.load(job, self.plan), 0
        for left in reversed(range(ROUNDS)):
            command, done, ended = self._call(lacking.files)
            compiled += sum(each.type == COMPILING for each in ended.actions)
            if done.returncode == 0 and ended.code == 0:
                break
            if not left or not lacking.learn(done.stdout, ended):
                raise BuildError(self._problems(command, done, ended))
            job.say(
                f"the link needs {len(lacking.files)} files that no BUILD file lists; adding them"
            )
        lacking.keep()
        files = (*self.plan.files, *lacking.planned())
        write_link_set(job.layout.generated, files)
        products = _products(job, self.setup, ended)
        return Library(
            archives=(),
            files=files,
            compiled=CompileCounts(compiled=compiled),
            products=products,
            licences=_licences(self._base, products.values()),
            facts=_facts(self.setup, job.abi.name),
        )

    @property
    def _base(self) -> Path:
        """The folder of all that Bazel makes."""
        return self.job.target.bazel.output_base or home_of(self.job) / "output"

    def _call(self, learnt: Collection[str]) -> tuple[Command, Completed, BuildOutcome]:
        """Call Bazel once."""
        job, setup = self.job, self.setup
        place = make_workspace(job, self.plan, setup, self.conditions, learnt)
        events = home_of(job) / "events.json"
        events.unlink(missing_ok=True)
        self._base.parent.mkdir(parents=True, exist_ok=True)
        command = Command(
            argv=(
                str(setup.bazel.program),
                *startup_flags(job, setup, base=self._base),
                "build",
                *build_flags(job, setup, events=events, link=self.plan.link_flags),
                *setup.labels.values(),
            ),
            cwd=place.folder,
            env=setup.bazel.env,
        )
        job.say("; ".join((f"Bazel {setup.bazel.version}", *place.notes)))
        progress = _Progress(job=job, events=EventFile(events))
        done = stream(command, what=WHAT, log=job.log, on_line=progress.line)
        return command, done, progress.events.end()

    def _problems(self, command: Command, done: Completed, ended: BuildOutcome) -> list[Problem]:
        """What went wrong, in Bazel's own words, and how to repeat it."""
        log = self.job.log
        if full := full_disk(done.stdout, str(self._base), log):
            return [full]
        problems = problems_of(ended, what=WHAT, log=log)
        if done.returncode < 0 or not problems:
            return [failure_problem(command, done.returncode, done.stdout, what=WHAT, log=log)]
        last = problems[-1]
        repeat = f"full log: {log}\n    to repeat: {command}"
        todo = f"{last.todo}\n    {repeat}" if last.todo else repeat
        return [*problems[:-1], dataclasses.replace(last, todo=todo)]


@dataclass(kw_only=True)
class _Progress:
    """Says now and then how many files are compiled, by Bazel's events."""

    job: Job
    events: EventFile
    counts: Counter[str] = field(default_factory=Counter)
    said: float = field(default_factory=time.monotonic)

    def line(self, text: str) -> None:
        """Bazel has printed something, so that there may be events."""
        del text
        now = time.monotonic()
        if now - self.said < SECONDS:
            return
        self.said = now
        self.counts.update(action.type for action in self.events.poll())
        compiled = self.counts[COMPILING]
        others = sum(self.counts.values()) - compiled
        self.job.say(f"{compiled} files compiled, {others} other actions")


def _products(job: Job, setup: Setup, ended: BuildOutcome) -> Mapping[str, Path]:
    """The file of each product, by its place in ``dist``.

    Raises:
        BuildError: Bazel names no such file; all of them.
    """
    found: dict[str, Path] = {}
    problems = []
    for name, label in setup.labels.items():
        part = TARGETS[name]
        path = _file(part, ended.outputs.get(label, ()))
        if path is None:
            made = ", ".join(each.name for each in ended.outputs.get(label, ())) or "nothing"
            what = f"Bazel made {made}, but no {part.ending}"
            problems.append(Problem(where=label, what=what, todo=f"full log: {job.log}"))
        else:
            found[PARTS[name].place(job.abi.name)] = path
    if problems:
        raise BuildError(problems)
    return found


def _facts(setup: Setup, abi: str) -> Mapping[str, object]:
    """What the libraries were made with."""
    kit = setup.kit
    return {
        "abi": abi,
        "api_level": kit.api_level,
        "bazel": setup.bazel.version,
        "build_tools_version": kit.build_tools_version,
        "ndk": kit.ndk.revision,
        "sdk_level": kit.sdk_level,
        "stand_in": kit.ndk.stands_in,
    }


def _file(part: PartTarget, outputs: Sequence[Path]) -> Path | None:
    """Bazel's file of that name."""
    return next((each for each in outputs if each.name == part.ending and each.is_file()), None)


def _licences(base: Path, products: Iterable[Path]) -> Mapping[str, tuple[Path, ...]]:
    """The licence texts of the repositories that something was compiled of. It stands beside the
    products, also where it was compiled by an earlier call."""
    found = {}
    for folder in sorted({each for product in products for each in _compiled(product)}):
        home = base / "external" / folder.name
        texts = sorted({path for each in LICENCES for path in home.glob(each) if path.is_file()})
        if texts:
            found[folder.name] = tuple(texts)
    return found


def _compiled(product: Path) -> Iterator[Path]:
    """The folders of other repositories' outputs of a product's configuration, where there are
    objects in them: ``bazel-out/arm64-v8a-opt/bin/external/protobuf``."""
    for parent in product.parents:
        if parent.name == "bin":
            folders = sorted((parent / "external").glob("*"))
            yield from (each for each in folders if next(each.rglob("_objs"), None) is not None)
            return
