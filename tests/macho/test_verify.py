"""The verification of a library that cannot be run here: its files say what can be said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import VerificationError
from buildtool.core.values import BuildPlan, MachoExpectation
from buildtool.verify import VerificationInput, verify
from buildtool.verify.program import Program, prove_session
from machorun.__main__ import command

Make = Callable[..., Path]

PLAN = BuildPlan(
    target="ios-arm64",
    tensorflow_version="1.8.0",
    tree_digest="0" * 64,
    models=(),
    defines=(),
    compile_flags=(),
    link_flags=(),
    ops=(),
    kernels=(),
    types=(),
    files=(),
)
STARTS = 'int puts(const char*); __attribute__((constructor)) static void g(void) { puts("g"); }'


@pytest.mark.parametrize("whole", [True, False])
def test_without_starting_it(
    tmp_path: Path, compile_macho: Make, archive_macho: Make, link_macho: Make, whole: bool
) -> None:
    library = archive_macho("libtensorflow.a", compile_macho("g.o", STARTS))
    rest = archive_macho("rest.a", compile_macho("r.o", STARTS))
    main = compile_macho("main.o", "int main(void) { return 0; }")
    report = verify(
        VerificationInput(
            plan=PLAN,
            libraries=(library, rest),
            program=link_macho("runner", main, *(["-force_load"] if whole else []), library, rest),
            expectation=MachoExpectation(cpu="arm64", platform="ios", minimum_os="12.0"),
            folder=tmp_path / "verify",
            cache=tmp_path / "cache",
            not_run="there is no emulator here",
        )
    )
    assert report.machine == "arm64, ios"
    assert (report.minimum_os, report.checked_members) == ("12.0", 2)
    assert report.needed_libraries == ("/usr/lib/libSystem.B.dylib",)
    assert report.constructors == whole
    dropped = "what registers itself was dropped (g.o)"
    problem = f"runs 0 functions before main, but the library has 1: {dropped}"
    assert [item.what for item in report.problems] == ([] if whole else [problem])
    assert report.notes == (
        "the program was not started: there is no emulator here; its kernels are counted by its "
        "symbols, and no model was run",
    )


def test_the_runner_is_started_through_the_emulator(
    tmp_path: Path, compile_macho: Make, link_macho: Make
) -> None:
    """As verification starts any runner through any emulator."""

    def runner(name: str, text: str) -> Program:
        item = compile_macho(f"{name}.o", text, "-fno-builtin")
        path = link_macho(name, item, more=", _strcmp")
        argv = (*command(None), str(path))
        return Program(argv=argv, name=name, log=tmp_path / "log", timeout=60)

    compares = "int strcmp(const char*, const char*); "
    prove_session(
        runner("good", compares + 'int main(int n, char** w) { return strcmp(w[1], "--session"); }')
    )
    with pytest.raises(VerificationError, match="the program gave up"):
        prove_session(runner("bad", "void abort(void); int main(void) { abort(); }"))
