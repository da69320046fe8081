"""Registrations found in small trees that have what is hard about TensorFlow's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from buildtool.catalogue.kernels import make_catalogue
from buildtool.core.errors import ConfigError, ToolError
from buildtool.core.values import AttrCondition, KernelCatalogue, Registration, TypeConstraint

OP_KERNEL_H = """
#ifndef OP_KERNEL_H_
#define OP_KERNEL_H_
#include <string>
#include "tensorflow/core/framework/node_def.pb.h"
#include "ops_to_register.h"
#define REGISTER_KERNEL_BUILDER(kernel_builder, ...) \\
  REGISTER_KERNEL_BUILDER_UNIQ_HELPER(__COUNTER__, kernel_builder, __VA_ARGS__)
#define REGISTER_SYSTEM_KERNEL_BUILDER(kernel_builder, ...) \\
  REGISTER_KERNEL_BUILDER_UNIQ_HELPER(__COUNTER__, kernel_builder, __VA_ARGS__)
#endif
"""
OP_H = "#pragma once\n#define REGISTER_OP(name) static auto op = OpDefBuilder(name)\n"
TYPES_CC = 'const char* const DEVICE_CPU = "CPU";\nconst char* const DEVICE_GPU = "GPU";\n'
TYPES_H = "extern const char* const DEVICE_CPU;\nextern const char* const DEVICE_GPU;\n"
HEAD = """#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/types.h"
"""


def tree_of(root: Path, files: dict[str, str]) -> Path:
    base = {
        "tensorflow/core/framework/op_kernel.h": OP_KERNEL_H,
        "tensorflow/core/framework/op.h": OP_H,
        "tensorflow/core/framework/types.h": TYPES_H,
        "tensorflow/core/framework/types.cc": TYPES_CC,
        "tensorflow/core/ops/ops.pbtxt": 'op { name: "Add" }\n',
    }
    for name, text in (base | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def preprocessor() -> tuple[str, ...]:
    found = next((name for name in ("clang++", "g++") if shutil.which(name)), None)
    if found is None:
        pytest.skip("needs a C++ preprocessor: clang++ or g++")
    return (found, "-E")


def catalogue_of(tmp_path: Path, files: dict[str, str], *defines: str) -> KernelCatalogue:
    tree = tree_of(tmp_path / "tree with spaces", files)
    return make_catalogue(
        tree,
        defines=defines,
        preprocessor=preprocessor(),
        cache=tmp_path / "cache",
        tree_digest="digest",
    )


def kernels_of(tmp_path: Path, text: str, *defines: str) -> tuple[Registration, ...]:
    files = {"tensorflow/core/kernels/a_op.cc": HEAD + text}
    return catalogue_of(tmp_path, files, *defines).kernels


def one(tmp_path: Path, text: str) -> Registration:
    (kernel,) = kernels_of(tmp_path, text)
    return kernel


def test_everything_that_a_builder_can_say(tmp_path: Path) -> None:
    kernel = one(
        tmp_path,
        """REGISTER_KERNEL_BUILDER(Name("Add").Device(DEVICE_CPU)
            .Label("eigen").Priority(3).HostMemory("x").HostMemory("y")
            .TypeConstraint<float>("T").TypeConstraint("U", {DT_INT32, DT_INT64})
            .TypeConstraint("V", DT_BOOL).TypeConstraint("W", DataTypeToEnum<double>::v())
            .AttrConstraint("data_format", "NHWC").AttrConstraint<bool>("is_max", true),
            AddOp< CPUDevice,  float>);""",
    )
    assert kernel.line in range(3, 9)
    assert kernel == Registration(
        op="Add",
        device="CPU",
        kernel_class="AddOp< CPUDevice, float>",
        source="tensorflow/core/kernels/a_op.cc",
        line=kernel.line,
        label="eigen",
        priority=3,
        host_memory=("x", "y"),
        constraints=(
            TypeConstraint(attr="T", types=("DT_FLOAT",)),
            TypeConstraint(attr="U", types=("DT_INT32", "DT_INT64")),
            TypeConstraint(attr="V", types=("DT_BOOL",)),
            TypeConstraint(attr="W", types=("DT_DOUBLE",)),
        ),
        conditions=(
            AttrCondition(attr="data_format", values=("NHWC",)),
            AttrCondition(attr="is_max", values=("true",)),
        ),
    )


def test_class_is_the_text_after_all_macros(tmp_path: Path) -> None:
    kernels = kernels_of(
        tmp_path,
        """
        #define TF_CALL_float(m) m(::tensorflow::float32)
        #define TF_CALL_int64(m) m(int64_t)
        #define TF_CALL_ALL(m) TF_CALL_float(m) TF_CALL_int64(m)
        #define REGISTER_INDEXED(T, Index) REGISTER_KERNEL_BUILDER( \\
            Name("Gather").Device(DEVICE_CPU).TypeConstraint<Index>("Tindices"), \\
            GatherOp<T, Index>)
        #define REGISTER(T) REGISTER_INDEXED(T, int32); REGISTER_INDEXED(T, int64_t)
        TF_CALL_ALL(REGISTER)
        """,
    )
    assert sorted(kernel.kernel_class for kernel in kernels) == [
        "GatherOp<::tensorflow::float32, int32>",
        "GatherOp<::tensorflow::float32, int64_t>",
        "GatherOp<int64_t, int32>",
        "GatherOp<int64_t, int64_t>",
    ]


def test_defines_of_the_target_decide(tmp_path: Path) -> None:
    text = """
        #if defined(IS_MOBILE_PLATFORM)
        REGISTER_KERNEL_BUILDER(Name("Conv").Device(DEVICE_CPU), ConvUsingGemm);
        #else
        REGISTER_KERNEL_BUILDER(Name("Conv").Device(DEVICE_CPU), Conv);
        #endif
        REGISTER_KERNEL_BUILDER(Name("Size").Device(DEVICE_CPU).Priority(WEIGHT), Size);
    """
    (conv, size) = kernels_of(tmp_path / "a", text, "WEIGHT=7", "IS_MOBILE_PLATFORM")
    assert (conv.kernel_class, size.priority) == ("ConvUsingGemm", 7)
    (conv, size) = kernels_of(tmp_path / "b", text, "WEIGHT=8")
    assert (conv.kernel_class, size.priority) == ("Conv", 8)


def test_system_kernels_and_ops(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path,
        {
            "tensorflow/core/kernels/function_ops.cc": HEAD
            + "REGISTER_SYSTEM_KERNEL_BUILDER(Name(kArg).Device(DEVICE_CPU), ArgOp);\n"
            + 'static const char* const kArg = "_Arg";',
            "tensorflow/core/kernels/with_op.cc": HEAD
            + '\n#include "tensorflow/core/framework/op.h"\n'
            + 'REGISTER_OP("Grouped" "Op").Attr("T: type");\nREGISTER_SYSTEM_OP("_Arg");',
        },
    )
    assert [(kernel.op, kernel.system) for kernel in catalogue.kernels] == [("_Arg", True)]
    assert [(op.op, op.source, op.line, op.system) for op in catalogue.ops] == [
        ("GroupedOp", "tensorflow/core/kernels/with_op.cc", 5, False),
        ("_Arg", "tensorflow/core/kernels/with_op.cc", 6, True),
    ]


def test_constants_of_own_header_alias_and_list(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path,
        {
            "tensorflow/core/kernels/batch_op.h": """
                class BatchOp { static constexpr const char* const kDatasetType = "Batch"; };
                static const char* const kNewName = Library::kOldName;
                """,
            "tensorflow/core/kernels/library.h": 'constexpr char kOldName[] = "_Old";',
            "tensorflow/core/kernels/other_op.h": """
                class OtherOp { static constexpr const char* const kDatasetType = "Other"; };""",
            "tensorflow/core/kernels/batch_op.cc": HEAD
            + """#include "tensorflow/core/kernels/batch_op.h"
                #include "tensorflow/core/kernels/other_op.h"
                #include "library.h"
                DataType kTypes[] = {DT_FLOAT,  // the usual
                                     DT_HALF};
                REGISTER_KERNEL_BUILDER(Name(BatchOp::kDatasetType).Device(DEVICE_CPU)
                    .TypeConstraint("T", kTypes), BatchOp);
                REGISTER_KERNEL_BUILDER(Name(kNewName).Device(DEVICE_GPU), OldOp);
                """,
        },
    )
    found = [(kernel.op, kernel.device, kernel.kernel_class) for kernel in catalogue.kernels]
    assert found == [("Batch", "CPU", "BatchOp"), ("_Old", "GPU", "OldOp")]
    assert catalogue.kernels[0].constraints[0].types == ("DT_FLOAT", "DT_HALF")


def test_what_cannot_be_resolved_stays_as_written(tmp_path: Path) -> None:
    kernel = one(
        tmp_path,
        'REGISTER_KERNEL_BUILDER(Name("Fact").Device(DEVICE_CPU).Label(D("x").c_str())'
        '.TypeConstraint<Mine>("T"), F);',
    )
    assert kernel.label == 'D("x").c_str()'
    assert kernel.constraints[0].types == ("Mine",)


def test_same_macro_name_in_several_files(tmp_path: Path) -> None:
    """One source's macro must not leak into the next, nor end the header's for a third."""
    catalogue = catalogue_of(
        tmp_path,
        {
            "tensorflow/core/kernels/common.h": """
                #ifndef COMMON_H_
                #define COMMON_H_
                #define REGISTER(T) REGISTER_KERNEL_BUILDER(Name("C").Device(DEVICE_CPU), C<T>);
                #endif""",
            "tensorflow/core/kernels/ends.h": """
                #ifndef ENDS_H_
                #define ENDS_H_
                #undef REGISTER
                #endif""",
            "tensorflow/core/kernels/a.cc": HEAD
            + '#include "tensorflow/core/kernels/ends.h"\n'
            + '#define REGISTER(T) REGISTER_KERNEL_BUILDER(Name("A").Device(DEVICE_CPU), A<T>);\n'
            + "REGISTER(a)\n",
            "tensorflow/core/kernels/b.cc": HEAD
            + '#include "tensorflow/core/kernels/common.h"\nREGISTER(b)\n'
            + '#include "tensorflow/core/kernels/ends.h"\n',
            "tensorflow/core/kernels/c.cc": HEAD
            + '#include "tensorflow/core/kernels/common.h"\nREGISTER(c)\n',
            "tensorflow/core/kernels/z.cc": HEAD
            + '#include "tensorflow/core/kernels/common.h"\nREGISTER(z)\n',
        },
    )
    assert [kernel.kernel_class for kernel in catalogue.kernels] == [
        "A<a>",
        "C<b>",
        "C<c>",
        "C<z>",
    ]


