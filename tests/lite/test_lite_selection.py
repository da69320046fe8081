"""What the models' operators need of TensorFlow Lite, and what is told where it lacks that."""

from __future__ import annotations

from pathlib import Path

import pytest
from tflite import BuiltinOperator

from buildtool.catalogue.lite_kernels import REFERENCE, RESOLVER, read_lite_kernels
from buildtool.core.errors import ConfigError
from buildtool.core.values import KernelCatalogue
from buildtool.model import ModelSource
from buildtool.model.lite.lite_reading import read_lite_models
from buildtool.plan.lite_selection import select_lite
from buildtool.plan.runtime_roots import lite_facts
from buildtool.plan.selection import Selection
from tests.lite.small_models import Op, small_model

TREE = {
    RESOLVER: """
BuiltinOpResolver::BuiltinOpResolver() {
  AddBuiltin(BuiltinOperator_RELU, Register_RELU(), /* min_version = */ 1,
             /* max_version = */ 3);
  // AddBuiltin(BuiltinOperator_ELU, Register_ELU());
  AddBuiltin(BuiltinOperator_CUMSUM, tflite::ops::builtin::Register_CUMSUM(), 2);
  AddBuiltin(BuiltinOperator_RFFT2D, Register_RFFT2D());
  AddCustom("Mfcc", tflite::ops::custom::Register_MFCC());
  AddCustom("TANH", tflite::ops::custom::Register_MFCC());
}
""",
    "tensorflow/lite/kernels/activations.cc": """
TfLiteRegistration* Register_RELU() {
""",
    "tensorflow/lite/kernels/others.cc": """
TfLiteRegistration* Register_CUMSUM() {
TfLiteRegistration* Register_RFFT2D() {

TfLiteRegistration* Register_MFCC() {
""",
    "tensorflow/lite/kernels/others_test.cc": """
TfLiteRegistration* Register_RELU() {
""",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def catalogue(tmp_path: Path) -> KernelCatalogue:
    return read_lite_kernels(write(tmp_path / "tree", TREE), defines=("B", "A"), tree_digest="x")


def select(folder: Path, catalogue: KernelCatalogue, **models: bytes) -> Selection:
    for name, data in models.items():
        (folder / f"{name}.tflite").write_bytes(data)
    reading = read_lite_models([ModelSource(path=folder / f"{name}.tflite") for name in models])
    assert reading.problems == ()
    lacking = lite_facts("2.14.1").lacking
    return select_lite(reading.opset, catalogue, version="2.14.1", lacking=lacking)


def test_the_tree_s_resolver_is_read(catalogue: KernelCatalogue) -> None:
    found = [(k.op, k.label, k.kernel_class, k.source, k.line) for k in catalogue.kernels]
    activations, others = sorted(name for name in TREE if name.endswith(("ons.cc", "ers.cc")))
    custom = "tflite::ops::custom::Register_MFCC"
    assert found == [
        ("CUMSUM", "version 2", "tflite::ops::builtin::Register_CUMSUM", others, 2),
        ("Mfcc", "version 1", custom, others, 5),
        *(
            ("RELU", f"version {n}", "tflite::ops::builtin::Register_RELU", activations, 2)
            for n in (1, 2, 3)
        ),
        ("RFFT2D", "version 1", "tflite::ops::builtin::Register_RFFT2D", others, 3),
        ("TANH", "version 1", custom, others, 5),
    ]
    assert catalogue.defines == ("A", "B")


def test_reference_kernels_stand_where_a_version_has_one(tmp_path: Path) -> None:
    more = {
        REFERENCE: """
  AddBuiltin(BuiltinOperator_RELU, Register_RELU_REF(), 1, 2);
  AddBuiltin(BuiltinOperator_NEW, Register_RELU_REF());
""",
        "tensorflow/lite/kernels/reference.cc": """
TfLiteRegistration* Register_RELU_REF() {
""",
    }
    tree = write(tmp_path, {**TREE, **more})
    found = read_lite_kernels(tree, defines=(), tree_digest="x", reference=True)
    functions = {(k.op, k.label): k.kernel_class.rpartition("::")[2] for k in found.kernels}
    assert [functions["RELU", f"version {n}"] for n in (1, 2, 3)] == [
        "Register_RELU_REF",
        "Register_RELU_REF",
        "Register_RELU",
    ]
    assert functions["CUMSUM", "version 2"] == "Register_CUMSUM"
    assert "NEW" not in {op for op, _ in functions}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("AddBuiltin(BuiltinOperator_A, Find(A));", "this way to register a kernel is not known"),
        (
            "AddBuiltin(BuiltinOperator_A, Register_A());",
            "no file in tensorflow/lite/kernels defines Register_A",
        ),
    ],
)
def test_a_resolver_that_is_written_otherwise_is_told(tmp_path: Path, text: str, said: str) -> None:
    tree = write(tmp_path, {RESOLVER: f"\n  {text}\n"})
    with pytest.raises(ConfigError) as caught:
        read_lite_kernels(tree, defines=(), tree_digest="x")
    assert str(caught.value).startswith(f"{RESOLVER}:2: {said}")


