"""Why something is in a library, or why not, for a plan of a few kernels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from buildtool.answers.answer import Answer, Part
from buildtool.answers.explaining import explain
from buildtool.answers.grounds import DefinedSymbol, Grounds, ModelNode
from buildtool.core.errors import ConfigError
from buildtool.core.values import (
    AttrType,
    BuildPlan,
    FileKind,
    KernelCatalogue,
    NodeRef,
    OpDefinition,
    OpRegistration,
    OpUse,
    PlannedFile,
    Registration,
    SelectedKernel,
    SizeContributor,
    SizeReport,
    TypeConstraint,
)
from buildtool.report.page_rendering import render_page

GOLDEN = Path(__file__).parent / "golden"
KERNELS = "tensorflow/core/kernels"


def kernel(
    op: str, *types: str, device: str = "CPU", source: str = "", template: str = ""
) -> Registration:
    constraints = (TypeConstraint(attr="T", types=types),) if types else ()
    name = ", ".join(type_.removeprefix("DT_").lower() for type_ in types)
    return Registration(
        op=op,
        device=device,
        kernel_class=f"{template or op}Op<{device}Device, {name}>" if types else f"{op}Op",
        source=source or f"{KERNELS}/{op.lower()}_op.cc",
        line=7,
        constraints=constraints,
    )


RELU, WIDE_RELU = kernel("Relu", "DT_FLOAT"), kernel("Relu", "DT_DOUBLE")
RELU_GRAD = kernel("ReluGrad", "DT_FLOAT", source=RELU.source)
NO_OP = kernel("NoOp", device="DEFAULT")
NCCL = kernel("Nccl", "DT_FLOAT", device="GPU")
SQUARE = kernel("Square", "DT_FLOAT", source=f"{KERNELS}/cwise_op_square.cc", template="Unary")
OPS = ("LRNGrad", "Nccl", "NoOp", "Relu", "ReluGrad", "Square")
CATALOGUE = KernelCatalogue(
    tree_digest="d",
    defines=("A",),
    kernels=(NCCL, NO_OP, RELU, WIDE_RELU, RELU_GRAD, SQUARE),
    ops=tuple(OpRegistration(op=op, source="tensorflow/core/ops/nn_ops.cc", line=3) for op in OPS),
    definitions={op: OpDefinition(name=op) for op in (*OPS, "Unregistered")},
)


def use(op: str, *nodes: str, added: str = "", **attrs: str) -> OpUse:
    return OpUse(
        op=op,
        attrs=tuple(AttrType(name=name, types=(value,)) for name, value in attrs.items()),
        nodes=tuple(NodeRef(model="m", function="", node=node) for node in nodes),
        added_by_runtime=added,
    )


def file(path: str, kind: FileKind, reason: str = "", root: str = "tensorflow") -> PlannedFile:
    required = kind in (FileKind.KERNEL, FileKind.OP)
    return PlannedFile(root=root, path=path, kind=kind, reason=reason, required=required)


RELU_FILE = file(RELU.source, FileKind.KERNEL, "registers kernels of Relu")
SQUARE_FILE = file(SQUARE.source, FileKind.RUNTIME, "stands in //core/kernels:cwise")
TENSOR, ALLOCATOR, STRINGS, LOGGING = (
    file(f"tensorflow/core/{name}.cc", FileKind.RUNTIME, "stands in //core:framework")
    for name in ("tensor", "allocator", "strings", "logging")
)
MESSAGE = file("src/message.cc", FileKind.DEPENDENCY, "is protobuf's", root="protobuf")
PLAN = BuildPlan(
    target="pi",
    tensorflow_version="2.14.1",
    tree_digest="d",
    models=(),
    defines=("A",),
    compile_flags=(),
    link_flags=(),
    ops=(("NoOp", "tensorflow/core/ops/no_op.cc"), ("Relu", "tensorflow/core/ops/nn_ops.cc")),
    kernels=(
        SelectedKernel(registration=NO_OP, reason="stands for control edges"),
        SelectedKernel(registration=RELU, reason="used by m (2 nodes)"),
    ),
    types=("DT_FLOAT",),
    files=(RELU_FILE, SQUARE_FILE, TENSOR, ALLOCATOR, STRINGS, LOGGING, MESSAGE),
    uses=(
        use("NoOp", added="stands for control edges"),
        use("Relu", "act", "act_1", T="DT_FLOAT"),
    ),
)
PLANNED = Grounds(plan=PLAN, catalogue=CATALOGUE, build="doit build:pi")


def asked(file: PlannedFile, symbol: str, asker: PlannedFile) -> PlannedFile:
    reason = f"defines {symbol}, which {asker.path} needs"
    return dataclasses.replace(file, symbol=symbol, asked_by=asker.key, reason=reason)


@pytest.fixture
def built(tmp_path: Path) -> Grounds:
    """The same plan, built: the linker kept nothing of ``logging.cc``."""
    link_map = tmp_path / "runner.map"
    link_map.write_text(MAP, encoding="utf-8")
    return dataclasses.replace(
        PLANNED,
        linked=(
            RELU_FILE,
            asked(TENSOR, "tensorflow::Tensor::flat()", RELU_FILE),
            asked(ALLOCATOR, "tensorflow::Allocate()", TENSOR),
            asked(LOGGING, "tensorflow::Log()", ALLOCATOR),
        ),
        size=SizeReport(
            target="pi",
            archive=1,
            linked=2,
            stripped=2_000,
            gzip=1,
            xz=1,
            dependencies=(),
            files=tuple(
                SizeContributor(name=name, size=size)
                for name, size in {
                    RELU.source: 500,
                    f"{TENSOR.path} or tensorflow/c/tensor.cc": 200,
                    ALLOCATOR.path: 100,
                }.items()
            ),
            ops=(),
        ),
        link_map=link_map,
        file_nodes=lambda: (ModelNode(model="m", node="loss", op="Square"),),
        archived=lambda: (DefinedSymbol(name="tensorflow::Log(int)", member="a.a(logging.cc.o)"),),
    )


MAP = """\
     VMA      LMA     Size Align Out     In      Symbol
    1000     1000      300    16 .text
    1000     1000       80     4         /b/libtensorflow.a(tensor.cc.o):(.text._ZN10tensorflow6Te)
    1000     1000       80     1                 tensorflow::Tensor::flat()
    1000     1000       80     1                 tensorflow::Tensor::flat()
    1080     1080       40     4         /b/libtensorflow.a(relu_op.cc.o):(.text._ZN1)
    1080     1080       40     1                 tensorflow::ReluOp<float>::flat(int)
    2000     2000       40     4 .bss
    2000     2000       40     4         /b/libtensorflow.a(relu_op.cc.o):(.bss.x)
    2000     2000       40     1                 tensorflow::zeros