def test_header_that_registers_counts_for_each_source_that_includes_it(tmp_path: Path) -> None:
    header = 'REGISTER_KERNEL_BUILDER(Name("H").Device(DEVICE_CPU), H);'
    source = HEAD + '#include "tensorflow/core/kernels/h.h"\n'
    catalogue = catalogue_of(
        tmp_path,
        {
            "tensorflow/core/kernels/h.h": f"#ifndef H_\n#define H_\n{header}\n#endif\n",
            "tensorflow/core/kernels/a.cc": source + "// REGISTER_KERNEL_BUILDER is in h.h\n",
            "tensorflow/core/kernels/b.cc": source + "// REGISTER_KERNEL_BUILDER is in h.h\n",
        },
    )
    assert [kernel.source for kernel in catalogue.kernels] == [
        "tensorflow/core/kernels/a.cc",
        "tensorflow/core/kernels/b.cc",
    ]


def test_macro_of_another_source_that_breaks_a_call(tmp_path: Path) -> None:
    """Where the preprocessor meets an error, here by a header's macro of two arguments that is
    called with three, other sources may be why: that source is run again alone."""
    catalogue = catalogue_of(
        tmp_path,
        {
            "tensorflow/core/kernels/max.h": "#define MaxOf(a, b) ((a) > (b) ? (a) : (b))\n",
            "tensorflow/core/kernels/a.cc": HEAD
            + '#include "tensorflow/core/kernels/max.h"\n'
            + 'REGISTER_KERNEL_BUILDER(Name("A").Device(DEVICE_CPU), A);\n',
            "tensorflow/core/kernels/b.cc": HEAD
            + 'REGISTER_KERNEL_BUILDER(Name("B").Device(DEVICE_CPU), MaxOf(1, 2));\n'
            + "int x = MaxOf(1, 2, 3);\n",
        },
    )
    assert [kernel.kernel_class for kernel in catalogue.kernels] == ["A", "MaxOf(1, 2)"]


