"""Op definitions read from REGISTER_OP, in small trees and in the real ones."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.kernels import make_catalogue
from buildtool.catalogue.op_language import OpWords, compound_types, record
from buildtool.catalogue.opdefs import OpDefinitions, read_definitions
from buildtool.core.values import ArgDef, AttrDef, OpDefinition
from buildtool.model import (
    ModelSource,
    Reading,
    chosen_rewrites,
    read_models,
    read_runtime_facts,
)
from buildtool.model.textformat import encode

OP_H = "#pragma once\n#define REGISTER_OP(name) static auto op = OpDefBuilder(name)\n"
KERNEL_H = "#pragma once\n#define REGISTER_KERNEL_BUILDER(a, ...)\n" \
    "#define REGISTER_SYSTEM_KERNEL_BUILDER(a, ...)\n"  # fmt: skip
TYPES_H = """#ifdef FULL
constexpr DataTypeSet kRealNumberTypes = ToSet(DT_FLOAT) | ToSet(DT_HALF) |
    ToSet(DT_INT32);
inline DataTypeSet RealNumberTypes() { return kRealNumberTypes; }
constexpr DataTypeSet kQuantizedTypes = ToSet(DT_QINT8);
#else
constexpr DataTypeSet kRealNumberTypes = ToSet(DT_FLOAT);
#endif
"""
HEAD = """#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/util/padding.h"
"""
COMPOUND = {"realnumbertype": ("DT_FLOAT", "DT_INT32"), "quantizedtype": ("DT_QINT8",)}


def preprocessor() -> tuple[str, ...]:
    found = next((name for name in ("clang++", "g++") if shutil.which(name)), None)
    if found is None:
        pytest.skip("needs a C++ preprocessor: clang++ or g++")
    return (found, "-E")


def definitions(
    tmp_path: Path, text: str, listed: str = 'op { name: "Add" }', **more: str
) -> Mapping[str, OpDefinition]:
    core = tmp_path / "tree" / "tensorflow" / "core"
    files = {
        "framework/op.h": OP_H,
        "framework/op_kernel.h": KERNEL_H,
        "framework/types.h": TYPES_H,
        "util/padding.h": "std::string GetPaddingAttrString();\n",
        "util/padding.cc": "std::string GetPaddingAttrString() { return \"padding: {'SAME',\"\n"
        "  \" 'VALID'} = 'SAME'\"; }\n",
        "ops/ops.pbtxt": listed,
        "ops/a_ops.cc": HEAD + text,
        **{f"ops/{name}.cc": HEAD + other for name, other in more.items()},
    }
    for name, content in files.items():
        path = core / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return make_catalogue(
        tmp_path / "tree",
        defines=(),
        preprocessor=preprocessor(),
        cache=tmp_path / "cache",
        tree_digest="digest",
    ).definitions


def test_all_that_a_registration_says(tmp_path: Path) -> None:
    found = definitions(
        tmp_path,
        r"""
        constexpr char kMode[] = "mode: {\"a\", 'b, c',}";
        #define FUSED(name, types) REGISTER_OP(name).Attr("T: " types "= DT_FLOAT")
        FUSED("_Fused", "{half, realnumbertype}")
            .Input("x: T").Input( "args : TArgs" ).Input("more: Ref(N *T)").Input("n: 3 * no")
            ;
        FUSED("_FusedWhole", "{half, realnumbertype}")
            .Input("x: T")
            .Input( "args : TArgs" )
            .Input("more: Ref(N *T)")
            .Output("y: int32")
            .Attr("TArgs: list(type) >= 0")
            .Attr("N: int").Attr("least: int>=-2=-1")
            .Attr(GetPaddingAttrString()).Attr(kMode)
            .Attr("strides: list(int) = [1, 2]").Attr("names: list(string) = [ ]")
            .Attr("kinds: list({int32, quantizedtype}) = [DT_INT32]")
            .Attr("shape: shape = { unknown_rank: true }").Attr("f: func")
            .Attr("end: string = '\n'").Attr("scale: float = 1e-3").Attr("on: bool = true")
            .SetIsStateful()
            .SetShapeFn([](InferenceContext* c) { return ")".size() ? f(')', '\'') : c; })
            .Deprecated(9, "Use \"_Other\".")
            .Doc(R"doc(Says ") and "( on two
                lines.)doc");
        REGISTER_OP("_Last");
        """,
    )
    assert sorted(found) == ["Add", "_FusedWhole", "_Last"]
    assert found["_Last"] == OpDefinition(name="_Last")
    assert found["_FusedWhole"] == OpDefinition(
        name="_FusedWhole",
        inputs=(
            ArgDef(name="x", type_attr="T"),
            ArgDef(name="args", type_list_attr="TArgs"),
            ArgDef(name="more", type_attr="T", number_attr="N", is_ref=True),
        ),
        outputs=(ArgDef(name="y", type="DT_INT32"),),
        attrs=(
            AttrDef(
                name="T",
                type="type",
                default="type: DT_FLOAT",
                allowed=("DT_HALF", "DT_FLOAT", "DT_INT32", "DT_HALF"),
            ),
            AttrDef(name="TArgs", type="list(type)", minimum=0),
            AttrDef(name="N", type="int", minimum=1),
            AttrDef(name="least", type="int", default="i: -1", minimum=-2),
            AttrDef(name="padding", type="string", default="s: 'SAME'", allowed=("SAME", "VALID")),
            AttrDef(name="mode", type="string", allowed=("a", "b, c")),
            AttrDef(name="strides", type="list(int)", default="list { i: [1, 2] }"),
            AttrDef(name="names", type="list(string)", default="list { }"),
            AttrDef(
                name="kinds",
                type="list(type)",
                default="list { type: [DT_INT32] }",
                allowed=("DT_INT32", "DT_QINT8"),
            ),
            AttrDef(name="shape", type="shape", default="shape: { unknown_rank: true }"),
            AttrDef(name="f", type="func"),
            AttrDef(name="end", type="string", default=r"s: '\n'"),
            AttrDef(name="scale", type="float", default="f: 1e-3"),
            AttrDef(name="on", type="bool", default="b: true"),
        ),
        stateful=True,
        deprecation='since GraphDef version 9: Use "_Other".',
    )


@pytest.mark.parametrize(
    "words",
    [
        OpWords(["T type"], [], []),
        OpWords(["T: number"], [], []),
        OpWords(["T: {float, number}"], [], []),
        OpWords(["T: {'a', b}"], [], []),
        OpWords(["T: list(type"], [], []),
        OpWords(["T: list(type) = DT_FLOAT"], [], []),
        OpWords(["T: string >= 3"], [], []),
        OpWords(["T: type = DT_FLOAT", "n: int rest"], [], []),
        OpWords([], ["x: T"], []),
        OpWords(["T: int"], ["x: T"], []),
        OpWords(["T: type"], ["x: Ref(T"], []),
        OpWords(["T: type"], ["X: T"], []),
        OpWords(["T: type"], [], ["x: T T"]),
    ],
)
def test_what_is_not_of_the_language(words: OpWords) -> None:
    assert record(words, COMPOUND) is None


def test_lengths_of_arguments_are_one_or_more(tmp_path: Path) -> None:
    found = definitions(
        tmp_path,
        """REGISTER_OP("_A").Attr("N: int").Attr("L: list(type)").Attr("none: list(type) >= 0")
        .Input("a: N * float").Output("b: L").Output("c: none").Output("d: string_ref");
        REGISTER_OP("_B").Output("handle: resource");""",
    )
    assert [attr.minimum for attr in found["_A"].attrs] == [1, 1, 0]
    assert found["_A"].outputs[2].type == "DT_STRING_REF"
    assert found["_B"].stateful
    assert not found["_A"].stateful


def test_the_source_counts_where_the_list_is_older(tmp_path: Path) -> None:
    listed = 'op { name: "Old" attr { name: "was" type: "int" } } op { name: "Gone" }'
    found = definitions(tmp_path, 'REGISTER_OP("Old").Attr("new: int");', listed)
    assert sorted(found) == ["Gone", "Old"]
    assert found["Old"].attrs == (AttrDef(name="new", type="int"),)


def test_two_definitions_of_one_op_are_none(tmp_path: Path) -> None:
    one, other = 'REGISTER_OP("%s").Attr("n: int");', 'REGISTER_OP("%s").Attr("n: bool");'
    found = definitions(
        tmp_path,
        one % "Add" + one % "_A" + one % "_Same",
        b_ops=other % "Add" + other % "_A" + one % "_Same",
    )
    assert sorted(found) == ["Add", "_Same"]
    assert found["Add"] == OpDefinition(name="Add")


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    found = definitions(tmp_path, 'REGISTER_OP("_A").Attr(strings::StrCat("n: ", kind));')
    assert sorted(found) == ["Add"]


def comparable(op: OpDefinition) -> OpDefinition:
    """With defaults as they are encoded, and sets of types in one order."""
    attrs = (
        replace(
            attr,
            default=None if attr.default is None else repr(encode(attr.default, "AttrValue")),
            allowed=tuple(sorted(attr.allowed)),
        )
        for attr in op.attrs
    )
    return replace(op, attrs=tuple(attrs))


def differing(tree: Path, cache: Path, *defines: str) -> tuple[set[str], int]:
    """The ops that the tree's list and its sources define in two ways, and how many there are."""
    listed = OpDefinitions(read_definitions(tree))
    found = make_catalogue(
        tree,
        defines=defines,
        preprocessor=preprocessor(),
        cache=cache,
        tree_digest=str(tree),
    ).definitions
    both = listed.keys() & found.keys()
    return {op for op in both if comparable(listed[op]) != comparable(found[op])}, len(found)


