"""Which dependencies the sources of a small tree need, as the preprocessor sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from buildtool.backends.makefile.file_lists import DOWNLOADS
from buildtool.backends.makefile.needs import Need, needed, notes_on_needs
from buildtool.catalogue.unity import Preprocessor
from buildtool.core.errors import ToolError

FILES = {
    "tensorflow/core/a.cc": (
        '#include <vector>\n#include "tensorflow/core/a.h"\n#include "b.pb.h"\n'
    ),
    "tensorflow/core/a.h": '#pragma once\n#include "third_party/eigen3/Eigen/Core"\n',
    "third_party/eigen3/Eigen/Core": '#include "Eigen/Core"\n',
    "tensorflow/core/gpu.cc": (
        "#if GOOGLE_CUDA\n"
        '#include "external/cub_archive/cub/cub.cuh"\n'
        "#endif\n"
        "#ifndef IS_SLIM_BUILD\n"
        "#include <zlib.h>\n"
        "#endif\n"
    ),
    "tensorflow/core/mutex.cc": '#include "nsync_mu.h"\n#include "tensorflow/core/a.h"\n',
    "tensorflow/core/never.cc": '#include "re2/re2.h"\n',
}


@pytest.fixture(params=["g++", "clang++"])
def compiler(request: pytest.FixtureRequest) -> str:
    if shutil.which(request.param) is None:
        pytest.skip(f"needs {request.param}")
    return str(request.param)


@pytest.fixture(params=["tree", "a tree"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = tmp_path / str(request.param)
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


def ask(tree: Path, compiler: str, *defines: str) -> tuple[Need, ...]:
    sources = (
        *("tensorflow/core/a.cc", "tensorflow/core/gpu.cc", "tensorflow/core/mutex.cc"),
        f"{DOWNLOADS}fft2d/fftsg.c",
    )
    preprocessor = Preprocessor(argv=(compiler,), defines=defines)
    return needed(tree, sources, preprocessor, cache=tree.parent / "cache")


def test_only_what_is_really_included_counts(tree: Path, compiler: str) -> None:
    assert ask(tree, compiler, "IS_SLIM_BUILD") == (
        Need(name="eigen", reason="third_party/eigen3/Eigen/Core includes Eigen/Core"),
        Need(name="fft2d", reason="the makefile compiles fft2d/fftsg.c"),
        Need(name="nsync", reason="tensorflow/core/mutex.cc includes nsync_mu.h"),
    )


def test_defines_decide(tree: Path, compiler: str) -> None:
    names = [need.name for need in ask(tree, compiler, "GOOGLE_CUDA=1")]
    assert names == ["cub", "eigen", "fft2d", "nsync", "zlib"]


def test_no_preprocessor(tree: Path) -> None:
    with pytest.raises(ToolError, match="no-such-compiler"):
        ask(tree, "no-such-compiler")


def test_what_the_scripts_ask_for_in_vain_is_told(tree: Path, compiler: str) -> None:
    folder = tree / "tensorflow/contrib/makefile"
    folder.mkdir(parents=True)
    fetch = 'fetch "${{{}_URL}}" "${{DOWNLOADS_DIR}}/{}"\n'
    folders = ("eigen", "nsync", "re2", "cub/external/cub_archive")
    script = "".join(fetch.format(name.upper(), name) for name in folders)
    (folder / "download_dependencies.sh").write_text(script, "utf-8")
    (folder / "Makefile").write_text("LIBS := -lstdc++ -lz -lm\n", "utf-8")
    needs, unneeded = notes_on_needs(tree, ask(tree, compiler, "IS_SLIM_BUILD"))
    assert "nsync (tensorflow/core/mutex.cc includes nsync_mu.h)" in needs
    assert "ask for cub, re2, zlib too" in unneeded
    _, unneeded = notes_on_needs(tree, ask(tree, compiler, "GOOGLE_CUDA=1"))
    assert "ask for re2 too" in unneeded


def test_a_tree_without_needs_has_no_notes(tree: Path) -> None:
    assert notes_on_needs(tree, ()) == []
