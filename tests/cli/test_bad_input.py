"""What people get wrong, or machines lack: each is told, none leaves anything half-written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

Tools = Callable[..., Path]
LLVM = ("clang*", "llvm-*", "ld.lld*", "gcc*", "g++*", "*-linux-gnu*-*", "c++*", "cc*")
ODD_NODES = """
node { name: "x $HOME %s" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "y \\"{{ 7*7 }}\\" 'q'" op: "Relu" input: "x $HOME %s"
       attr { key: "T" value { type: DT_FLOAT } } }
node { name: "z" op: "Nix{{ 1/0 }}" input: "x $HOME %s" }
versions { producer: 1575 }
"""
UNKNOWN_OP = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "y" op: "Reluu" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
versions { producer: 1575 }
"""

VOCABULARY = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_INT64 } }
       attr { key: "shape" value { shape { dim { size: 2 } } } } }
node { name: "none" op: "Const" attr { key: "dtype" value { type: DT_INT64 } }
       attr { key: "value" value { tensor { dtype: DT_INT64 int64_val: -1 tensor_shape {} } } } }
node { name: "path" op: "Const" attr { key: "dtype" value { type: DT_STRING } }
       attr { key: "value" value { tensor { dtype: DT_STRING string_val: "/nosuch/words.txt"
              tensor_shape {} } } } }
node { name: "table" op: "HashTableV2" attr { key: "key_dtype" value { type: DT_INT64 } }
       attr { key: "value_dtype" value { type: DT_INT64 } } }
node { name: "fill" op: "InitializeTableFromTextFileV2" input: "table" input: "path"
       attr { key: "key_index" value { i: 0 } } attr { key: "value_index" value { i: -1 } } }
node { name: "out" op: "LookupTableFindV2" input: "table" input: "x" input: "none"
       attr { key: "Tin" value { type: DT_INT64 } } attr { key: "Tout" value { type: DT_INT64 } } }
versions { producer: 1575 }
"""


def left_behind(project: Project, target: str) -> list[str]:
    """The files of a target, but for its lock."""
    folder = project.folder(target)
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return sorted(str(path.relative_to(folder)) for path in paths)


@pytest.fixture
def compilers() -> None:
    """Tests that begin with a toolchain need one."""
    for tool in ("clang++", "cmake", "ninja"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")


def test_missing_tools_are_told_all_at_once(project: Project, tools: Tools) -> None:
    path = tools(without=(*LLVM, "cmake*", "ninja*", "ar", "nm", "c++filt", "strip"))
    err = project.doit("plan:linux", code=4, env={"PATH": str(path)}).err
    assert "plan:linux failed" in err
    missing = ("C compiler", "C++ compiler", "ar", "strip", "nm", "c++filt", "cmake", "ninja")
    for tool in missing:
        assert f"toolchain: no {tool} for x86_64-linux-gnu here" in err
    assert "apt-get install clang lld llvm g++ cmake ninja-build" in err
    assert left_behind(project, "linux") == []


def test_what_a_target_names_and_is_not_there(project: Project) -> None:
    project.target("nosuch", "extends: linux\nsysroot: /nosuch\n")
    assert "targets/nosuch.yaml:2: sysroot: there is no folder '/nosuch'" in (
        project.doit("plan:nosuch", code=3).err
    )
    # Here nobody knows before which backend it is.
    project.target("nosuch", "extends: linux\nmakefile:\n  dependencies: []\n")
    assert "targets/nosuch.yaml:2: makefile: only the backend 'makefile' reads these keys" in (
        project.doit("plan:nosuch", code=3).err
    )


@pytest.mark.usefixtures("compilers")
def test_a_compiler_that_cannot_link_is_told_with_its_words(project: Project, tools: Tools) -> None:
    real = shutil.which("clang++")
    script = f"""
