"""The step ``doctor``: is all here that targets need, and does it work? Nothing is downloaded."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from buildtool.core.errors import Attempts, BuildToolError, Problem, ToolError
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.run import ANSWER, Command, run
from buildtool.core.values import Tool, Toolchain
from buildtool.doctor import machine
from buildtool.doctor.finding import Finding, State, lacking, merged, missing
from buildtool.report.page_rendering import render_page
from buildtool.tools.helpers import GIT, Helper
from buildtool.tools.parallel import parallel_jobs
from buildtool.tools.probing import link_small_program
from buildtool.verify import check_emulator
from buildtool.verify.expected import find_reference
from buildtool.workflow.locked_sources import locked_sources
from buildtool.workflow.workspace import Workspace

SCHEMA_VERSION = 1
_SHOWN_TARGETS = 4


def run_together(groups: Mapping[str, Sequence[Workspace]], folder: Path, *, named: bool) -> str:
    """Look at this machine for these targets, each with its slices, show the table and keep it as
    JSON in ``folder``. Returns a line.

    Raises:
        ToolError: something is missing that they need, and they are ``named``: not just all that
            there are.
    """
    works = list({work.target.id: work for own in groups.values() for work in own}.values())
    first = works[0]
    found = [*_common(first), *(each for work in works for each in _of_target(work))]
    rows = merged(found)
    text = render_page("doctor.txt.j2", rows=rows, several=len(works) > 1, shown=_SHOWN_TARGETS)
    first.say(f"\n{text}")
    values = [dataclasses.asdict(row) | {"state": row.state.value} for row in rows]
    path = folder / "doctor.json"
    write_if_changed(path, to_json({"schema_version": SCHEMA_VERSION, "findings": values}))
    lost = missing(rows)
    if lost and named:
        raise ToolError(
            Problem(
                where=row.where or row.name,
                what=row.version,
                todo=row.todo,
            )
            for row in lost
        )
    targets = sorted({target for row in lost for target in row.targets})
    ready = f"what is missing is for {', '.join(targets)}" if lost else "nothing is missing"
    where = path.relative_to(folder.parents[1] if named else folder.parent)
    return f"{len(rows)} things looked at, {ready}; also in {where}"


def _common(work: Workspace) -> Iterator[Finding]:
    """What every target needs."""
    yield from machine.python_packages()
    yield from _tensorflow(work)
    yield from _helper(GIT, ())
    places = {"folder for builds": work.layout.folder.parent, "cache": work.cache.root}
    yield from machine.room(places)
    yield machine.memory(parallel_jobs(work.target.jobs))
    yield from machine.network()


def _tensorflow(work: Workspace) -> Iterator[Finding]:
    cache, log = work.cache.root / "reference", work.layout.log("doctor")
    found = find_reference(python="", cache=cache, log=log, timeout=ANSWER)
    lost = "outputs are not compared, and SavedModels not read"
    yield Finding(
        name="Python package tensorflow",
        state=State.OK if found.version else State.LACKING,
        where=found.python,
        version=found.version or "is not installed",
        todo="" if found.version else f"remove .venv and start ./doitw; without it {lost}",
    )


def _of_target(asked: Workspace) -> Iterator[Finding]:
    """What one target needs, or one slice of it."""
    work = dataclasses.replace(asked, offline=True)
    own = (work.target.id,)
    attempt = Attempts()
    backend = attempt(lambda: work.backend)
    if backend is None:
        yield from lacking("target", attempt.failure(), targets=own)
        return
    toolchain = attempt(lambda: work.toolchain)
    if toolchain is None:
        yield from lacking("compilers", attempt.failure(), targets=own)
    else:
        yield from _tools(toolchain, own)
        yield from _emulator(work, toolchain, own)
    for helper in (*backend.helpers(work.target), *work.product.maker(work.target).helpers()):
        yield from _helper(helper, own)
    yield from _sources(asked)


def _tools(toolchain: Toolchain, own: tuple[str, ...]) -> Iterator[Finding]:
    """The compilers, which have made a small program, and the programs beside them."""
    tried = f"makes programs for {toolchain.triple}"
    yield _works(toolchain.cxx, own, f"{toolchain.cxx.version}; {tried}")
    for each in (toolchain.cc, toolchain.ar, toolchain.strip, *toolchain.extra.values()):
        yield _works(each, own, each.version)
    if toolchain.sysroot is not None:
        where = str(toolchain.sysroot)
        yield Finding(name="SDK", state=State.OK, where=where, version=tried, targets=own)
    for note in toolchain.notes:
        yield Finding(name="note", state=State.TOLD, version=note, targets=own)


def _works(tool: Tool, own: tuple[str, ...], version: str) -> Finding:
    return Finding(
        name=tool.name, state=State.OK, where=str(tool.path), version=version, targets=own
    )


def _emulator(work: Workspace, toolchain: Toolchain, own: tuple[str, ...]) -> Iterator[Finding]:
    """What runs the target's programs here: a small one is run."""
    try:
        runner = work.platform.runner(work.target, work.abi, toolchain, work.access)
        check_emulator(runner.argv)
        if runner.not_run:
            told = f"{runner.not_run}: the library is looked at, but not run"
            yield Finding(name="emulator", state=State.TOLD, version=told, targets=own)
            return
        told = _try_program(toolchain, runner.argv)
    except BuildToolError as failure:
        yield from lacking("emulator", failure, targets=own)
        return
    where = " ".join(runner.argv) or runner.device or "this machine itself"
    yield Finding(name="emulator", state=State.OK, where=where, version=told, targets=own)


def _try_program(toolchain: Toolchain, argv: Sequence[str]) -> str:
    """Run a small program.

    Raises:
        ToolError: it does not run.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "probe")
        if link_small_program(toolchain, made).returncode:
            return "is there; a small program could not be linked to try it"
        command = Command(argv=(*argv, str(made)))
        done = run(command, what="a small program", check=False, timeout=ANSWER, error=ToolError)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-200:]
        what = f"a small program ends with {done.returncode} there: {said}"
        raise ToolError(Problem(where=" ".join(argv), what=what, todo="is it of this ABI?"))
    return "runs a small program"


def _helper(helper: Helper, own: tuple[str, ...]) -> Iterator[Finding]:
    try:
        found = helper.find()
    except BuildToolError as failure:
        yield from lacking(helper.name, failure, targets=own, without=helper.without)
        return
    yield dataclasses.replace(_works(found, own, found.version), name=helper.name)


def _sources(work: Workspace) -> Iterator[Finding]:
    """Which sources are in the cache."""
    target = work.target
    if isinstance(target.tensorflow, Path):
        where = str(target.tensorflow)
        yield Finding(name="source tree", state=State.OK, where=where, targets=(target.id,))
        return
    try:
        known = locked_sources(work)
    except BuildToolError as failure:
        yield from lacking("sources", failure, targets=(target.id,))
        return
    absent = [
        source.name for source in known if not work.cache.stamp(source.name, source.tree).is_file()
    ]
    names = [source.name for source in known]
    yield machine.sources(names, absent, cache=work.cache, offline=work.offline, target=target.id)
