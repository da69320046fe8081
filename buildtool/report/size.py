"""How large is the artefact, where do the bytes come from, and is it within its budget?

A caller needs two names: :func:`measure` and, to let the build fail, :func:`require_budget`. What
counts as the size of the artefact is the stripped program: the runner, linked with the library as
an app is, without symbols. The contributors are read from the linker's map.
"""

from __future__ import annotations

import dataclasses
import gzip
import lzma
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from buildtool.binary.link_map import INTERNAL, bytes_by_input
from buildtool.core.errors import BudgetError, Problem
from buildtool.core.fingerprint import SYMBOL
from buildtool.core.lite_names import FLEX_FOLDER, is_lite_file
from buildtool.core.paths import DEPENDENCY_ARCHIVE, FLEX_ARCHIVE, LITE_ARCHIVE
from buildtool.core.run import Command, run
from buildtool.core.values import (
    BuildPlan,
    FileKind,
    PlannedFile,
    SizeContributor,
    SizeLimit,
    SizeReport,
)

LARGEST = 10
MEMBER = re.compile(r"(?P<archive>.*)\((?P<member>[^()]*)\)$")

KIND_NAMES = {
    FileKind.RUNTIME: "tensorflow runtime",
    FileKind.OP: "tensorflow ops",
    FileKind.KERNEL: "tensorflow kernels",
    FileKind.PROTO: "tensorflow protos",
}
LITE_RUNTIME, LITE_KERNELS = "tensorflow lite runtime", "tensorflow lite kernels"
DELEGATE = "flex delegate"
LITE_HALF, TENSORFLOW_HALF = "TensorFlow Lite", "TensorFlow and the Flex delegate"
REST = "dependencies, C++ library, linker"
# TensorFlow's tree, and what is written for a plan.
OWN_ROOTS = ("tensorflow", "generated")
# Between the places of namesakes that share a line.
_OR = " or "
LINKER = "linker tables and merged strings"
SYSTEM = "C and C++ libraries"
FINGERPRINT = "fingerprint"
APP = "app (the runner)"
SYSTEM_LIBRARIES = re.compile(
    r"(?:lib(?:stdc\+\+|c\+\+|c\+\+abi|supc\+\+|gcc|gcc_eh|c|m|pthread|dl|atomic|unwind"
    r"|clang_rt\.builtins\S*)(?:_nonshared)?\.a|(?:.*crt\w+)\.o)$"
)


@dataclass(frozen=True, kw_only=True)
class SizeInput:
    """What to measure. ``strip`` is the target's strip program; ``link_map`` the map that the
    linker wrote for ``program`` (None: no contributors); ``folder`` receives the stripped copy."""

    plan: BuildPlan
    archives: tuple[Path, ...]
    program: Path
    strip: Path
    folder: Path
    link_map: Path | None = None


def measure(what: SizeInput) -> SizeReport:
    """Strip and compress the program and share out its bytes.

    Raises:
        BuildError: stripping fails, or the map cannot be read.
        ToolError: there is no strip program.
    """
    stripped = _strip(what)
    content = stripped.read_bytes()
    inputs = bytes_by_input(what.link_map, what.archives) if what.link_map else {}
    sources = _by_source(what.plan, inputs)
    return SizeReport(
        target=what.plan.target,
        archive=sum(path.stat().st_size for path in what.archives),
        linked=what.program.stat().st_size,
        stripped=len(content),
        gzip=len(gzip.compress(content, 9, mtime=0)),
        xz=len(lzma.compress(content, preset=9)),
        dependencies=_dependencies(sources),
        files=_files(sources),
        ops=_ops(what.plan, sources),
        halves=_halves(what.plan, sources),
    )


def joined(reports: Sequence[SizeReport]) -> SizeReport:
    """The sizes of several files together: what has the same name in them is added."""
    return dataclasses.replace(
        reports[0],
        linked=sum(each.linked for each in reports),
        stripped=sum(each.stripped for each in reports),
        gzip=sum(each.gzip for each in reports),
        xz=sum(each.xz for each in reports),
        dependencies=_added([each.dependencies for each in reports]),
        files=_added([each.files for each in reports]),
        ops=_added([each.ops for each in reports]),
        halves=_added([each.halves for each in reports]),
    )


def _added(lists: Iterable[Sequence[SizeContributor]]) -> tuple[SizeContributor, ...]:
    found: dict[str, SizeContributor] = {}
    for item in (item for each in lists for item in each):
        first = found.get(item.name)
        size = item.size + (first.size if first else 0)
        found[item.name] = dataclasses.replace(first or item, size=size)
    return _sorted(found.values())