def test_kernels_of_the_c_api(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path,
        {
            "tensorflow/c/kernels.cc": "TF_KernelBuilder* TF_NewKernelBuilder("
            "const char* op_name, const char* device) { return 0; }\n"
            "void TF_KernelBuilder_Priority(TF_KernelBuilder* b, int32_t priority) {}\n"
            "void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* b) {}\n",
            "tensorflow/c/kernels/summary.cc": '#include "tensorflow/core/framework/types.h"\n'
            """
            template <typename T> void RegisterScalar() {
              {
                auto* builder = TF_NewKernelBuilder("Scalar", tensorflow::DEVICE_CPU, &Make<T>);
                TF_KernelBuilder_TypeConstraint(builder, "T",
                  static_cast<TF_DataType>(tensorflow::DataTypeToEnum<T>::v()), status);
                TF_RegisterKernelBuilder("ScalarOp", builder, status);
              }
            }
            void RegisterCopy() {
              auto* builder = TF_NewKernelBuilder("Copy", tensorflow::DEVICE_CPU, &Make);
              TF_KernelBuilder_HostMemory(builder, "in");
              TF_KernelBuilder_TypeConstraint(builder, "U", TF_INT64, status);
              TF_RegisterKernelBuilder("CopyOp", builder, status);
            }
            static bool done = [] { RegisterScalar<int64_t>();
              RegisterScalar<Eigen::half>(); RegisterCopy(); return true; }();
            static auto* op_builder = TF_NewOpDefinitionBuilder("Scalar");
            """,
        },
    )
    found = [
        (kernel.op, kernel.kernel_class, kernel.constraints[0].types, kernel.host_memory)
        for kernel in catalogue.kernels
    ]
    assert sorted(found) == [
        ("Copy", "CopyOp", ("DT_INT64",), ("in",)),
        ("Scalar", "ScalarOp", ("DT_HALF",), ()),
        ("Scalar", "ScalarOp", ("DT_INT64",), ()),
    ]
    assert [op.op for op in catalogue.ops] == ["Scalar"]