def test_a_tree_without_tensorflow_lite(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this tree's TensorFlow Lite cannot be read"):
        read_lite_kernels(tmp_path, defines=(), tree_digest="x")


def test_the_models_versions_are_selected_and_no_others(
    tmp_path: Path, catalogue: KernelCatalogue
) -> None:
    relu = BuiltinOperator.RELU
    found = select(
        tmp_path,
        catalogue,
        a=small_model(Op(code=relu), Op(code=relu)),
        b=small_model(Op(code=relu, version=2), Op(custom="Mfcc")),
    )
    assert found.problems == ()
    chosen = [(k.registration.op, k.registration.label, k.reason) for k in found.kernels]
    assert chosen == [
        ("Mfcc", "version 1", "used by b (1 node)"),
        ("RELU", "version 1", "used by a (2 nodes), b (1 node)"),
        ("RELU", "version 2", "used by a (2 nodes), b (1 node)"),
    ]
    assert found.types == ("DT_FLOAT",)


def test_all_that_is_lacking_is_told_at_once(tmp_path: Path, catalogue: KernelCatalogue) -> None:
    found = select(
        tmp_path,
        catalogue,
        m=small_model(
            Op(code=BuiltinOperator.RELU, version=4),
            Op(code=BuiltinOperator.TANH),
            Op(code=BuiltinOperator.RFFT2D),
            Op(custom="Own"),
            Op(custom="FlexSoftplus"),
            Op(custom="FlexErf"),
            subgraphs=2,
        ),
    )
    assert found.kernels == ()
    said = {problem.where: f"{problem.what} | {problem.todo}" for problem in found.problems}
    assert list(said) == [
        "m: operator 3 (Own)",
        "m: operator 0 (RELU)",
        "m: operator 2 (RFFT2D)",
        "m: operator 1 (TANH)",
        "m: operator 4 (FlexSoftplus)",
    ]
    assert (
        "Own is a custom op: TensorFlow Lite 2.14.1 has no kernel of it"
        in said["m: operator 3 (Own)"]
    )
    assert (
        "it is of version 4 of RELU; TensorFlow Lite 2.14.1 has the versions 1 to 3 (also "
        "'0 (RELU)') | convert the model again" in said["m: operator 0 (RELU)"]
    )
    assert "fft2d, which is not built" in said["m: operator 2 (RFFT2D)"]
    assert "TensorFlow Lite 2.14.1 has no kernel of TANH" in said["m: operator 1 (TANH)"]
    flex = said["m: operator 4 (FlexSoftplus)"]
    assert "(Select TF ops: Erf, Softplus), which 'runtime: lite' does not have" in flex
    assert "set 'runtime: lite-flex', which has those that the model runs; or convert it" in flex


@pytest.mark.real_tree
def test_the_real_tree_has_a_kernel_for_157_op_codes(real_tree: Path) -> None:
    """Of the 162 in its schema five have none: CALL, CONCAT_EMBEDDINGS, CUSTOM, DELEGATE, and
    PLACEHOLDER_FOR_GREATER_OP_CODES."""
    found = read_lite_kernels(real_tree, defines=(), tree_digest="x")
    builtins = {k.op for k in found.kernels if "::builtin::" in k.kernel_class}
    assert len(builtins) == 157
    customs = {k.op for k in found.kernels} - builtins
    assert customs == {"AudioSpectrogram", "Mfcc", "NumericVerify", "TFLite_Detection_PostProcess"}
    versions = sorted(k.label for k in found.kernels if k.op == "CONV_2D")
    assert versions == [f"version {n}" for n in range(1, 8)]
    assert all((real_tree / kernel.source).is_file() for kernel in found.kernels)
    others = read_lite_kernels(real_tree, defines=(), tree_digest="x", reference=True).kernels
    assert [(k.op, k.label) for k in others] == [(k.op, k.label) for k in found.kernels]
    assert len({k.op for k in others if k.kernel_class.endswith("_REF")}) == 50
