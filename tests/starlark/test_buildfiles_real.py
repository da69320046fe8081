"""BUILD files and definers on the sources of TensorFlow 2.14.1."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.catalogue.definers import DefinerIndex
from buildtool.starlark.buildfiles import (
    BuildConditions,
    BuildGraph,
    android_conditions,
    load_packages,
    mobile_candidates,
    mobile_conditions,
)

pytestmark = pytest.mark.real_tree

NEEDED_FOLDERS = ("core", "c", "cc", "tsl")

# What a program for a float MLP was found to link beyond //tensorflow/core:mobile_srcs.
BEYOND_MOBILE_SRCS = (
    "tensorflow/tsl/framework/device_type.cc",
    "tensorflow/tsl/platform/default/env_time.cc",
    "tensorflow/tsl/platform/default/logging.cc",
    "tensorflow/tsl/platform/default/mutex.cc",
    "tensorflow/core/kernels/cwise_ops_common.cc",
    "tensorflow/core/kernels/fill_functor.cc",
)

INCEPTION_KERNELS = tuple(
    f"tensorflow/core/kernels/{name}.cc"
    for name in (
        "avgpooling_op",
        "concat_op",
        "conv_ops_fused_float",
        "cwise_op_add_1",
        "fused_batch_norm_op",
        "matmul_op_real",
        "maxpooling_op",
        "reduction_ops_mean",
        "relu_op",
        "softmax_op",
        "transpose_op",
    )
)
INCEPTION_HELPERS = tuple(
    f"tensorflow/core/kernels/{name}.cc"
    for name in (
        "concat_lib_cpu",
        "conv_ops",
        "deep_conv2d",
        "fill_functor",
        "pooling_ops_common",
        "reduction_ops_common",
        "transpose_functor_cpu",
    )
)


@pytest.fixture(scope="module")
def graph(real_tree: Path) -> BuildGraph:
    return load_packages(real_tree, mobile_conditions("armhf"), None)


@pytest.mark.parametrize(
    "conditions",
    [
        mobile_conditions("armhf"),
        mobile_conditions("x86_64"),
        BuildConditions(flags=(("compilation_mode", "opt"), ("cpu", "aarch64"))),
        BuildConditions(flags=(("compilation_mode", "opt"), ("cpu", "k8"))),
        android_conditions("arm64-v8a"),
    ],
    ids=["mobile-armhf", "mobile-x86_64", "aarch64", "k8", "android"],
)
def test_every_package_evaluates_whole(real_tree: Path, conditions: BuildConditions) -> None:
    graph = load_packages(real_tree, conditions, None)
    builds = [
        build
        for folder in NEEDED_FOLDERS
        for build in (real_tree / "tensorflow" / folder).rglob("BUILD")
    ]
    for build in builds:
        graph.package(build.parent.relative_to(real_tree).as_posix())
    assert len(builds) == 286
    assert graph.notes == ()


@pytest.mark.parametrize(
    ("label", "count"),
    [
        ("//tensorflow/core:mobile_srcs", 328),
        ("//tensorflow/core/ops:portable_op_registrations_and_gradients", 77),
        ("//tensorflow/core/kernels:portable_all_ops", 638),
    ],
)
def test_source_groups(graph: BuildGraph, label: str, count: int) -> None:
    assert sum(path.endswith(".cc") for path in graph.filegroup(label)) == count


def test_owners(graph: BuildGraph) -> None:
    owners = graph.nearest_owners("tensorflow/core/kernels/conv_ops.cc")
    assert "//tensorflow/core/kernels:conv_ops" in owners
    owners = graph.nearest_owners("tensorflow/core/kernels/matmul_op_real.cc")
    assert owners[0] == "//tensorflow/core/kernels:matmul_op"


def test_candidates_hold_what_programs_really_link(graph: BuildGraph) -> None:
    found = {one.path: one for one in mobile_candidates(graph, INCEPTION_KERNELS)}
    wanted = {*BEYOND_MOBILE_SRCS, *INCEPTION_KERNELS, *INCEPTION_HELPERS}
    assert wanted - set(found) == set()
    assert all(one.reason and one.chain for one in found.values())
    assert not [path for path in found if "/mkl/" in path or "_test." in path]


def test_candidates_for_a_pc_bring_no_other_library(real_tree: Path) -> None:
    graph = load_packages(real_tree, mobile_conditions("x86_64"), None)
    found = mobile_candidates(graph, INCEPTION_KERNELS)
    assert not [one.path for one in found if "/mkl/" in one.path]


def test_desktop_closure_of_a_kernel(real_tree: Path) -> None:
    graph = load_packages(
        real_tree, BuildConditions(flags=(("compilation_mode", "opt"), ("cpu", "aarch64"))), None
    )
    found = graph.closure(["tensorflow/core/kernels/conv_ops.cc"])
    assert found.missing == ()
    assert "tensorflow/core/kernels/deep_conv2d.cc" in found.files
    assert "tensorflow/core/framework/op_kernel.cc" in found.files
    assert "tensorflow/core/framework/graph.pb.cc" in found.generated
    assert "@com_google_absl//absl/strings:strings" in found.external


def test_protos_of_a_source(graph: BuildGraph) -> None:
    found = graph.protos(["tensorflow/core/framework/node_def_util.cc"])
    assert found["tensorflow/core/framework/node_def.pb.h"] == (
        "tensorflow/core/framework/node_def.proto"
    )
    assert found["tensorflow/core/framework/full_type.pb.h"].endswith("full_type.proto")


def test_cache_gives_the_same_answers(real_tree: Path, tmp_path: Path) -> None:
    first = load_packages(real_tree, mobile_conditions("armhf"), tmp_path)
    candidates = mobile_candidates(first, INCEPTION_KERNELS)
    first.save()
    second = load_packages(real_tree, mobile_conditions("armhf"), tmp_path)
    assert mobile_candidates(second, INCEPTION_KERNELS) == candidates


@pytest.mark.parametrize(
    ("symbol", "path"),
    [
        ("tensorflow::Graph::Graph(tensorflow::OpRegistryInterface const*)", "core/graph/graph.cc"),
        ("tensorflow::AttachDef(absl::Status const&, tensorflow::Node const&, bool)",
         "core/graph/graph_node_util.cc"),
        ("tensorflow::AttachDef(absl::Status const&, tensorflow::NodeDef const&, bool)",
         "core/framework/node_def_util.cc"),
        ("vtable for tensorflow::DirectSession", "core/common_runtime/direct_session.cc"),
        ("typeinfo for tensorflow::Device", "core/framework/device.cc"),
        ("tensorflow::functor::SetZeroFunctor<Eigen::ThreadPoolDevice, float>::operator()"
         "(Eigen::ThreadPoolDevice const&, Eigen::TensorMap<int>)", "core/kernels/fill_functor.cc"),
        ("tsl::Env::Default()", "tsl/platform/default/env.cc"),
        ("tsl::CudnnUseAutotune()", "tsl/util/use_cudnn.cc"),
        ("tensorflow::NodeBuilder::NodeOut::NodeOut(tensorflow::Node*, int)",
         "core/graph/node_builder.cc"),
        ("tensorflow::NodeDef::~NodeDef()", "core/framework/node_def.proto"),
        ("descriptor_table_tensorflow_2fcore_2fframework_2ftensor_5fshape_2eproto",
         "core/framework/tensor_shape.proto"),
    ],
)  # fmt: skip
def test_definers(definers: DefinerIndex, real_tree: Path, symbol: str, path: str) -> None:
    assert definers.candidates(symbol)[0] == real_tree / "tensorflow" / path


CPU = "Eigen::ThreadPoolDevice"


@pytest.mark.parametrize(
    ("symbol", "file"),
    [
        (f"functor::Slice<{CPU}, int, 3>::operator()(int)", "slice_op_cpu_impl_3"),
        (f"functor::Slice<{CPU}, tsl::tstring, 8>::operator()(int)", "slice_op_cpu_impl_8"),
        (f"HandleStridedSliceCase<{CPU}, float, 5>(int)", "strided_slice_op_inst_5"),
        (f"HandleStridedSliceAssignCase<{CPU}, int, 0>::operator()(int)",
         "strided_slice_op_inst_0"),
        (f"functor::Tile<{CPU}, tsl::tstring, long>::operator()(int)", "tile_functor_cpu_tstring"),
        (f"functor::Tile<{CPU}, tensorflow::Variant, int>::operator()(int)",
         "tile_functor_cpu_variant"),
        (f"functor::Tile<{CPU}, unsigned char, int>::operator()(int)", "tile_functor_cpu_uint8"),
        (f"functor::TileGrad<{CPU}, float, 3>::operator()(int)", "tile_ops_cpu_impl_3"),
        (f"functor::GatherNdSlice<{CPU}, float, int, 4>::operator()(int)",
         "gather_nd_op_cpu_impl_4"),
        (f"functor::ScatterNdFunctor<{CPU}, float, int, (tensorflow::scatter_nd_op::UpdateOp)0, "
         "2>::operator()(int)", "scatter_nd_op_cpu_impl_2"),
        (f"functor::MirrorPad<{CPU}, float, int, 4>::operator()(int)",
         "image/mirror_pad_op_cpu_impl_4"),
        (f"functor::SpaceToBatchFunctor<{CPU}, float, 2, false>::operator()(int)",
         "spacetobatch_functor"),
        (f"LaunchConv2DOp<{CPU}, Eigen::half>::operator()(int)", "conv_ops_half"),
    ],
)  # fmt: skip
def test_definers_of_instances(
    definers: DefinerIndex, real_tree: Path, symbol: str, file: str
) -> None:
    found = definers.candidates(f"tensorflow::{symbol}")
    assert found[0] == real_tree / "tensorflow" / "core" / "kernels" / f"{file}.cc"


@pytest.fixture(scope="module")
def definers(real_tree: Path, graph: BuildGraph) -> DefinerIndex:
    files = [
        ("tensorflow", path)
        for folder in ("core", "tsl", "c")
        for pattern in ("*.cc", "*.proto")
        for path in (real_tree / "tensorflow" / folder).rglob(pattern)
    ]
    preferred = [real_tree / one.path for one in mobile_candidates(graph)]
    return DefinerIndex.build(files, None, preferred=preferred)