case "$*" in --version) exec {real} --version;; esac
echo "ld.lld: error: unable to find library -lstdc++" >&2; exit 1"""
    path = tools(scripts={"clang++": script})
    err = project.doit("plan:linux", code=4, env={"PATH": str(path)}).err
    assert f"{path}/clang++: cannot compile and link a small program for x86_64" in err
    assert "unable to find library -lstdc++" in err
    assert "apt-get install clang lld llvm g++" in err
    assert left_behind(project, "linux") == []


def test_several_workers_end_with_the_same_code(project: Project, tools: Tools) -> None:
    path = tools(without=LLVM)
    err = project.doit("-n", "2", "plan:linux", "plan:pi", code=4, env={"PATH": str(path)}).err
    assert err.count(": no C++ compiler for") >= 1


def test_a_compiler_that_a_target_names_and_is_not_there(project: Project) -> None:
    project.target("mine", "extends: linux\ncompiler: /opt/no such/g++\n")
    err = project.doit("plan:mine", code=4).err
    assert "targets/mine.yaml:2: compiler: '/opt/no such/g++' gives no C++ compiler here" in err
    assert "install it, or mend the name" in err


@pytest.mark.usefixtures("compilers")
def test_a_folder_that_is_no_tree(project: Project, tmp_path: Path) -> None:
    tree = tmp_path / "it's no {{ tree }}"
    tree.mkdir()
    err = project.doit("plan:linux", f"tf={tree}", code=3).err
    assert f"{tree}: is not a TensorFlow tree: it lacks tensorflow/core/BUILD" in err
    assert "name the folder that holds 'tensorflow/core'" in err
    assert left_behind(project, "linux") == []


@pytest.mark.usefixtures("compilers")
def test_a_tree_that_is_named_and_not_known(project: Project) -> None:
    err = project.doit("plan:linux", "tf=tensorflow-2.14", code=3).err
    assert "has no source 'tensorflow-2.14'\n    perhaps you meant 'tensorflow-2.14.1'" in err


@pytest.mark.usefixtures("compilers")
def test_sources_that_are_not_here_and_may_not_be_fetched(project: Project) -> None:
    err = project.doit("plan:linux", "offline=1", code=9).err
    assert "tensorflow-2.14.1 is not in the cache and offline=1 forbids the network" in err
    assert "protobuf-3.21.12 is not in the cache" in err
    assert "run once without offline=1" in err
    assert left_behind(project, "linux") == []


def test_a_name_that_is_no_utf_8(project: Project, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.pb")
    shutil.copy(project.root / "models" / "digits.pb", path)
    err = project.doit("plan:linux", f"model={path}", code=3).err
    assert "command line: models[0].path: " in err
    assert "bad\\udcff.pb' is not a name in UTF-8\n    rename the file or folder" in err


def test_a_build_folder_that_cannot_be_written(project: Project) -> None:
    (project.root / "build").write_text("", encoding="utf-8")
    err = project.doit("plan:linux", code=3).err
    assert f"{project.root}/build/linux: cannot be used: Not a directory" in err
    assert "mend its permissions, or move what is in the way" in err


def test_spoilt_notes_of_what_is_up_to_date(project: Project) -> None:
    notes = project.root / ".doit.db"
    notes.write_text("no database " * 100, encoding="utf-8")
    err = project.doit("plan:linux", code=3).err
    assert f"{notes}: cannot be used: file is not a database\n    remove this file" in err


BROKEN = ("extends: pi\nmodels: [models/gone.pb]\n", "extends: nobody\n", "a: [\n", "\x01")


@pytest.mark.parametrize("text", BROKEN)
def test_a_bad_target_file_stops_no_task_of_other_targets(project: Project, text: str) -> None:
    project.target("mine", text)
    project.target("page.yml", text)
    err = project.doit("plan:linux", "plan:ios-arm64", "offline=1", code=9).err
    assert "left out, because of mistakes in it: targets/mine.yaml" in err
    assert "offline=1 forbids the network" in err


@pytest.mark.parametrize("words", ["list", "plan", "plan:mine", "plan:linux plan:mine"])
def test_it_is_told_where_it_may_be_meant(project: Project, words: str) -> None:
    project.target("mine", BROKEN[0])
    err = project.doit(*words.split(), code=3).err
    assert "targets/mine.yaml:2: models[0].path: no such file or folder: models/gone.pb" in err


@pytest.mark.real_tree
def test_models_that_cannot_be_read_or_run_are_all_told_at_once(
    real_project: Project, tmp_path: Path
) -> None:
    project, odd = real_project, "odd 'n' \"{{ 7*7 }}\" $HOME %d"
    digits = (project.root / "models" / "digits.pb").read_bytes()
    models = {
        "empty.pb": b"",
        "cut.pb": digits[:5000],
        "text.pb": b"hello, this is no graph\n",
        "binary.pbtxt": digits,
        "unknown.pbtxt": UNKNOWN_OP.encode(),
        f"{odd}.pbtxt": ODD_NODES.encode(),
    }
    for name, content in models.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    words = ",".join(str(tmp_path / name) for name in (*models, "folder"))
    err = project.doit("plan:linux", f"model={words}", code=5).err
    assert f"{tmp_path}/empty.pb: 0 bytes long\n    the file is empty: download or export" in err
    assert f"{tmp_path}/cut.pb: is not a whole GraphDef" in err
    assert "is cut off at byte 61\n    the file is cut off, damaged" in err
    assert f"{tmp_path}/text.pb: holds text, though .pb says that it is binary" in err
    assert f"{tmp_path}/binary.pbtxt: .pbtxt says that it is a text GraphDef, but its" in err
    assert f"{tmp_path}/folder: a folder that holds no saved_model.pb" in err
    assert (
        "unknown: node 'y': op Reluu does not exist in this tree: no session can be made\n"
        "    close to it are Relu" in err
    )
    assert f"{odd}: node 'x $HOME %s': a session refuses a node of this name" in err
    assert f"{odd}: node 'z': op Nix{{{{ 1/0 }}}} does not exist in this tree" in err
    assert left_behind(project, "linux") == []


@pytest.mark.real_tree
def test_samples_that_do_not_fit_are_told_with_all_else(
    real_project: Project, tmp_path: Path
) -> None:
    np.savez(tmp_path / "samples.npz", x=np.zeros((1, 3), np.float32))
    (tmp_path / "unknown.pbtxt").write_text(UNKNOWN_OP, encoding="utf-8")
    text = f"""extends: linux
