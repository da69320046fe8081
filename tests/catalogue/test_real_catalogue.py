"""The catalogue of the real TensorFlow 2.14.1 tree."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from buildtool.catalogue.builders import read_kernels, read_ops
from buildtool.catalogue.constants import Constants
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.kernels import make_catalogue
from buildtool.catalogue.macros import RegisteringFiles, find_registering
from buildtool.catalogue.unity import Preprocessor, expand
from buildtool.core.values import KernelCatalogue, TypeConstraint
from buildtool.plan.match import find_kernel

pytestmark = pytest.mark.real_tree
MOBILE = ("IS_MOBILE_PLATFORM", "TF_LEAN_BINARY", "SELECTIVE_REGISTRATION")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def preprocessor(*names: str) -> tuple[str, ...]:
    found = next((name for name in names or ("clang++", "g++") if shutil.which(name)), None)
    if found is None:
        pytest.skip(f"needs a C++ preprocessor: {' or '.join(names) or 'clang++ or g++'}")
    return (found, "-E")


def catalogue_of(tree: Path, cache: Path, *defines: str, cpp: str = "") -> KernelCatalogue:
    argv = preprocessor(*([cpp] if cpp else []))
    return make_catalogue(tree, defines=defines, preprocessor=argv, cache=cache, tree_digest="real")


def cpu_pairs(catalogue: KernelCatalogue) -> int:
    return len({(k.op, k.kernel_class) for k in catalogue.kernels if k.device == "CPU"})


@pytest.mark.parametrize(
    ("defines", "kernels", "pairs"),
    [
        ((), 11396, 8708),
        (("INTEL_MKL",), 11825, 9031),
        (MOBILE, 5118, 3526),
        ((*MOBILE, "__ANDROID_TYPES_SLIM__"), 4592, 3000),
        ((*MOBILE, "__ANDROID_TYPES_FULL__"), 6608, 4759),
        ((*MOBILE, "SUPPORT_SELECTIVE_REGISTRATION"), 11388, 8700),
    ],
)
def test_defines_change_the_set(
    real_tree: Path, cache: Path, defines: tuple[str, ...], kernels: int, pairs: int
) -> None:
    catalogue = catalogue_of(real_tree, cache, *defines)
    assert (len(catalogue.kernels), cpu_pairs(catalogue)) == (kernels, pairs)


def test_a_macro_in_a_template_in_a_header(real_tree: Path, cache: Path) -> None:
    found = find_kernel(
        catalogue_of(real_tree, cache, *MOBILE), op="MatMul", attrs={"T": ("DT_FLOAT",)}
    )
    assert found is not None
    assert found.kernel_class == "BatchMatMulOp<CPUDevice, float, float, float, true>"
    assert found.source == "tensorflow/core/kernels/matmul_op_real.cc"
    assert found.constraints == (TypeConstraint(attr="T", types=("DT_FLOAT",)),)


def test_every_name_and_type_is_resolved(real_tree: Path, cache: Path) -> None:
    catalogue = catalogue_of(real_tree, cache)
    types = {t for k in catalogue.kernels for item in k.constraints for t in item.types}
    assert not [name for name in types if not name.startswith("DT_")]
    names = {k.op for k in catalogue.kernels} | {item.op for item in catalogue.ops}
    assert not [name for name in names if not name.replace(">", "_").isidentifier()]
    assert not [name for name in names if name.startswith("k") and name[1:2].isupper()]
    devices = {kernel.device for kernel in catalogue.kernels}
    assert devices == {"CPU", "DEFAULT", "GPU", "TPU", "TPU_SYSTEM", "XLA_CPU", "XLA_GPU"}


def test_order_is_the_documented_one(real_tree: Path, cache: Path) -> None:
    kernels = catalogue_of(real_tree, cache).kernels
    keys = [(k.op, k.device, k.label, k.kernel_class, k.source) for k in kernels]
    assert keys == sorted(keys)


def test_ops_registered_among_kernels(real_tree: Path, cache: Path) -> None:
    sources = {item.op: item.source for item in catalogue_of(real_tree, cache).ops}
    assert sources["Bitcast"] == "tensorflow/c/kernels/ops/bitcast.cc"
    assert sources["MatMul"] == "tensorflow/core/ops/math_ops.cc"
    assert sources["EncodeProto"] == "tensorflow/core/ops/encode_proto_ops.cc"


def test_gcc_and_clang_agree(real_tree: Path, cache: Path) -> None:
    def content(catalogue: KernelCatalogue) -> list[tuple[object, ...]]:
        # Of a call over several lines, one gives the first line and the other the last.
        return [
            (k.op, k.device, k.label, k.kernel_class.replace(" ", ""), k.source, k.constraints)
            for k in catalogue.kernels
        ]

    clang, gcc = (catalogue_of(real_tree, cache, *MOBILE, cpp=cpp) for cpp in ("clang++", "g++"))
    assert sorted(content(clang), key=str) == sorted(content(gcc), key=str)


def test_sources_give_alone_what_they_give_together(real_tree: Path, cache: Path) -> None:
    files = CxxFiles(real_tree)
    registering = find_registering(files)
    request = Preprocessor(argv=preprocessor(), defines=MOBILE)
    constants = Constants(files)

    def read(source: str, text: str) -> list[str]:
        found = [*read_kernels(source, text, constants), *read_ops(source, text, constants)]
        return [repr(item) for item in found]

    together = expand(files, registering, request, cache=cache)
    assert len(together) == 901
    for source in list(together)[::15]:
        one = RegisteringFiles(
            sources={source: registering.sources[source]}, macros=registering.macros
        )
        alone = expand(files, one, request, cache=cache)[source]
        assert read(source, alone) == read(source, together[source]), source
