"""Programs found on the path, asked for their version, and tried."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from buildtool.binary.elf import read_object
from buildtool.binary.elf_file import NotElfError
from buildtool.core.errors import Problem, ToolError
from buildtool.core.kept_answers import Reply
from buildtool.core.run import ANSWER, Command, Completed, run
from buildtool.core.values import Abi, Tool, Toolchain
from buildtool.tools.asked_programs import answers, compilation_files, program_files

PROBE_SOURCE = """\
#include <cmath>
#include <string>
#include <thread>
int main(int argc, char** argv) {
  std::string text;
  std::thread worker([&] { text = argv[0]; });
  worker.join();
  return std::isfinite(std::sqrt(double(argc))) && !text.empty() ? 0 : 1;
}
"""

_NONE = Tool(name="", path=Path(), version="")
# Where compilers are missing, a backend still says what else is.
NO_TOOLS = Toolchain(
    cc=_NONE,
    cxx=_NONE,
    ar=_NONE,
    strip=_NONE,
    kind="",
    triple="",
    compile_flags=(),
    link_flags=(),
    emulator=(),
    identity="",
)


def newest(name: str) -> Path | None:
    """``name``, or else the newest ``name-N`` on the path."""
    if found := first((name,)):
        return found
    versions: dict[int, Path] = {}
    for folder in os.get_exec_path():
        if not Path(folder).is_dir():
            continue
        for path in Path(folder).glob(f"{name}-*"):
            if match := re.fullmatch(rf"{re.escape(name)}-(\d+)", path.name):
                versions.setdefault(int(match.group(1)), path)
    return versions[max(versions)] if versions else None


def first(names: Sequence[str]) -> Path | None:
    """The first of these programs that is on the path."""
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    return None


def tool(name: str, path: Path) -> Tool:
    """The program with the first line of what it says of its version; it is started, unless it has
    said so before."""

    def ask() -> Reply:
        asked = Command(argv=(str(path), "--version"))
        done = run(asked, what=f"{name} --version", timeout=ANSWER, error=ToolError)
        lines = done.stdout.strip().splitlines()
        return Reply(text=lines[0] if lines else "", rests_on=program_files(path))

    return Tool(name=name, path=path, version=answers().ask(("version", str(path)), ask))


def try_out(toolchain: Toolchain, abi: Abi, *, todo: str = "") -> None:
    """Compile and link a small program with the very flags of the target, unless that went well
    before with the same files. ``todo`` is what a message says to do, if not to install or name a
    compiler.

    Raises:
        ToolError: that fails, or gives a program for another machine.
    """

    def ask() -> Reply:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "probe")
            _try_out(toolchain, abi, program, todo)
            words = _compiling(toolchain)
            used = compilation_files(words, program.with_suffix(".cc"), _linking(toolchain))
            return Reply(text="", rests_on=used)

    words = (*_compiling(toolchain), *_linking(toolchain), PROBE_SOURCE)
    answers().ask(("links", abi.machine, str(abi.bits), *words), ask)


def _try_out(toolchain: Toolchain, abi: Abi, program: Path, todo: str) -> None:
    done = link_small_program(toolchain, program)
    found = _machine(program) if done.returncode == 0 else None
    if done.returncode:
        last = "\n    ".join(done.stderr.strip().splitlines()[-6:])
        what = f"cannot compile and link a small program for {abi.name}\n    {last}"
    elif found and found != (abi.machine, abi.bits):
        what = (
            f"makes programs for {found[0]} ({found[1]} bits); "
            f"{abi.name} is {abi.machine} ({abi.bits} bits)"
        )
    else:
        return
    packages = " ".join(abi.packages)
    install = f"on Debian or Ubuntu: apt-get install {packages}; or " if packages else ""
    usual = f"{install}set 'compiler:' or 'sysroot:' in the target"
    raise ToolError(Problem(where=str(toolchain.cxx.path), what=what, todo=todo or usual))


def link_small_program(toolchain: Toolchain, program: Path) -> Completed:
    """Make a program that uses the C and C++ libraries, and ends with 0 where it runs. Whether
    there is one is for the caller to see."""
    source = program.with_suffix(".cc")
    source.write_text(PROBE_SOURCE, encoding="utf-8")
    argv = (*_compiling(toolchain), str(source), "-o", str(program), *_linking(toolchain))
    return run(
        Command(argv=argv), what="compiler probe", check=False, timeout=ANSWER, error=ToolError
    )


def _compiling(toolchain: Toolchain) -> tuple[str, ...]:
    return (str(toolchain.cxx.path), "-std=c++17", *toolchain.compile_flags)


def _linking(toolchain: Toolchain) -> tuple[str, ...]:
    return (*toolchain.link_flags, "-pthread")


def _machine(program: Path) -> tuple[str, int] | None:
    """What a program is for, as :class:`Abi` has it; None if it is no ELF file."""
    try:
        found = read_object(program)
    except (NotElfError, OSError):
        return None
    return found.machine, found.bits


def identified(toolchain: Toolchain) -> Toolchain:
    """Fill in ``identity``: what decides the bytes of an object, but no path of this machine."""
    text = "\n".join(
        (
            toolchain.kind,
            toolchain.cxx.version,
            toolchain.ar.version,
            toolchain.triple,
            *toolchain.compile_flags,
            "",
            *toolchain.link_flags,
        )
    )
    values = {**toolchain.__dict__, "identity": hashlib.sha256(text.encode()).hexdigest()[:16]}
    return Toolchain(**values)
