"""The program for this machine is made of what it needs. Make and compiler are real."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from buildtool.backends.makefile.hosttool import OWN, HostTool
from buildtool.backends.makefile.make import MAKEFILE, Make
from buildtool.core.errors import BuildError, ToolError
from buildtool.tools.compilers import find_host_toolchain

CORE = "tensorflow/core"
TEXT = f"""\
PROTO_TEXT_CC_FILES := {OWN}main.cc {CORE}/helper.cc {CORE}/zlib.cc
PROTO_TEXT_PB_CC_LIST := {CORE}/graph.pb.cc {CORE}/types.pb.cc
host/obj/%.o: %.cc
\t@mkdir -p $(@D)
\tg++ -c $< -o $@
host/obj/%.pb.o: host/obj/%.pb.cc
\tg++ -c $< -o $@
host/obj/%.pb.cc: %.proto
\t@mkdir -p $(@D)
\tsed 1d $< > $@
"""
SOURCES = {
    f"{OWN}main.cc": "int helper();\nint main() { return helper(); }\n",
    f"{CORE}/helper.cc": "namespace tensorflow { struct Graph { Graph(); }; }\n"
    "int helper() { tensorflow::Graph graph; return 0; }\n",
    f"{CORE}/zlib.cc": "#error there is no zlib here\n",
    f"{CORE}/graph.proto": "package tensorflow; message Graph {}\n"
    "namespace tensorflow { struct Graph { Graph(); }; Graph::Graph() {} }\n",
    f"{CORE}/types.proto": "package tensorflow; message Types {}\n#error not needed\n",
}


@pytest.fixture
def tool(tmp_path: Path) -> HostTool:
    try:
        toolchain = find_host_toolchain()
    except ToolError:
        pytest.skip("needs a compiler for this machine")
    for name, text in {MAKEFILE: TEXT, **SOURCES}.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return HostTool(
        make=Make(
            folder=tmp_path / "tree",
            variables={},
            more=(),
            jobs=1,
            log=tmp_path / "log.txt",
            say=lambda _: None,
        ),
        made="host/",
        toolchain=toolchain,
        archives=(),
        memory=tmp_path / "needs.json",
        say=lambda _: None,
    )


def test_only_what_is_needed_is_left(tool: HostTool) -> None:
    assert tool.variables() == {
        "PROTO_TEXT_CC_FILES": f"{OWN}main.cc {CORE}/helper.cc",
        "PROTO_TEXT_PB_CC_LIST": f"{CORE}/graph.pb.cc",
    }


def test_it_is_found_out_once(tool: HostTool) -> None:
    first = tool.variables()
    tool.make.log.unlink()
    assert tool.variables() == first
    assert not tool.make.log.exists()


def test_another_folder_learns_from_the_first(tool: HostTool, tmp_path: Path) -> None:
    first = tool.variables()
    (tool.make.folder / "host").rename(tmp_path / "elsewhere")
    said: list[str] = []
    again = dataclasses.replace(tool, say=said.append)
    assert again.variables() == first
    assert said == ["proto_text needs 3 of the 5 files that are listed"]


def test_its_own_files_must_compile(tool: HostTool) -> None:
    (tool.make.folder / f"{OWN}main.cc").write_text("#error broken\n")
    with pytest.raises(BuildError) as failure:
        tool.variables()
    assert "#error broken" in failure.value.problems[0].what


def test_a_tree_without_the_program_keeps_its_lists(tool: HostTool) -> None:
    (tool.make.folder / MAKEFILE).write_text("PROTO_TEXT_CC_FILES := a.cc\n")
    assert tool.variables() == {"PROTO_TEXT_CC_FILES": "a.cc", "PROTO_TEXT_PB_CC_LIST": ""}