models:
  - {tmp_path}/unknown.pbtxt
  - {{path: models/digits.pb, samples: {tmp_path}/samples.npz}}
"""
    real_project.target("mine", text)
    err = real_project.doit("plan:mine", code=5).err
    assert "unknown: node 'y': op Reluu does not exist in this tree" in err
    assert f"{tmp_path}/samples.npz: x:0: the array's shape is (1, 3), the model wants" in err


DECODE = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_STRING } }
       attr { key: "shape" value { shape { dim { size: 1 } } } } }
node { name: "d" op: "DecodeProtoV2" input: "x"
       attr { key: "message_type" value { s: "tensorflow.TensorShapeProto" } }
       attr { key: "field_names" value { list { s: "unknown_rank" } } }
       attr { key: "output_types" value { list { type: DT_BOOL } } } }
node { name: "y" op: "Identity" input: "d" attr { key: "T" value { type: DT_INT32 } } }
versions { producer: 1575 }
"""


@pytest.mark.real_tree
def test_lite_messages_have_no_descriptors(real_project: Project, tmp_path: Path) -> None:
    """Told before anything is compiled, wherever it was said."""
    (tmp_path / "decode.pbtxt").write_text(DECODE, encoding="utf-8")
    model = f"models: [{tmp_path / 'decode.pbtxt'}]\n"
    for line, text in (
        (3, "optimise: smallest\n"),
        (5, "optimise:\n  level: Oz\n  protos: lite\n"),
    ):
        real_project.target("mine", f"extends: linux\n{model}{text}")
        err = real_project.doit("plan:mine", code=5).err
        assert (
            f"targets/mine.yaml:{line}: optimise.protos: the kernels of DecodeProtoV2 "
            "(tensorflow/core/kernels/decode_proto_op.cc) read messages by their descriptors, which"
        ) in err


@pytest.mark.real_tree
def test_the_next_run_simply_works(real_project: Project, tmp_path: Path) -> None:
    model = tmp_path / "model.pb"
    model.write_bytes(b"")
    words = ("plan:linux", f"model={model}")
    real_project.doit(*words, code=5)
    shutil.copy(real_project.root / "models" / "digits.pb", model)
    assert real_project.doit(*words).steps == ["plan:linux"]
    assert left_behind(real_project, "linux") == [
        "catalogue.json.gz",
        "models.json",
        "plan.json",
    ]
    assert real_project.doit(*words).out == "plan:linux: up to date\n"


@pytest.mark.real_tree
def test_what_was_put_into_a_model_is_looked_at_too(real_project: Project, tmp_path: Path) -> None:
    model, words = tmp_path / "words.pbtxt", tmp_path / "words.txt"
    model.write_text(VOCABULARY, encoding="utf-8")
    words.write_text("1\n2\n", encoding="utf-8")
    call = ("plan:linux", f"model={model}")
    assert real_project.doit(*call).steps == ["plan:linux"]
    assert real_project.doit(*call).out == "plan:linux: up to date\n"
    plan = real_project.folder("linux") / "plan.json"
    before = plan.read_bytes()
    words.write_text("1\n2\n3\n", encoding="utf-8")
    assert real_project.doit(*call).steps == ["plan:linux"]
    assert plan.read_bytes() != before
    words.unlink()
    assert "the vocabulary file '/nosuch/words.txt' is not there" in (
        real_project.doit(*call, code=5).err
    )


@pytest.mark.real_tree
def test_a_missing_protoc_is_told_before_anything_is_compiled(
    real_project: Project, tools: Tools
) -> None:
    path = tools(without=("protoc*",))
    err = real_project.doit("compile:linux", code=4, env={"PATH": str(path)}).err
    assert "toolchain: protoc 3.21 is needed, found: none" in err
    assert "apt-get install protobuf-compiler" in err
    assert not (real_project.folder("linux") / "native").exists()
