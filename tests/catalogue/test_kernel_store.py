"""Catalogues kept on disk: found again only for the same content, and never half-written."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from buildtool.catalogue import store
from buildtool.catalogue.kernels import make_catalogue
from buildtool.catalogue.opdefs import OpDefinitions
from buildtool.core.errors import ToolError
from buildtool.core.values import (
    AttrCondition,
    KernelCatalogue,
    OpRegistration,
    Registration,
    TypeConstraint,
)

RECORDS = {
    "Add": [
        [["T", "type", "type: DT_FLOAT", ["DT_FLOAT"], None], ["N", "int", None, [], 1]],
        [["x", "", "T", "", "", True]],
        [],
        True,
        "since 3",
    ]
}
CATALOGUE = KernelCatalogue(
    tree_digest="abc",
    defines=("A", "B=1"),
    kernels=(
        Registration(op="Add", device="CPU", kernel_class="A< é>", source="a.cc", line=3),
        Registration(
            op="Add",
            device="GPU",
            kernel_class="B",
            source="b.cc",
            line=1,
            label="l",
            constraints=(TypeConstraint(attr="T", types=("DT_FLOAT", "DT_HALF")),),
            priority=-1,
            host_memory=("x", "y"),
            system=True,
            conditions=(AttrCondition(attr="f", values=("NHWC",)),),
        ),
    ),
    ops=(OpRegistration(op="Add", source="o.cc", line=9, system=True),),
    definitions=OpDefinitions(RECORDS),
)


@pytest.mark.parametrize("content", ["{}", "[]", '{"kernels": []}', '"text"', "7", "{"])
def test_a_file_of_another_shape_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json.gz"
    store.save(path, CATALOGUE)
    path.write_bytes(gzip.compress(content.encode()))
    assert store.load(path) is None


def test_a_folder_in_its_place_makes_room(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    (path / "inner").mkdir(parents=True)
    assert store.load(path) is None
    store.save(path, CATALOGUE)
    assert store.load(path) is not None
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.json.gz"
    store.save(path, CATALOGUE)
    loaded = store.load(path)
    assert loaded is not None
    assert loaded.kernels == CATALOGUE.kernels
    assert loaded.ops == CATALOGUE.ops
    assert (loaded.tree_digest, loaded.defines) == ("abc", ("A", "B=1"))
    assert dict(loaded.definitions) == dict(CATALOGUE.definitions)
    assert loaded.definitions["Add"].attrs[1].default is None
    assert [entry.name for entry in path.parent.iterdir()] == ["x.json.gz"]


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        store.save(tmp_path / name, CATALOGUE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"no gzip",
        gzip.compress(b"no json", mtime=0),
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b"{}", mtime=0),
        gzip.compress(b'{"tree_digest": "a", "defines": [], "kernels": {"op": 1}}', mtime=0),
    ],
)
def test_damaged_file_counts_as_none(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "x.json.gz"
    path.write_bytes(damage)
    assert store.load(path) is None


def test_cut_off_file_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    store.save(path, CATALOGUE)
    path.write_bytes(path.read_bytes()[:-20])
    assert store.load(path) is None


def recording_preprocessor(tmp_path: Path) -> Path:
    """A real preprocessor behind a script that notes each run in a file."""
    real = shutil.which("clang++") or shutil.which("g++")
    if real is None:
        pytest.skip("needs a C++ preprocessor: clang++ or g++")
    script = tmp_path / "cpp"
    script.write_text(f'#!/bin/sh\necho run >> "{tmp_path}/runs"\nexec {real} -E "$@"\n')
    script.chmod(0o755)
    return script


def small_tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    for name, text in {
        "framework/op_kernel.h": "#define REGISTER_KERNEL_BUILDER(builder, ...) x\n",
        "framework/op.h": "#define REGISTER_OP(name) x\n",
        "ops/ops.pbtxt": 'op { name: "Add" }\n',
        "kernels/a.cc": 'REGISTER_KERNEL_BUILDER(Name("Add").Device("CPU"), WHICH);\n',
    }.items():
        path = tree / "tensorflow" / "core" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


def test_made_once_for_each_content(tmp_path: Path) -> None:
    tree, script, cache = small_tree(tmp_path), recording_preprocessor(tmp_path), tmp_path / "c"

    def make(digest: str, *defines: str, argv: tuple[str, ...] = (str(script),)) -> str:
        made = make_catalogue(
            tree, defines=defines, preprocessor=argv, cache=cache, tree_digest=digest
        )
        assert (made.tree_digest, made.defines) == (digest, tuple(sorted(defines)))
        return made.kernels[0].kernel_class

    def runs() -> int:
        return len((tmp_path / "runs").read_text().split())

    assert make("one", "WHICH=a", "B") == "a"
    assert make("one", "B", "WHICH=a") == "a"
    assert runs() == 1
    assert make("one", "WHICH=b") == "b"
    assert make("two", "WHICH=b") == "b"
    assert make("two", "WHICH=b", argv=(str(script), "-DX")) == "b"
    assert runs() == 4
    script.write_text(script.read_text() + "# another version\n")
    make("one", "WHICH=a", "B")
    assert runs() == 5


def test_damaged_catalogue_is_made_anew(tmp_path: Path) -> None:
    tree, script, cache = small_tree(tmp_path), recording_preprocessor(tmp_path), tmp_path / "c"

    def make() -> KernelCatalogue:
        return make_catalogue(
            tree, defines=("WHICH=a",), preprocessor=(str(script),), cache=cache, tree_digest="d"
        )

    first = make()
    (kept,) = (cache / "catalogue").glob("*.json.gz")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:100])
    assert make().kernels == first.kernels
    assert kept.read_bytes() == whole
    assert (tmp_path / "runs").read_text().split() == ["run", "run"]
    assert not list((cache / "catalogue").glob("*.tmp"))


def test_nothing_is_kept_of_a_failure(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    with pytest.raises(ToolError):
        make_catalogue(
            tree, defines=(), preprocessor=("false",), cache=tmp_path / "c", tree_digest=""
        )
    assert not list((tmp_path / "c" / "catalogue").glob("*.json.gz*"))