@pytest.mark.parametrize(
    "path",
    ["core/kernels/a_op_test.cc", "core/common_runtime/testlib_ops.cc", "examples/zero/zero.cc"],
)
def test_tests_and_examples_are_no_part_of_the_library(tmp_path: Path, path: str) -> None:
    text = HEAD + 'REGISTER_KERNEL_BUILDER(Name("%s").Device(DEVICE_CPU), Op);'
    catalogue = catalogue_of(
        tmp_path,
        {
            f"tensorflow/{path}": text % "Test",
            "tensorflow/core/kernels/latest.cc": text % "Real",
        },
    )
    assert [kernel.op for kernel in catalogue.kernels] == ["Real"]


def test_include_dirs_come_before_stubs(tmp_path: Path) -> None:
    files = {
        "tensorflow/core/kernels/a.cc": HEAD
        + '#include <eigen/which.h>\nREGISTER_KERNEL_BUILDER(Name("A").Device(DEVICE_CPU), WHICH);'
    }
    (tmp_path / "eigen").mkdir()
    (tmp_path / "eigen" / "which.h").write_text("#include <vector>\n#define WHICH Vectorised\n")
    tree = tree_of(tmp_path / "tree", files)
    catalogue = make_catalogue(
        tree,
        defines=(),
        preprocessor=preprocessor(),
        include_dirs=(tmp_path,),
        cache=tmp_path / "cache",
        tree_digest="d",
    )
    assert catalogue.kernels[0].kernel_class == "Vectorised"


def test_folder_that_is_no_tree(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        make_catalogue(
            tmp_path,
            defines=(),
            preprocessor=("clang++", "-E"),
            cache=tmp_path / "cache",
            tree_digest="d",
        )
    text = str(error.value)
    assert len(error.value.problems) == 3
    for name in ("framework/op_kernel.h: cannot read", "framework/op.h: cannot", "ops.pbtxt"):
        assert name in text
    assert "name the root of a TensorFlow source tree" in text
    assert not (tmp_path / "cache").exists()


def test_tree_without_the_macro(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not define REGISTER_KERNEL_BUILDER"):
        catalogue_of(tmp_path, {"tensorflow/core/framework/op_kernel.h": "#define OTHER 1\n"})


def test_registration_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        kernels_of(tmp_path, "\nREGISTER_KERNEL_BUILDER(builder + 1, Op);\n")
    assert "tensorflow/core/kernels/a_op.cc:4: cannot read this kernel" in str(error.value)
    assert "builder + 1" in str(error.value)


def test_preprocessor_that_is_missing_or_fails(tmp_path: Path) -> None:
    tree = tree_of(tmp_path / "tree", {"tensorflow/core/a.cc": HEAD + "REGISTER_OP(x)"})
    for argv, said in [(("no-such-cpp",), "cannot start 'no-such-cpp'"), (("false",), "code 1")]:
        with pytest.raises(ToolError) as error:
            make_catalogue(
                tree, defines=(), preprocessor=argv, cache=tmp_path / "c", tree_digest="d"
            )
        assert said in str(error.value)
        assert "preprocessing the kernels" in str(error.value)
    assert "check that 'false' is a C++ preprocessor and takes the target's flags" in str(error)