@pytest.mark.real_tree
@pytest.mark.parametrize("defines", [(), ("IS_MOBILE_PLATFORM", "TF_LEAN_BINARY")])
def test_the_real_sources_say_what_their_list_says(
    real_tree: Path, tmp_path: Path, defines: tuple[str, ...]
) -> None:
    assert differing(real_tree, tmp_path, *defines) == (set(), 1643)


@pytest.mark.real_tree
def test_the_types_that_the_real_tree_has_names_for(real_tree: Path) -> None:
    sizes = {word: len(types) for word, types in compound_types(CxxFiles(real_tree)).items()}
    assert sizes == {"numbertype": 19, "numerictype": 19, "realnumbertype": 12, "quantizedtype": 5}


@pytest.mark.real_tree
@pytest.mark.tree_1x
def test_an_old_list_is_older_than_its_sources(tree_1x: Path, tmp_path: Path) -> None:
    found, _ = differing(tree_1x, tmp_path)
    assert found <= {
        *("AvgPool3D", "AvgPool3DGrad", "MaxPool3D", "MaxPool3DGrad"),
        *("DepthwiseConv2dNativeBackpropFilter", "DepthwiseConv2dNativeBackpropInput"),
        *("BoostedTreesCalculateBestGainsPerFeature", "BoostedTreesGetEnsembleStates"),
        *("BoostedTreesPredict", "BoostedTreesTrainingPredict", "BoostedTreesUpdateEnsemble"),
    }