def require_budget(report: SizeReport) -> None:
    """Let the build fail where a size is larger than its limit.

    Raises:
        BudgetError: one is; all that are, and the largest contributors.
    """
    exceeded = [limit for limit in report.limits if report.limited[limit.name] > limit.most]
    if not exceeded:
        return
    todos = ["" for _ in exceeded[1:]] + [_contributors(report)]
    raise BudgetError(
        Problem(where=limit.where, what=_excess(report, limit), todo=todo)
        for limit, todo in zip(exceeded, todos, strict=True)
    )


def _excess(report: SizeReport, limit: SizeLimit) -> str:
    """By how much a size is larger than its limit."""
    size = report.limited[limit.name]
    what = size_words(report)[limit.name]
    return (
        f"size_budget.{limit.name}: {what}: {size:,} bytes, {size - limit.most:,} more than the "
        f"budget of {limit.most:,}"
    )


def size_words(report: SizeReport) -> Mapping[str, str]:
    """What the sizes that can be limited are of, by their keys."""
    what = "program" if report.archive else "libraries"
    return {
        "archive": "archive",
        "linked": f"{what}, linked",
        "stripped": f"{what}, stripped",
        "compressed": "stripped, gzip -9",
    }


def _contributors(report: SizeReport) -> str:
    lines = ["the largest contributors, in bytes:", *_lines(report.dependencies)]
    if report.files:
        lines += ["the largest files:", *_lines(report.files)]
    return "\n    ".join(lines)


def _lines(items: Sequence[SizeContributor]) -> list[str]:
    return [f"{item.size:>12,}  {item.name}" for item in items[:LARGEST]]


@dataclass(frozen=True, kw_only=True)
class _Source:
    """An input of the linker, and the planned files that it can have been compiled from."""

    name: str
    group: str
    size: int
    files: tuple[PlannedFile, ...] = ()

    @property
    def half(self) -> str:
        """Whose it is: TensorFlow Lite's, TensorFlow's, or of neither."""
        if not self.files or self.files[0].root not in OWN_ROOTS:
            return REST
        return LITE_HALF if _is_lite(self.files[0]) else TENSORFLOW_HALF


def _strip(what: SizeInput) -> Path:
    what.folder.mkdir(parents=True, exist_ok=True)
    stripped = what.folder / f"{what.program.name}-stripped"
    command = Command(argv=(str(what.strip), "-o", str(stripped), str(what.program)))
    run(command, what="stripping the runner", timeout=120)
    return stripped


def planned_sources(
    files: Iterable[PlannedFile], inputs: Iterable[str]
) -> Mapping[str, Sequence[PlannedFile]]:
    """The files that each input of the linker, as its map calls it, can have been compiled from."""
    by_name: dict[str, list[PlannedFile]] = defaultdict(list)
    for file in sorted(files, key=lambda file: (file.root, file.path)):
        compiled = _compiled_name(file)
        # CMake keeps the source's suffix in the object's name, makefiles replace it.
        for name in (compiled, compiled.rpartition(".")[0]):
            by_name[name].append(file)
    parts = {name: _split(name) for name in inputs}
    roots = _roots(parts.values(), by_name)
    return {
        name: _candidates(archive, member, by_name, roots)
        for name, (archive, member) in parts.items()
    }


def _by_source(plan: BuildPlan, inputs: Mapping[str, int]) -> list[_Source]:
    return [
        _source(*_split(name), inputs[name], files)
        for name, files in planned_sources(plan.files, inputs).items()
    ]


def _split(name: str) -> tuple[str, str]:
    """Name of the archive (empty for an object that stands alone) and of the member's source."""
    match = MEMBER.match(name)
    archive = PurePosixPath(match["archive"]).name if match else ""
    member = PurePosixPath(match["member"] if match else name).name
    return archive, member if not archive else member.removesuffix(".o").removesuffix(".obj")


def _roots(
    parts: Iterable[tuple[str, str]], planned: Mapping[str, list[PlannedFile]]
) -> Mapping[str, set[str]]:
    """Whose files an archive holds: the trees of those that have no namesake."""
    roots: dict[str, set[str]] = defaultdict(set)
    for archive, member in parts:
        files = _planned(archive, member, planned)
        if len(files) == 1:
            roots[archive].add(files[0].root)
    return roots


def _candidates(
    archive: str,
    member: str,
    planned: Mapping[str, list[PlannedFile]],
    roots: Mapping[str, set[str]],
) -> list[PlannedFile]:
    """The planned files that a member can be: it keeps only the basename of its source."""
    files = _planned(archive, member, planned)
    if not archive or SYSTEM_LIBRARIES.match(archive):
        return []
    return [file for file in files if file.root in roots[archive]] or files


