"""Kernels that need libraries which are built on demand, or not built, found with a real
preprocessor."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from buildtool.backends.common.foreign_headers import foreign_headers, libraries_of
from buildtool.core.values import NodeRef, OpUse, Registration, SelectedKernel
from buildtool.plan.problems import library_notes, library_problems

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
KERNELS = "tensorflow/core/kernels"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        f"{KERNELS}/plain.cc": '#include <vector>\n#include "tensorflow/core/graph.pb.h"\n',
        f"{KERNELS}/jpeg.cc": f'#include "{KERNELS}/jpeg.h"\n',
        f"{KERNELS}/jpeg.h": '#include "jpeglib.h"\n',
        f"{KERNELS}/words.cc": '#include "unicode/unistr.h"\n#include "unicode/utf.h"\n',
        f"{KERNELS}/table.cc": '#include "made_by_nobody.h"\n',
        f"{KERNELS}/other.cc": '#ifdef OTHER_SYSTEM\n#include "png.h"\n#endif\n#error not this\n',
        f"{KERNELS}/gpu.cc": '#if GOOGLE_CUDA\n#include "third_party/gpus/cuda/cuda.h"\n#endif\n',
    }
    for name, text in files.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "tree"


def found(
    tree: Path, *names: str, defines: tuple[str, ...] = (), on_demand: tuple[str, ...] = ()
) -> Mapping[str, tuple[str, ...]]:
    return foreign_headers(
        [f"{KERNELS}/{name}.cc" for name in names],
        tree=tree,
        include_dirs=[],
        compiler=("g++", *(f"-D{define}" for define in defines)),
        standard="c++17",
        on_demand=on_demand,
    )


def test_a_header_that_is_nowhere_is_told_with_the_file_that_needs_it(tree: Path) -> None:
    assert found(tree, "plain", "jpeg", "words", "table", "gpu") == {
        f"{KERNELS}/jpeg.cc": ("jpeglib.h",),
        f"{KERNELS}/words.cc": ("unicode/unistr.h", "unicode/utf.h"),
        f"{KERNELS}/table.cc": ("made_by_nobody.h",),
    }


def test_only_what_the_preprocessor_reads_counts(tree: Path) -> None:
    assert found(tree, "other") == {}
    assert found(tree, "other", defines=("OTHER_SYSTEM",)) == {f"{KERNELS}/other.cc": ("png.h",)}


def test_a_library_that_is_installed_is_missing_all_the_same(tree: Path) -> None:
    (tree / "installed" / "unicode").mkdir(parents=True)
    for name in ("unistr.h", "utf.h"):
        (tree / "installed" / "unicode" / name).touch()
    compiler = ("g++", "-isystem", str(tree / "installed"))
    source = f"{KERNELS}/words.cc"
    names = foreign_headers(
        [source], tree=tree, include_dirs=[], compiler=compiler, standard="c++17"
    )
    assert names == {source: ("unicode/unistr.h", "unicode/utf.h")}


def test_a_library_on_demand_is_asked_for_by_a_header_of_the_tree_too(tree: Path) -> None:
    """As ``gif_io.h``, which includes none of giflib's."""
    assert found(tree, "jpeg", "words", on_demand=("unicode/", f"{KERNELS}/jpeg.h")) == {
        f"{KERNELS}/jpeg.cc": ("jpeglib.h", f"{KERNELS}/jpeg.h"),
        f"{KERNELS}/words.cc": ("unicode/unistr.h", "unicode/utf.h"),
    }


def kernel(op: str, source: str, reason: str = "") -> SelectedKernel:
    registration = Registration(
        op=op, device="CPU", label="", kernel_class=f"{op}Op", source=source, line=1
    )
    return SelectedKernel(registration=registration, reason=reason)


def test_libraries_on_demand_are_told_from_those_that_are_missing() -> None:
    headers = {"a.cc": ("curl/curl.h", "png.h"), "b.cc": ("unicode/utf.h",), "c.cc": ("lmdb.h",)}
    libraries = libraries_of(headers, {"png.h": "libpng", "unicode/": "icu"})
    assert libraries.built == {"a.cc": ("libpng",), "b.cc": ("icu",)}
    assert libraries.missing == {"a.cc": ("curl",), "c.cc": ("LMDB",)}


def test_it_is_noted_which_libraries_are_built_for_which_ops() -> None:
    kernels = [
        kernel("DecodePng", "image.cc", "used by photo (1 node)"),
        kernel("DecodeJpeg", "image.cc", "used by head (2 nodes)"),
        kernel("StringLower", "lower.cc", "used by text (1 node)"),
        kernel("Relu", "relu.cc", "used by text (1 node)"),
    ]
    built = {"image.cc": ("libpng-1.6.39", "zlib-1.2.13"), "lower.cc": ("icu-72.1",)}
    assert library_notes(built, kernels) == [
        "built into the library for StringLower (used by text (1 node)): icu-72.1",
        "built into the library for DecodeJpeg (used by head (2 nodes)), "
        "DecodePng (used by photo (1 node)): libpng-1.6.39, zlib-1.2.13",
    ]


def test_the_library_is_named_once_and_the_header_where_nobody_knows_it() -> None:
    source = f"{KERNELS}/words.cc"
    libraries = libraries_of({source: ("unicode/unistr.h", "unicode/utf.h", "other.h")})
    assert libraries.built == {}
    assert libraries.missing == {source: ("ICU", "other.h")}
    nodes = (NodeRef(model="m", function="", node="lower"),)
    use = OpUse(op="StringLower", nodes=nodes)
    kernels = [kernel("StringLower", source)]
    (problem,) = library_problems(libraries.missing, kernels, [use], backend="native")
    assert problem.where == "m: node 'lower'"
    assert f"StringLower ({source}) need ICU, other.h, which" in problem.what
    assert "name under 'inputs' a tensor behind it" in problem.todo
