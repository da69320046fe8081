"""One project is built for the Raspberry Pi, in an oddly named folder; then things change in it,
and what is done again is exactly what depends on them."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import PROJECT
from tests.models.lookup_table import lookup_table

if TYPE_CHECKING:
    from tests.cli.conftest import BuiltProject

pytestmark = [pytest.mark.real_tree, pytest.mark.build]

ALL = ["plan:pi", "generate:pi", "compile:pi", "size:pi", "verify:pi", "build:pi"]
OTHER = """
node { name: "a" op: "Placeholder" attr { key: "dtype" value { type: DT_INT32 } } }
node { name: "b" op: "Neg" input: "a" attr { key: "T" value { type: DT_INT32 } } }
versions { producer: 1575 }
"""
QUANTIZED = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: 64 } } } } }
node { name: "low" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: -0.3 tensor_shape {} } } } }
node { name: "high" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: 1.1 tensor_shape {} } } } }
node { name: "q" op: "QuantizeV2" input: "x" input: "low" input: "high"
       attr { key: "T" value { type: DT_QUINT8 } } attr { key: "mode" value { s: "MIN_FIRST" } } }
node { name: "y" op: "Dequantize" input: "q" input: "q:1" input: "q:2"
       attr { key: "T" value { type: DT_QUINT8 } } attr { key: "mode" value { s: "MIN_FIRST" } } }
versions { producer: 1575 }
"""

PICTURE = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_UINT8 } }
       attr { key: "shape" value { shape { dim { size: 9 } dim { size: 7 } dim { size: 3 } } } } }
node { name: "png" op: "EncodePng" input: "x" attr { key: "T" value { type: DT_UINT8 } } }
node { name: "same" op: "DecodePng" input: "png" attr { key: "channels" value { i: 3 } }
       attr { key: "dtype" value { type: DT_UINT8 } } }