def _planned(
    archive: str, member: str, planned: Mapping[str, list[PlannedFile]]
) -> list[PlannedFile]:
    """The planned files of a member's name. Dependencies need not be planned file by file; their
    archive holds nothing of TensorFlow's own, whatever the names. Nor does that of either half hold
    anything of the other."""
    files = planned.get(member, [])
    if archive == DEPENDENCY_ARCHIVE:
        return [file for file in files if file.root != "tensorflow"]
    if archive in (LITE_ARCHIVE, FLEX_ARCHIVE):
        is_apart = archive == FLEX_ARCHIVE
        own = [f for f in files if f.root not in OWN_ROOTS or _is_lite(f) != is_apart]
        return own or files
    return files


def _compiled_name(file: PlannedFile) -> str:
    name = PurePosixPath(file.path).name
    return name.removesuffix(".proto") + ".pb.cc" if name.endswith(".proto") else name


def _source(archive: str, member: str, size: int, files: Sequence[PlannedFile]) -> _Source:
    """What an input of the linker is. Namesakes in one archive share a line."""
    if member == INTERNAL:
        return _Source(name=LINKER, group=LINKER, size=size)
    if member == SYMBOL:
        return _Source(name=FINGERPRINT, group=FINGERPRINT, size=size)
    if files:
        group = _group(files[0])
        name = shown_places(files)
        return _Source(name=name, group=group, size=size, files=tuple(files))
    if SYSTEM_LIBRARIES.match(archive or member):
        return _Source(name=archive or member, group=SYSTEM, size=size)
    library = archive.removesuffix(".a").removeprefix("lib")
    return _Source(
        name=f"{library}: {member}" if library else member, group=library or APP, size=size
    )


def _is_lite(file: PlannedFile) -> bool:
    """Whether a file is of TensorFlow Lite, or made for it."""
    return file.root == "generated" or is_lite_file(file.path)


def _group(file: PlannedFile) -> str:
    """What the report calls files of this kind."""
    if file.root not in OWN_ROOTS:
        return file.root
    if _is_lite(file):
        return LITE_KERNELS if file.kind is FileKind.KERNEL else LITE_RUNTIME
    return DELEGATE if file.path.startswith(FLEX_FOLDER) else KIND_NAMES[file.kind]


def _halves(plan: BuildPlan, sources: Iterable[_Source]) -> tuple[SizeContributor, ...]:
    """What either half takes, where there are two."""
    if not any(file.path.startswith(FLEX_FOLDER) for file in plan.files):
        return ()
    return _summed((source.half, source.size) for source in sources)


def shown_places(files: Iterable[PlannedFile]) -> str:
    """What a line that namesakes share is called; :func:`places_of` takes it apart."""
    return _OR.join(shown_place(file) for file in files)


def places_of(name: str) -> list[str]:
    """The places in the name of such a line, or the one that it is."""
    return name.split(_OR)


def shown_place(file: PlannedFile) -> str:
    """Paths in the TensorFlow tree say enough; those of dependencies need their tree's name."""
    return file.path if file.root == "tensorflow" else f"{file.root}: {file.path}"


def _dependencies(sources: Iterable[_Source]) -> tuple[SizeContributor, ...]:
    return _summed((source.group, source.size) for source in sources)


def _summed(sizes: Iterable[tuple[str, int]]) -> tuple[SizeContributor, ...]:
    """What the objects of each name take together."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for name, size in sizes:
        by_name[name].append(size)
    return _sorted(
        SizeContributor(name=name, size=sum(each), detail=_objects(len(each)))
        for name, each in by_name.items()
    )


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"


def _files(sources: Iterable[_Source]) -> tuple[SizeContributor, ...]:
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    for source in sources:
        sizes[source.name, source.group] += source.size
    return _sorted(
        SizeContributor(name=name, size=size, detail=group if group != name else "")
        for (name, group), size in sizes.items()
    )


def _ops(plan: BuildPlan, sources: Iterable[_Source]) -> tuple[SizeContributor, ...]:
    """What the kernels of each op take. Ops that one file registers share its line; files that
    only help others have none of their own."""
    ops: dict[str, set[str]] = defaultdict(set)
    for kernel in plan.kernels:
        ops[kernel.registration.source].add(kernel.registration.op)
    sizes: dict[str, int] = defaultdict(int)
    files: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        own = [file.path for file in source.files if file.path in ops]
        if own:
            name = ", ".join(sorted({op for path in own for op in ops[path]}))
            sizes[name] += source.size
            files[name].update(PurePosixPath(path).name for path in own)
    return _sorted(
        SizeContributor(name=name, size=size, detail=", ".join(sorted(files[name])))
        for name, size in sizes.items()
    )


def _sorted(items: Iterable[SizeContributor]) -> tuple[SizeContributor, ...]:
    return tuple(sorted(items, key=lambda item: (-item.size, item.name)))