# As TensorFlow before 2.13 wrote it.
FUSED = """
node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }
node { name: 'y' op: '_FusedConv2D' input: 'x' input: 'x' input: 'x'
  attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'num_args' value { i: 1 } }
  attr { key: 'strides' value { list { i: [1, 1, 1, 1] } } }
  attr { key: 'padding' value { s: 'SAME' } }
  attr { key: 'fused_ops' value { list { s: 'BiasAdd' } } } }"""


@pytest.mark.real_tree
def test_a_fused_op_of_an_older_release(real_tree: Path, tmp_path: Path) -> None:
    catalogue = make_catalogue(
        real_tree,
        defines=(),
        preprocessor=preprocessor(),
        cache=tmp_path,
        tree_digest=str(real_tree),
    )
    path = tmp_path / "m.pb"
    path.write_bytes(encode(FUSED, "GraphDef"))

    def read(*rewrites: str) -> Reading:
        return read_models(
            [ModelSource(path=path)],
            definitions=catalogue.definitions,
            registered_ops=[place.op for place in catalogue.ops],
            facts=read_runtime_facts(real_tree),
            rewrites=chosen_rewrites(rewrites, ""),
            cache=tmp_path,
        )

    (problem,) = read().problems
    assert problem.where == "m: node 'y'"
    assert "attribute 'TArgs' is missing and has no default" in problem.what
    assert problem.todo.startswith("add 'fused-ops' to the target's rewrites; or export")
    assert not read("fused-ops").problems