node { name: "jpeg" op: "EncodeJpeg" input: "same" attr { key: "quality" value { i: 80 } } }
node { name: "like" op: "DecodeJpeg" input: "jpeg" attr { key: "channels" value { i: 3 } } }
versions { producer: 1575 }
"""


def test_each_step_says_in_a_line_what_it_did(built: BuiltProject) -> None:
    assert sorted(built.first.steps) == sorted(ALL)
    said = dict(line.split(": ", 1) for line in built.first.lines)
    assert "11 ops, 11 kernels, " in said["plan:pi"]
    assert " files linked (8 with kernels), " in said["compile:pi"]
    assert "1 models run, " in said["verify:pi"]
    assert said["size:pi"].startswith("archive ")
    assert said["build:pi"].startswith("library in build/pi/dist, report in build/pi/report.html (")


def test_all_that_belongs_to_the_target_stands_in_its_folder(built: BuiltProject) -> None:
    for name in (
        *("plan.json", "report.json", "report.txt", "report.html", "logs/compile.log"),
        *("generated/ops_to_register.h", "generated/tf_op_files.txt", "generated/link_flags.txt"),
        *("generated/native/CMakeLists.txt", "dist/lib/libtensorflow.a", "dist/flags.json"),
        *("dist/lib/libtensorflow_deps.a", "dist/licences/tensorflow-2.14.1/LICENSE"),
        "dist/include/tensorflow/core/public/session.h",
    ):
        assert (built.folder / name).is_file(), name
    assert not list(built.folder.rglob("*.tmp"))


def test_an_odd_name_is_shown_as_it_is(built: BuiltProject, odd_model: str) -> None:
    report = json.loads((built.folder / "report.json").read_text("utf-8"))
    assert report["proved"] is True
    assert odd_model in (built.folder / "report.txt").read_text("utf-8")
    html = (built.folder / "report.html").read_text("utf-8")
    assert "$HOME %d &lt;b&gt;" in html
    assert "<b>" not in html


def test_the_page_knows_why_each_part_is_in(built: BuiltProject) -> None:
    html = (built.folder / "report.html").read_text("utf-8")
    found = re.search(r'<script id="data" type="application/json">(.*)</script>', html)
    assert found
    data = json.loads(found[1])
    sizes = json.loads((built.folder / "size.json").read_text("utf-8"))["size"]
    assert [part[:2] for part in data["parts"]] == [
        [each["name"], each["size"]] for each in sizes["files"]
    ]
    # All but what the linker, the compiler, the C library and the runner bring.
    planned = sum(size for _, size, _, files, _ in data["parts"] if files)
    assert planned > 0.8 * data["total"]
    kernels = [number for part in data["parts"] for number in part[4]]
    assert sorted(kernels) == list(range(11))
    assert [noun for noun, _ in data["views"]] == ["dependency", "kernel", "type"]


def test_nothing_that_is_generated_names_a_place_of_this_machine(built: BuiltProject) -> None:
    places = (str(built.project.root), built.project.env["BUILDTOOL_CACHE"], "/buildtool-")
    for name in ("plan.json", "report.json", "report.html", "size.json", "verification.json"):
        text = (built.folder / name).read_text("utf-8")
        assert [place for place in places if place in text] == [], name
    for path in (built.folder / "generated").rglob("*"):
        text = path.read_text("utf-8") if path.is_file() else ""
        assert [place for place in places if place in text] == [], path
    for path in (built.folder / "dist").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert [place for place in places if place.encode() in content] == [], path


def test_a_second_build_does_nothing(built: BuiltProject) -> None:
    before = built.files() | built.objects()
    again = built.project.doit("build:pi")
    assert again.out == "build:pi: up to date\n"
    assert again.err == ""
    assert built.files() | built.objects() == before


@pytest.mark.parametrize("step", ["plan", "generate", "compile", "verify", "size"])
def test_each_step_runs_alone(built: BuiltProject, step: str) -> None:
    assert built.project.doit(f"{step}:pi").out == f"{step}:pi: up to date\n"
    assert "up-to-date" in built.project.doit("info", f"{step}:pi").out


def test_a_profile_is_measured_each_time_and_compared(built: BuiltProject) -> None:
    (path,) = (built.project.root / "models").glob("*.pb")
    for runs in (2, 3):
        ended = built.project.doit("profile:pi", f"runs={runs}", "against=pi")
        assert ended.steps == ["profile:pi"]
        assert (
            "which is no measure of the device's speed; tables and pages in build/pi" in ended.out
        )
        profile = json.loads((built.folder / f"profile/{path.stem}.json").read_text("utf-8"))
        assert (len(profile["plain"]), len(profile["traced"])) == (runs, runs)
    ops = {each["op"]: each["nodes"] for each in profile["ops"]}
    assert (ops["MatMul"], ops["BiasAdd"], ops["Softmax"]) == (2, 2, 1)
    assert profile["where"]["emulated"] is True
    err = built.project.doit("profile:pi", "against=linux", code=3).err
    assert "against=linux: there is no profile of " in err
    assert "doit profile:linux model=" in err
    assert built.project.doit("build:pi").out == "build:pi: up to date\n"


@pytest.mark.usefixtures("as_it_was")
def test_another_model_compiles_only_what_registers_otherwise(
    built: BuiltProject, small_model: str
) -> None:
    small = built.model("small.pbtxt", small_model)
    objects, kernels = built.objects(), built.kernels()
    ended = built.project.doit("build:pi", f"model={small}")
    assert sorted(ended.steps) == sorted(ALL)
    assert {op for op, _ in kernels - built.kernels()} == {"BiasAdd", "Softmax"}
    assert built.remade(objects) == {"nn_ops.cc"}
    listed = (built.folder / "generated" / "tf_op_files.txt").read_text("utf-8")
    assert "softmax_op.cc" not in listed
    assert "relu_op.cc" in listed


@pytest.mark.usefixtures("as_it_was")
def test_several_models_give_the_union_and_are_all_run(
    built: BuiltProject, small_model: str
) -> None:
    (digits,) = (built.project.root / "models").glob("*.pb")
    small = built.model("small.pbtxt", small_model)
    objects, kernels = built.objects(), built.kernels()
    ended = built.project.doit("build:pi", f"model={small},{digits}")
    assert ", 2 models run, " in ended.out
    assert built.kernels() == kernels
    assert built.remade(objects) == set()


@pytest.mark.usefixtures("as_it_was")
def test_eight_bit_kernels_compute_as_on_other_processors(built: BuiltProject) -> None:
    """It is planned here, not built: what comes out is in docs/results.md."""
    quantized = built.model("quantized.pbtxt", QUANTIZED)
    built.project.doit("plan:pi", f"model={quantized}")
    plan = json.loads((built.folder / "plan.json").read_text("utf-8"))
    (note,) = [note for note in plan["notes"] if "eight-bit" in note]
    assert "kernels of Dequantize, QuantizeV2 (quantized: node 'y'; quantized: node 'q')" in note
    assert "TENSORFLOW_DISABLE_META" in plan["defines"]


@pytest.mark.usefixtures("as_it_was")
def test_a_table_is_filled_before_the_model_runs(built: BuiltProject) -> None:
    table = built.model("table.pbtxt", lookup_table("shape { dim { size: 64 } }"))
    ended = built.project.doit("build:pi", f"model={table}")
    assert ", 1 models run, largest difference 0" in ended.out
    report = json.loads((built.folder / "report.json").read_text("utf-8"))
    assert any('runs once session->Run({}, {}, {"init"}' in note for note in report["notes"])
    use = json.loads((built.folder / "dist" / "models" / "table.json").read_text("utf-8"))
    assert use["run_once"] == ["init"]
    assert (built.folder / "dist" / "models" / "table.pb").is_file()
    (check,) = report["verification"]["models"]
    assert [output["name"] for output in check["outputs"]] == ["out:0"]
    values = (built.folder / "verify" / "model-0" / "0.bin").read_bytes()
    # The inputs are 0 to 3, of which the table knows two.
    assert {value for (value,) in struct.iter_unpack("<q", values)} == {-1, 10, 20}


@pytest.mark.usefixtures("as_it_was")
def test_libraries_are_built_for_the_ops_that_need_them(built: BuiltProject) -> None:
    """A picture becomes a PNG file, that the same picture again, and this a JPEG file and back."""
    licences = built.folder / "dist" / "licences"
    assert not list(licences.glob("libpng*"))
    bill = json.loads((built.folder / "dist" / "sbom.cdx.json").read_text("utf-8"))
    named = {each["name"] for each in bill["components"] if each["type"] == "library"}
    assert {"eigen", "protobuf", "tensorflow"} <= named
    assert len(named) == len(list(licences.iterdir()))
    objects = built.objects()
    picture = built.model("picture.pbtxt", PICTURE)
    ended = built.project.doit("build:pi", f"model={picture}")
    assert ", 1 models run, largest difference 0" in ended.out
    # Nothing else is compiled in another way for them.
    assert built.remade(objects) <= {"image_ops.cc", "nn_ops.cc"}
    report = json.loads((built.folder / "report.json").read_text("utf-8"))
    said = "EncodePng (used by picture (1 node)): libpng-1.6.39, zlib-1.2.13"
    assert any(note.endswith(said) for note in report["notes"])
    for name in ("libjpeg-turbo-2.1.5", "libpng-1.6.39", "zlib-1.2.13", "giflib-5.2.1"):
        assert list((licences / name).iterdir()), name
    sizes = {each["name"]: each["size"] for each in report["size"]["dependencies"]}
    assert sizes["libjpeg-turbo"] > sizes["libpng"] > 10_000
    assert "icu" not in sizes


@pytest.mark.usefixtures("as_it_was")
def test_a_model_is_named_from_where_one_stands(built: BuiltProject) -> None:
    other = built.model("other.pbtxt", OTHER)
    (digits,) = (built.project.root / "models").glob("*.pb")
    kernels = built.kernels()
    words = ("-f", str(built.project.root / "dodo.py"), "plan:pi", f"model={other.name},{digits}")
    built.project.doit(*words, cwd=other.parent, env={"PYTHONPATH": str(built.project.root)})
    assert {op for op, _ in built.kernels() - kernels} == {"Neg"}
    assert kernels < built.kernels()


@pytest.mark.usefixtures("as_it_was")
def test_a_template_changes_what_is_made_of_it_and_no_object(built: BuiltProject) -> None:
    template = built.project.root / "templates" / "dist" / "tensorflow.pc.j2"
    objects, files, text = built.objects(), built.files(), template.read_text("utf-8")
    template.write_text(text + "# changed\n", encoding="utf-8")
    ended = built.project.doit("build:pi")
    template.write_text(text, encoding="utf-8")
    assert "generate:pi: 1 files changed" in ended.out
    changed = {name for name, time in built.files().items() if files.get(name) != time}
    assert built.remade(objects) == set()
    assert {name for name in changed if name.startswith(("dist", "generated"))} == {
        "dist/lib/pkgconfig/tensorflow-selective.pc",
        *({"dist/manifest.json"} & changed),
    }


@pytest.mark.usefixtures("as_it_was")
def test_a_model_that_only_looks_changed_changes_nothing(built: BuiltProject) -> None:
    (digits,) = (built.project.root / "models").glob("*.pb")
    os.utime(digits)
    assert built.project.doit("build:pi").out == "build:pi: up to date\n"


@pytest.mark.usefixtures("as_it_was")
def test_what_is_deleted_comes_back_and_only_that_is_done(built: BuiltProject) -> None:
    objects = built.objects()
    (built.folder / "size.json").unlink()
    assert built.project.doit("build:pi").steps == ["size:pi"]
    shutil.rmtree(built.folder / "dist")
    assert set(built.project.doit("build:pi").steps) >= {"compile:pi"}
    assert built.remade(objects) == set()
    files = {name for name in built.files() if name.startswith("dist/")}
    assert files >= {"dist/flags.json", "dist/lib/libtensorflow.a", "dist/link_flags.txt"}


@pytest.mark.usefixtures("as_it_was")
def test_clean_and_forget_do_again_just_what_they_name(built: BuiltProject) -> None:
    built.project.doit("clean", "verify:pi")
    assert not (built.folder / "verification.json").exists()
    assert not (built.folder / "verify").exists()
    assert (built.folder / "dist").is_dir()
    assert built.project.doit("build:pi").steps == ["verify:pi", "build:pi"]
    built.project.doit("forget", "size:pi")
    assert built.project.doit("build:pi").steps == ["size:pi"]


@pytest.mark.usefixtures("as_it_was")
def test_without_an_emulator_the_library_is_made_and_the_proof_waits(
    built: BuiltProject, tools: Callable[..., Path]
) -> None:
    built.project.doit("forget", "verify:pi")
    path = tools(without=("qemu-*",))
    err = built.project.doit("build:pi", code=4, env={"PATH": str(path)}).err
    assert "verify:pi failed" in err
    assert "the emulator 'qemu-arm-static' is not installed" in err
    assert "apt-get install qemu-user-static" in err
    assert built.project.doit("build:pi").steps == ["verify:pi", "build:pi"]


def test_everything_of_a_target_can_be_cleaned(built: BuiltProject) -> None:
    built.project.doit("clean", "-c", "build:pi", "profile:pi")
    left = [path.name for path in built.folder.rglob("*") if path.is_file()]
    assert left == [".lock"]
    assert sorted(built.project.doit("build:pi").steps) == sorted(ALL)
    assert built.library == built.archive


@pytest.mark.usefixtures("as_it_was")
def test_what_is_in_it_is_explained_and_why(built: BuiltProject) -> None:
    """In less than a second, and nothing is done anew."""
    words = ("MatMul", "LRNGrad", "descriptor.cc", "tensorflow::Tensor::SummarizeValue")
    said = built.project.doit("explain:pi", *words)
    assert said.steps == ["explain:pi"]
    found = json.loads((built.folder / "explain" / "answer.json").read_text("utf-8"))
    answers = {
        (answer["kind"], answer["name"].rpartition("/")[2]): answer for answer in found["answers"]
    }
    matmul, descriptor = answers["op", "MatMul"], answers["file", "descriptor.cc"]
    assert len(matmul["nodes"]) == 2
    assert matmul["parts"][0]["size"] > 100_000
    assert any("IS_MOBILE_PLATFORM" in each for each in answers["op", "LRNGrad"]["reasons"])
    assert len(descriptor["chain"]) > 2
    symbol = answers["symbol", "tensorflow::Tensor::SummarizeValue"]
    assert symbol["chain"][0]["file"] == "tensorflow/core/framework/tensor.cc"


@pytest.mark.usefixtures("as_it_was")
def test_its_fingerprint_says_what_made_it_and_its_texts_what_runs_on_it(
    built: BuiltProject, tmp_path: Path
) -> None:
    """Also of the stripped program; one kernel that a model lacks is told by its node."""
    (tmp_path / "other.pbtxt").write_text(OTHER)
    files = ("build/pi/runner/runner-stripped", "build/pi/dist/lib/libtensorflow.a")
    said = built.project.doit("identify", *files, f"model={PROJECT}/models/digits.pb").out
    assert said.count(", that of pi here") == 2
    assert said.count("digits.pb: will run: ") == 2
    refused = built.project.doit("identify", files[0], f"model={tmp_path}/other.pbtxt", code=5)
    assert "other: node 'b': op Neg with T=int32: it has no kernel of it" in refused.out
    assert "runner-stripped: " in refused.err
    assert "other.pbtxt will not run on it: it has not what Neg" in refused.err


@pytest.mark.usefixtures("as_it_was")
def test_what_a_second_model_would_cost_is_told_and_nothing_changes(
    built: BuiltProject, tmp_path: Path
) -> None:
    (tmp_path / "other.pbtxt").write_text(OTHER)
    before, objects = built.files(), built.objects()
    said = built.project.doit("what-if:pi", f"model={tmp_path}/other.pbtxt")
    assert said.steps == ["what-if:pi"]
    assert (built.files(), built.objects()) == (before, objects)
    found = json.loads((built.folder / "what-if" / "what-if.json").read_text("utf-8"))
    assert found["models"] == {"new": ["other"], "gone": []}
    assert found["ops"] == {"new": ["Neg"], "gone": []}
    assert found["kernels_gone"] == []
    assert "tensorflow/core/kernels/cwise_op_neg_1.cc" in found["files"]["new"]
    assert found["size"]["error"] < 100_000
    assert 3_000 < found["size"]["change"] < 150_000
    assert found["stripped"] > 1_000_000
    (tmp_path / "wrong.pbtxt").write_text(OTHER.replace("Neg", "Nix"))
    refused = built.project.doit("what-if:pi", f"model={tmp_path}/wrong.pbtxt", code=5)
    assert "wrong: node 'b': op Nix" in refused.err
    assert (built.files(), built.objects()) == (before, objects)


@pytest.mark.usefixtures("as_it_was")
def test_without_its_reports_a_target_is_explained_without_bytes(built: BuiltProject) -> None:
    built.project.doit("clean", "size:pi")
    said = built.project.doit("explain:pi", "MatMul").out
    assert "op MatMul: to be in the library" in said
    assert "doit build:pi says how many bytes it takes" in said


@pytest.mark.usefixtures("as_it_was")
def test_a_build_is_compared_with_a_report(built: BuiltProject, tmp_path: Path) -> None:
    """Nothing differs from itself; against a smaller one the limit is exceeded."""
    report = built.folder / "report.json"
    shutil.copy(report, tmp_path / "old.json")
    said = built.project.doit("diff:pi", f"against={tmp_path}/old.json", "grow=0")
    assert said.steps == ["diff:pi"]
    assert "nothing differs" in said.out
    values = json.loads(report.read_text("utf-8"))
    values["size"]["stripped"] -= 60_000
    values["kernels"] = values["kernels"][1:]
    (tmp_path / "old.json").write_text(json.dumps(values), encoding="utf-8")
    err = built.project.doit("diff:pi", f"against={tmp_path}/old.json", "grow=50kB", code=8).err
    assert "the stripped program has grown by 60,000 bytes" in err
    found = json.loads((built.folder / "diff" / "diff.json").read_text("utf-8"))
    assert found["grown"] == 60_000
    assert [len(each["came"]) for each in found["names"] if each["kind"] == "kernel"] == [1]
    assert "+60,000 bytes (stripped)" in (built.folder / "diff" / "diff.md").read_text("utf-8")