"""


def only(answers: Sequence[Answer]) -> Answer:
    (answer,) = answers
    return answer


def test_an_op_that_runs_is_told_with_its_nodes_and_bytes(built: Grounds) -> None:
    answer = only(explain("Relu", built))
    assert (answer.kind, answer.included, answer.todo) == ("op", True, ())
    assert answer.summary == "it is run by m (2 nodes)"
    assert [(node.node, node.types) for node in answer.nodes] == [
        ("act", "T=float"),
        ("act_1", "T=float"),
    ]
    assert [(k.kernel_class, k.line, k.types) for k in answer.kernels] == [
        ("ReluOp<CPUDevice, float>", 7, "T: float")
    ]
    assert answer.places == ("the op is registered in tensorflow/core/ops/nn_ops.cc:3",)
    assert answer.parts == (Part(name=RELU.source, size=500),)


def test_without_a_build_there_are_no_bytes_but_what_to_type() -> None:
    answer = only(explain("Relu", PLANNED))
    assert answer.parts == ()
    assert "doit build:pi" in answer.todo[0]


def test_an_op_of_the_runtime_says_why() -> None:
    answer = only(explain("NoOp", PLANNED))
    assert answer.summary == "no model runs it: the runtime itself does"
    assert answer.reasons == ("the runtime asks for it: stands for control edges",)


def test_an_op_that_no_model_has(built: Grounds) -> None:
    answer = only(explain("ReluGrad", built))
    assert not answer.included
    assert answer.summary == "no model has it"
    assert "model=FILE" in answer.todo[0]
    assert [k.reason for k in answer.kernels] == [""]


def test_an_op_whose_nodes_do_not_run_names_them(built: Grounds) -> None:
    answer = only(explain("Square", built))
    assert answer.summary == "no model runs it"
    assert "m: 'loss'" in answer.reasons[0]
    node = only(explain("loss", built))
    assert (node.kind, node.included) == ("node", False)
    assert "(Square)" in node.summary


def test_an_op_for_another_device_only() -> None:
    answer = only(explain("Nccl", PLANNED))
    assert answer.reasons == ("the tree has kernels of it only for other devices: GPU",)
    assert "runs on a CPU" in answer.todo[0]


def test_an_op_behind_a_define_names_it(tmp_path: Path) -> None:
    source = tmp_path / KERNELS / "lrn_op.cc"
    source.parent.mkdir(parents=True)
    text = '#ifdef FULL\nREGISTER_KERNEL_BUILDER(Name("LRNGrad").Device(DEVICE_CPU), A);\n#endif\n'
    source.write_text(text, encoding="utf-8")
    answer = only(explain("LRNGrad", dataclasses.replace(PLANNED, tree=tmp_path)))
    where = f"{KERNELS}/lrn_op.cc:2"
    assert answer.reasons == (f"a kernel of it on CPU stands in {where}, behind '#ifdef FULL'",)
    unknown = only(explain("LRNGrad", PLANNED))
    assert "not on this machine" in unknown.todo[0]


def test_an_op_that_is_defined_and_not_registered() -> None:
    assert "under none of this target's macros" in only(explain("Unregistered", PLANNED)).reasons[0]


def test_a_kernel_class_by_its_whole_name_or_its_template() -> None:
    for name in ("ReluOp<CPUDevice,float>", "ReluOp"):
        answer = only(explain(name, PLANNED))
        assert (answer.name, answer.included) == ("ReluOp<CPUDevice, float>", True)
        assert answer.summary == "Relu: used by m (2 nodes)"


def test_a_kernel_class_for_other_types_or_another_device() -> None:
    answer = only(explain("ReluOp<CPUDevice, double>", PLANNED))
    assert not answer.included
    assert answer.summary == "Relu runs with other types: T=float"
    assert "'Relu:ReluOp<CPUDevice, double>'" in answer.todo[0]
    assert only(explain("NcclOp", PLANNED)).summary == "it is for another device: GPU"
    assert only(explain("UnaryOp", PLANNED)).summary == "no model runs Square"


def test_the_chain_of_a_file_goes_up_to_one_that_is_there_of_itself(built: Grounds) -> None:
    answer = only(explain("allocator.cc", built))
    assert answer.included
    assert [(link.file, link.symbol) for link in answer.chain] == [
        (ALLOCATOR.path, "tensorflow::Allocate()"),
        (TENSOR.path, "tensorflow::Tensor::flat()"),
        (RELU.source, ""),
    ]
    assert answer.chain[-1].reason == "registers kernels of Relu"
    assert answer.parts == (Part(name=ALLOCATOR.path, size=100),)


def test_a_file_that_shares_its_line_is_told_with_its_namesake(built: Grounds) -> None:
    answer = only(explain(TENSOR.path, built))
    assert answer.parts == (Part(name=f"{TENSOR.path} or tensorflow/c/tensor.cc", size=200),)


def test_a_linked_file_of_which_the_linker_kept_nothing(built: Grounds) -> None:
    assert "kept no byte" in only(explain("logging.cc", built)).reasons[0]


def test_files_that_are_not_linked(built: Grounds, tmp_path: Path) -> None:
    answer = only(explain("core/strings.cc", built))
    assert not answer.included
    assert "no linked file asks" in answer.summary
    square = only(explain("cwise_op_square.cc", built))
    assert "it registers kernels of Square, which no model runs" in square.reasons
    assert only(explain("protobuf:src/message.cc", built)).name == "protobuf: src/message.cc"
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "other.cc").touch()
    (tmp_path / "tensorflow" / "other.h").touch()
    here = dataclasses.replace(built, tree=tmp_path)
    assert "do not offer it" in only(explain("tensorflow/other.cc", here)).summary
    assert "it is a header" in only(explain("tensorflow/other.h", here)).summary


def test_planned_files_of_a_target_that_is_not_built() -> None:
    assert only(explain("relu_op.cc", PLANNED)).included
    assert only(explain("strings.cc", PLANNED)).summary.startswith("only if a symbol asks for it")


@pytest.mark.parametrize("name", ["float", "DT_FLOAT", "float32"])
def test_a_type_by_any_of_its_names(built: Grounds, name: str) -> None:
    answer = only(explain(name, built))
    assert (answer.name, answer.summary) == ("float", "2 nodes run with it")
    assert answer.parts == (Part(name=RELU.source, size=500),)


def test_a_type_that_no_node_has() -> None:
    answer = only(explain("double", PLANNED))
    assert not answer.included
    assert "kernels of 1 op for it" in answer.reasons[0]
    assert "no kernel that names it" in only(explain("qint8", PLANNED)).reasons[0]


def test_a_node_says_what_serves_it() -> None:
    answer = only(explain("act_1", PLANNED))
    assert (answer.kind, answer.name) == ("node", "m: node 'act_1'")
    assert [node.node for node in answer.nodes] == ["act_1"]
    assert [k.kernel_class for k in answer.kernels] == ["ReluOp<CPUDevice, float>"]


def test_a_symbol_is_found_in_the_linkers_map(built: Grounds) -> None:
    answer = only(explain("tensorflow::Tensor::flat", built))
    assert answer.included
    assert answer.parts == (Part(name="tensorflow::Tensor::flat()", size=0x80),)
    assert answer.chain[0].file == TENSOR.path
    both = explain("flat", built)
    assert [answer.parts[0].size for answer in both] == [0x80, 0x40]


def test_a_symbol_that_the_linker_dropped(built: Grounds) -> None:
    answer = only(explain("tensorflow::Log", built))
    assert not answer.included
    assert answer.reasons == (f"the library defines it in {LOGGING.path}",)
    assert [link.file for link in answer.chain][-1] == RELU.source


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Rleu", "'Relu'"),
        ("RELU", "'Relu'"),
        ("ReluOpp", "'ReluOp'"),
        ("alocator.cc", "'allocator"),
    ],
)
def test_what_is_nothing_is_told_with_what_is_near(word: str, meant: str) -> None:
    with pytest.raises(ConfigError) as failure:
        explain(word, PLANNED)
    (problem,) = failure.value.problems
    assert meant in problem.todo
    assert "symbols are known once the library is built" in problem.todo


def test_the_text(built: Grounds, golden: Callable[[Path, str], None]) -> None:
    words = ("Relu", "Nccl", "act", "allocator.cc", "double", "tensorflow::Log")
    answers = [answer for word in words for answer in explain(word, built)]
    text = render_page("explain.txt.j2", answers=answers, built=True, most=1, stripped=2_000)
    golden(GOLDEN / "explain.txt", text)
