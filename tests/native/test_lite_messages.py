"""Messages without reflection: what is generated for them, and what protoc's code becomes."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.backends.native.cmake_project import render_project
from buildtool.backends.native.native_dependencies import dependency_sources, load_dependencies
from buildtool.backends.native.native_flags import proto_code
from buildtool.core.render import Renderer
from buildtool.core.values import FileKind
from buildtool.plan.build_plan import selections
from tests.limits import HANG
from tests.native.test_project import DEPENDENCIES, PLAN, _file

GOLDEN = Path(__file__).resolve().parent / "golden" / "lite_messages"
READER = "native/include/tensorflow/core/framework/attr_value_reader.h"
MESSAGE = """\
class NodeDef final : public MessageLite {
  // @@protoc_insertion_point(class_scope:tensorflow.NodeDef)
 private:
  char semicolons[4]; int a; int b;
};
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project whose messages are lite, one of protobuf's own among them."""
    own = _file("src/google/protobuf/any.proto", FileKind.PROTO, "protobuf")
    renderer = Renderer(tmp_path)
    render_project(
        renderer,
        dataclasses.replace(PLAN, files=(*PLAN.files, own)),
        selections=selections(PLAN),
        dependencies=DEPENDENCIES,
        proto_code=proto_code(level="Oz", protos="lite"),
    )
    renderer.finish()
    return tmp_path


def test_protobufs_own_messages_are_made_as_the_trees_are(
    project: Path, golden: Callable[[Path, str], None]
) -> None:
    reader = (project / READER).read_text(encoding="utf-8")
    golden(GOLDEN / "attr_value_reader.h.golden", reader)
    lists = (project / "native/sources.cmake").read_text(encoding="utf-8")
    for name in ("TENSORFLOW_PROTOS", "TENSORFLOW_PROTO_SOURCES"):
        protos = ("google/protobuf/any.proto", "tensorflow/core/framework/graph.proto")
        assert "\n".join((f"set({name}", *(f'    "{proto}"' for proto in protos), ")")) in lists
    assert '"src/google/protobuf/any.proto"' not in lists
    rules = (project / "native/CMakeLists.txt").read_text(encoding="utf-8")
    assert "--cpp_out=lite:" in rules
    attributes = (project / READER).with_name("attr_value.pb_text.h").read_text(encoding="utf-8")
    assert "text_format" not in attributes


@pytest.mark.parametrize("lite", ["ON", "OFF"])
def test_lite_messages_answer_with_their_names(project: Path, tmp_path: Path, lite: str) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("needs cmake")
    made, kept = tmp_path / "made", tmp_path / "kept"
    (tmp_path / "protos.txt").write_text("core/node.proto\n", encoding="utf-8")

    def take() -> None:
        (made / "core").mkdir(parents=True)
        (made / "core/node.pb.h").write_text(MESSAGE, encoding="utf-8")
        (made / "core/node.pb.cc").write_text("int a;\n", encoding="utf-8")
        defined = (f"-DPROTOS={tmp_path / 'protos.txt'}", f"-DFROM={made}", f"-DTO={kept}")
        script = str(project / "native/take_protos.cmake")
        argv = ["cmake", *defined, f"-DLITE={lite}", "-P", script]
        subprocess.run(argv, check=True, timeout=HANG)
        assert not made.exists()

    take()
    header = kept / "core/node.pb.h"
    text = header.read_text(encoding="utf-8")
    assert text.count("GetTypeName()") == (3 if lite == "ON" else 0)
    first, _, last = text.partition("NodeDef)\n")
    assert MESSAGE.startswith(first)
    assert last.endswith(" private:\n  char semicolons[4]; int a; int b;\n};\n")
    before = header.stat().st_mtime_ns
    take()
    assert header.stat().st_mtime_ns == before


@pytest.mark.parametrize("flags", [("-Oz", "-fno-rtti"), ("-Oz",)])
def test_what_asks_for_types_is_compiled_with_them(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """A precompiled header is of one kind or the other."""
    asking = [dataclasses.replace(d, rtti=d.name == "protobuf") for d in DEPENDENCIES]
    renderer = Renderer(tmp_path)
    plan = dataclasses.replace(PLAN, compile_flags=flags)
    render_project(
        renderer, plan, selections=selections(plan), dependencies=asking, proto_code="code_size"
    )
    rules = (tmp_path / "native/CMakeLists.txt").read_text(encoding="utf-8")
    _, _, own = rules.partition("set(files ${PROTOBUF_SOURCES})")
    own, _, _ = own.partition("target_compile_options(protobuf")
    alone = "target_compile_options(protobuf PRIVATE ${options} -frtti)" in rules
    assert alone == ("-fno-rtti" in flags) == ("dependency_prefix" not in own)


def test_what_reflects_is_not_offered(tmp_path: Path) -> None:
    names = ("any_lite.cc", "message.cc", "any.pb.cc", "io/coded_stream.cc", "util/json_util.cc")
    for name in names:
        (tmp_path / "src/google/protobuf" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src/google/protobuf" / name).touch()
    (protobuf,) = (d for d in load_dependencies("2.14.1", "elf") if d.name == "protobuf")
    found = dependency_sources(protobuf, tmp_path, lite=True)
    assert [path.removeprefix("src/google/protobuf/") for path in found] == [
        "any_lite.cc",
        "io/coded_stream.cc",
    ]
    assert len(dependency_sources(protobuf, tmp_path)) == len(names)
