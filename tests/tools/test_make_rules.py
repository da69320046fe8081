"""Reading the rules that compilers write for make."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from buildtool.core.run import Command, run
from buildtool.tools.make_rules import prerequisites


def test_lines_that_go_on_and_spaces_in_names() -> None:
    rule = "x.o: /a\\ b/x.cc \\\n /a\\ b/x.h \\\n  /c.h\n"
    assert prerequisites(rule) == ("/a b/x.cc", "/a b/x.h", "/c.h")
    assert prerequisites("x.o:\n") == ()


@pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")
def test_a_compiler_s_own_rule(tmp_path: Path) -> None:
    header, source = tmp_path / "a header.h", tmp_path / "one.cc"
    header.touch()
    source.write_text('#include "a header.h"\n')
    done = run(Command(argv=("c++", "-MM", str(source))), what="a rule")
    assert prerequisites(done.stdout) == (str(source), str(header))
