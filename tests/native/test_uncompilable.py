"""Kernels whose files do not compile for a small device: told in the plan, not by a compiler."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from buildtool.backends.common.foreign_headers import foreign_headers, libraries_of
from buildtool.backends.native.native_dependencies import load_dependencies
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.uncompilable import uncompilable
from buildtool.core.values import NodeRef, OpUse, Registration, SelectedKernel
from buildtool.model.op_remedies import remedy
from buildtool.plan.problems import uncompilable_problems

SMALL, SELECTIVE = "IS_MOBILE_PLATFORM=", "SELECTIVE_REGISTRATION"
LARGER = """// Not for phones.
#ifndef LARGER_H_
#define LARGER_H_

#include "platform.h"
#if !defined(IS_MOBILE_PLATFORM)
#include "grappler.h"
void Rewrite();
#endif  // !IS_MOBILE_PLATFORM
#endif
"""
FILES = {
    "larger.h": LARGER,
    "half.h": LARGER + "#if defined(IS_MOBILE_PLATFORM)\n#else\n#endif\nint always;\n",
    "other.h": LARGER.replace("!defined", "defined"),
    "uses.cc": '#include "larger.h"\nvoid Op() { Rewrite(); }\n',
    "careful.cc": '#if !defined(IS_MOBILE_PLATFORM)\n#include "larger.h"\n#endif\n',
    "halves.cc": '#include "half.h"\n#include "other.h"\n// #include "larger.h"\n',
    "named.cc": 'const char kName[] = "Op";\n'
    "REGISTER_KERNEL_BUILDER(\n    Name(kName).Device(CPU));\n",
    "constant.cc": 'constexpr char kName[] = "Op";\nREGISTER_KERNEL_BUILDER(Name(kName), Op);\n'
    'const char kOther[] = "other";\n',
    "batch/kernels/serves.cc": '#include "batch/measures.h"\n#include "far.h"\n',
    "batch/measures.h": "void Measure();\n",
    "batch/measures.cc": "void Measure() { Sampler<3>::New({}, Buckets::Explicit(limits)); }\n",
    "batch/kernels/reads.cc": "void Read() { registry->CollectMetrics(options); }\n",
    "batch/kernels/counts.cc": "void Count() { Buckets::Explicit({1.0}); CollectMetrics(); }\n",
    "far.h": "",
    "far.cc": "void Far() { Buckets::Explicit(limits); }\n",
}
KERNELS = ("uses", "careful", "halves", "named", "constant")
MEASURING = ("serves", "reads", "counts")


@pytest.fixture
def files(tmp_path: Path) -> CxxFiles:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return CxxFiles(tmp_path)


def refused(files: CxxFiles, *defines: str) -> Mapping[str, str]:
    return uncompilable(files, [f"{name}.cc" for name in KERNELS], defines)


def test_what_a_small_device_has_not_is_found_and_nothing_else(files: CxxFiles) -> None:
    assert refused(files) == {}
    assert refused(files, "NDEBUG", SMALL, SELECTIVE) == {
        "uses.cc": "uses larger.h, which declares nothing for small devices (IS_MOBILE_PLATFORM)",
        "named.cc": "names an op by kName, which is not constexpr, as selecting it needs",
    }
    assert refused(files, SMALL).keys() == {"uses.cc"}
    assert refused(files, SELECTIVE).keys() == {"named.cc"}


def test_metrics_that_only_larger_devices_have(files: CxxFiles) -> None:
    sources = [f"batch/kernels/{name}.cc" for name in MEASURING]
    assert uncompilable(files, sources, [SELECTIVE]) == {}
    why = "which uses metrics that small devices lack (IS_MOBILE_PLATFORM)"
    assert uncompilable(files, sources, [SMALL]) == {
        "batch/kernels/reads.cc": f"needs batch/kernels/reads.cc, {why}",
        "batch/kernels/serves.cc": f"needs batch/measures.cc, {why}",
    }


def test_it_is_told_with_the_nodes(files: CxxFiles) -> None:
    kernel = SelectedKernel(
        registration=Registration(
            op="Op", device="CPU", kernel_class="TheOp", source="uses.cc", line=1
        ),
        reason="a node",
    )
    nodes = tuple(NodeRef(model="m", function="", node=name) for name in ("a", "b"))
    (problem,) = uncompilable_problems(
        {"uses.cc": refused(files, SMALL)["uses.cc"]}, [kernel], [OpUse(op="Op", nodes=nodes)]
    )
    assert problem.where == "m: node 'a'"
    assert problem.what == (
        "the kernels of Op do not compile for such a library: uses.cc uses larger.h, which "
        "declares nothing for small devices (IS_MOBILE_PLATFORM) (also 'b')"
    )


def test_an_op_that_stands_for_something_else_has_its_own_remedy() -> None:
    kernel = SelectedKernel(
        registration=Registration(
            op="BatchFunction", device="CPU", kernel_class="TheOp", source="batch.cc", line=1
        ),
        reason="a node",
    )
    use = OpUse(op="BatchFunction", nodes=(NodeRef(model="m", function="", node="a"),))
    (problem,) = uncompilable_problems({"batch.cc": "does not"}, [kernel], [use, use])
    assert problem.todo == remedy("BatchFunction")


@pytest.mark.real_tree
def test_the_files_of_the_real_tree(real_tree: Path) -> None:
    data = "tensorflow/core/kernels/data"
    names = ("auto_shard_dataset_op", "assert_prev_dataset_op", "map_and_batch_dataset_op")
    sources = [f"{data}/experimental/{name}.cc" for name in names]
    sources += [f"{data}/{name}.cc" for name in ("multi_device_iterator_ops", "iterator_ops")]
    measuring = ("core/kernels/batch_kernels", "compiler/xrt/kernels/xrt_state_ops")
    sources += [f"tensorflow/{name}.cc" for name in (*measuring, "core/kernels/reduction_ops_sum")]
    found = uncompilable(CxxFiles(real_tree), sources, [SMALL, SELECTIVE])
    assert {Path(path).stem for path in found} == {
        *names[:2],
        *("multi_device_iterator_ops", "batch_kernels", "xrt_state_ops"),
    }


@pytest.mark.real_tree
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_kernels_that_decompress_ask_for_zlib(real_tree: Path) -> None:
    """They include no header of zlib, but TensorFlow's own, whose ``.cc`` does."""
    headers = {h: each.name for each in load_dependencies("2.14.1", "elf") for h in each.headers}
    source = "tensorflow/core/kernels/decode_compressed_op.cc"
    found = foreign_headers(
        [source],
        tree=real_tree,
        include_dirs=[],
        compiler=("g++", f"-D{SMALL}"),
        standard="c++17",
        on_demand=headers,
    )
    assert "zlib" in libraries_of(found, headers).built[source]


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_what_grpc_s_part_of_protoc_makes_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "service.cc").write_text(
        '#include "service.pb.h"\n#include "service.grpc.pb.h"\n', encoding="utf-8"
    )
    found = foreign_headers(
        ["service.cc"], tree=tmp_path, include_dirs=[], compiler=("g++",), standard="c++17"
    )
    assert found == {"service.cc": ("service.grpc.pb.h",)}


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_what_a_helper_beside_the_kernel_needs_the_kernel_needs(tmp_path: Path) -> None:
    texts = {
        "kernels/query.cc": '#include "kernels/sql/driver.h"\n#include "lib/far.h"\n',
        "kernels/sql/driver.h": '#include "kernels/sql/more.h"\n',
        "kernels/sql/driver.cc": '#include "kernels/sql/driver.h"\n#include "sqlite3.h"\n',
        "kernels/sql/more.h": "void More();\n",
        "lib/far.h": "void Far();\n",
        "lib/far.cc": '#include "zlib.h"\n',
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = foreign_headers(
        ["kernels/query.cc"], tree=tmp_path, include_dirs=[], compiler=("g++",), standard="c++17"
    )
    assert found == {"kernels/query.cc": ("sqlite3.h",)}
