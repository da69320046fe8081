"""The static library of each variant: what a slice links, in one archive that is linked whole.

An XCFramework has room for one library. TensorFlow's part must be loaded whole, and an app names
one file for that, so the dependencies go into the same archive; but a linker that drops unused code
keeps every static constructor, so only those of their members go in that TensorFlow's part needs.
The linked program is then the same as with two archives.

Members keep their order and are never unpacked into one folder: names of object files repeat.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from buildtool.binary.archive import Member
from buildtool.binary.symbols import link_closure
from buildtool.core.errors import Problem, ToolError, VerificationError
from buildtool.core.render import write_bytes_if_changed
from buildtool.core.run import Command, run
from buildtool.core.values import MachoExpectation
from buildtool.products.dist import REST, WHOLE
from buildtool.products.xcframework.merged_objects import Part, read_library, read_symbols
from buildtool.products.xcframework.package_values import Library, SlicePackage, Tools
from buildtool.verify.architecture import check_members

# What must be linked whole, and what it needs a part of, by the name of the slice.
Inputs = Mapping[str, tuple[Part, Part]]


def build_library(
    library: Library, inputs: Inputs, destination: Path, *, tools: Tools, log: Path
) -> bool:
    """Make the library of a variant from its slices' archives; says whether the file changed.

    Raises:
        BuildError: a tool fails.
        ToolError: a tool is missing.
    """
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        thin = [
            _merge(part, inputs[part.name], Path(folder, part.cpu), tools=tools, log=log)
            for part in library.slices
        ]
        made = thin[0] if len(thin) == 1 else _universal(thin, Path(folder), tools=tools, log=log)
        return write_bytes_if_changed(destination, made.read_bytes())


def read_slices(slices: Sequence[SlicePackage], problems: list[Problem]) -> Inputs:
    """Both archives of each slice that has nothing wrong: a file for one CPU, and every object in
    it for the CPU and the system that the slice says."""
    found: dict[str, tuple[Part, Part]] = {}
    for part in slices:
        whole, rest = (_thin(part, name, problems) for name in (WHOLE, REST))
        if whole is not None and rest is not None:
            found[part.name] = (whole, rest)
    return found


def needed_members(whole: Part, rest: Part) -> tuple[Member, ...]:
    """The members of ``rest`` that ``whole`` cannot be linked without, in their order."""
    required = {f"0 {member.number:06}": read_symbols(member) for member in whole.members}
    offered = {f"1 {member.number:06}": read_symbols(member) for member in rest.members}
    closure = link_closure(required, {**required, **offered}, system=())
    return tuple(m for m in rest.members if f"1 {m.number:06}" in closure.needed)


def _merge(
    part: SlicePackage, inputs: tuple[Part, Part], folder: Path, *, tools: Tools, log: Path
) -> Path:
    """One archive of all of the slice's first, and what is needed of its second."""
    whole, rest = inputs
    files = []
    for number, member in enumerate((*whole.members, *needed_members(whole, rest))):
        # Each in a folder of its own, so that equal names stay apart and as they are.
        place = folder / str(number) / (Path(member.name).name or "object.o")
        place.parent.mkdir(parents=True)
        place.write_bytes(member.data)
        files.append(str(place.relative_to(folder)))
    (folder / "members").write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
    made = "merged.a"
    argv = (str(tools.libtool), "-static", "-D", "-o", made, "-filelist", "members")
    run(Command(argv=argv, cwd=folder), what=f"static library of {part.name}", log=log)
    return folder / made


def _universal(thin: Sequence[Path], folder: Path, *, tools: Tools, log: Path) -> Path:
    """One file of several for one CPU each, in one call."""
    if tools.lipo is None:
        todo = "install the package 'llvm', or Xcode; or build a single slice for each system"
        raise ToolError(Problem(where="lipo", what="is not there", todo=todo))
    made = folder / "universal.a"
    argv = (str(tools.lipo), "-create", *(str(path) for path in thin), "-output", str(made))
    run(Command(argv=argv), what="universal library", log=log)
    return made


def _thin(part: SlicePackage, name: str, problems: list[Problem]) -> Part | None:
    path = part.dist / name
    try:
        found = read_library(path)
    except VerificationError as failure:
        problems.extend(failure.problems)
        return None
    if len(found) > 1:
        cpus = ", ".join(one.cpu for one in found)
        what = f"is universal already: it is for {cpus}"
        todo = f"give slice {part.name} an archive for {part.cpu} alone"
        problems.append(Problem(where=str(path), what=what, todo=todo))
        return None
    expected = MachoExpectation(cpu=part.cpu, platform=part.platform, minimum_os=part.minimum_os)
    faults = check_members(path, found[0].members, expected)
    problems += faults
    return None if faults else found[0]
