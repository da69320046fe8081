"""The product ``shared``, built for this machine: one library with TensorFlow's C API and nothing
else that others could see."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.binary.shared_libraries import read_shared
from buildtool.products.shared.c_exports import INFERENCE
from buildtool.sources.cache import Cache

if TYPE_CHECKING:
    from tests.conftest import Project

pytestmark = [pytest.mark.real_tree, pytest.mark.build]

TARGET = """\
schema_version: 1
platform: linux
abi: x86_64
product: shared
models: [models/digits.pb]
exports: [TF_OperationNumInputs]
"""


def test_one_library(tmp_path: Path, make_project: Callable[..., Project]) -> None:
    project = make_project(tmp_path / "project", cache=Cache.of_user().root)
    project.target("one", TARGET)
    said = project.doit("build:one").out
    assert "46 functions exported" in said
    folder = project.folder("one")
    verification = json.loads((folder / "report.json").read_text(encoding="utf-8"))["verification"]
    (model,) = verification["models"]
    assert model["compared"]
    assert all(output["outside"] == 0 for output in model["outputs"])
    assert (verification["missing"], verification["surplus"]) == ([], [])
    path = folder / "dist/lib/libtensorflow_selective.so"
    facts = read_shared(path)
    assert facts.exports == {*INFERENCE, "TF_OperationNumInputs"}
    assert facts.soname == path.name
    assert facts.relro
    library = ctypes.CDLL(str(path))
    library.TF_Version.restype = ctypes.c_char_p
    assert library.TF_Version() == b"2.14.1"
    assert (folder / "dist/include/tensorflow/c/c_api.h").is_file()
    assert not list((folder / "dist/include").rglob("*.pb.h"))
    told = project.doit("identify", str(path), "model=models/digits.pb").out
    assert ", that of one here" in told
    assert "digits.pb: will run: " in told
    project.doit("profile:one", "runs=2")
    profile = json.loads((folder / "profile/digits.json").read_text(encoding="utf-8"))
    assert (len(profile["plain"]), len(profile["traced"])) == (2, 2)
    assert {each["op"]: each["nodes"] for each in profile["ops"]}["MatMul"] == 2
