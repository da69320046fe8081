"""The miniature TensorFlow 1.x, copied for tests to build; see README.md."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from buildtool.sources.cache import Cache

if TYPE_CHECKING:
    from tests.conftest import CommandResult, Project
    from tests.makefile.phones import Phone

MINIATURE = Path(__file__).resolve().parent / "tree"
# For what does not depend on the level: two fifths of the time to compile protobuf go into it. The
# fixture ``built`` and test_apple_renamed.py build at the level that is shipped.
UNOPTIMISED = "flags:\n  compile: [-O0]\n"
ODD = 'a "tree" of $HOME, it\'s {{ 7*7 }} %d'
TOOLS = ("arm-linux-gnueabihf-g++", "ccache", "g++", "make", "qemu-arm-static")
# What its workspace.bzl pins, as the lock file names it.
PINNED = ("nsync-1.29.2", "protobuf-3.21.12")

CLASSES = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: 3 } dim { size: 4 } } } } }
node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT
              float_val: [0.5, -1, 2, 0.25, 1, 3, -0.5, 0.75]
              tensor_shape { dim { size: 4 } dim { size: 2 } } } } } }
node { name: "b" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: [0.25, -1]
              tensor_shape { dim { size: 2 } } } } } }
node { name: "m" op: "MatMul" input: "x" input: "w" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "a" op: "BiasAdd" input: "m" input: "b" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "r" op: "Relu" input: "a" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Softmax" input: "r" attr { key: "T" value { type: DT_FLOAT } } }
versions { producer: 26 }
"""
SEGMENTS = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: 2 } dim { size: 3 } } } } }
node { name: "p" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
       attr { key: "value" value { tensor { dtype: DT_INT32 int_val: [1, 0]
              tensor_shape { dim { size: 2 } } } } } }
node { name: "t" op: "Transpose" input: "x" input: "p"
       attr { key: "T" value { type: DT_FLOAT } }
       attr { key: "Tperm" value { type: DT_INT32 } } }
node { name: "s" op: "Const" attr { key: "dtype" value { type: DT_INT64 } }
       attr { key: "value" value { tensor { dtype: DT_INT64 int64_val: [0, 0, 1]
              tensor_shape { dim { size: 3 } } } } } }
node { name: "n" op: "Cast" input: "s"
       attr { key: "SrcT" value { type: DT_INT64 } } attr { key: "DstT" value { type: DT_INT32 } } }
node { name: "d" op: "Add" input: "n" input: "n" attr { key: "T" value { type: DT_INT32 } } }
node { name: "e" op: "Sub" input: "d" input: "n" attr { key: "T" value { type: DT_INT32 } } }
node { name: "y" op: "SegmentSum" input: "t" input: "e"
       attr { key: "T" value { type: DT_FLOAT } }
       attr { key: "Tindices" value { type: DT_INT32 } } }
versions { producer: 26 }
"""
SUMS = """
node { name: "x" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: [1, 2, 3]
              tensor_shape { dim { size: 3 } } } } } }
node { name: "s" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
       attr { key: "value" value { tensor { dtype: DT_INT32 int_val: [0, 0, 1]
              tensor_shape { dim { size: 3 } } } } } }
node { name: "y" op: "SegmentSum" input: "x" input: "s"
       attr { key: "T" value { type: DT_FLOAT } }
       attr { key: "Tindices" value { type: DT_INT32 } } }
versions { producer: 26 }
"""
SOFTPLUS = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: 5 } } } } }
node { name: "y" op: "Softplus" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
versions { producer: 26 }
"""
MODELS = {"classes": CLASSES, "segments": SEGMENTS, "softplus": SOFTPLUS, "sums": SUMS}


def state(tree: Path) -> dict[str, tuple[object, ...]]:
    """All there is to know of the files and folders of a tree."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(tree.rglob("*")):
        info = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(tree))] = (info.st_mode, info.st_mtime_ns, content)
    return found


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A copy of the project and one of the miniature. Models are there by name, as files."""

    project: Project
    tree: Path
    target: str = "pi-makefile"

    @property
    def folder(self) -> Path:
        return self.project.folder(self.target)

    def words(self, step: str, model: str, *more: str) -> tuple[str, ...]:
        """What doit is told."""
        path = self.project.root.parent / f"{model}.pbtxt"
        path.write_text(MODELS[model], encoding="utf-8")
        return (f"{step}:{self.target}", f"tf={self.tree}", f"model={path}", *more)

    def doit(self, step: str, model: str = "classes", *more: str, code: int = 0) -> CommandResult:
        """Do a step and all before it."""
        return self.project.doit(*self.words(step, model, *more), code=code)

    def setting(self, text: str) -> None:
        """Change the target; what it was before is gone."""
        # Another compiler would need libraries of its own, which take a minute to compile.
        self.project.target(self.target, f"extends: pi\ncompiler: gcc\nsize_budget:\n{text}")

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the tree."""
        place = self.tree / path
        text = place.read_text(encoding="utf-8")
        assert old in text
        place.write_text(text.replace(old, new), encoding="utf-8")

    def result(self, name: str) -> Any:
        """What a step has written: plan, verification, size or report."""
        return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))

    @property
    def log(self) -> str:
        """What was said while the library was compiled."""
        return (self.folder / "logs" / "compile.log").read_text(encoding="utf-8", errors="replace")

    @property
    def command_line(self) -> dict[str, str]:
        """What was set in make's environment and on its command line."""
        line = next(line for line in self.log.splitlines() if line.startswith("$ cd "))
        return dict(word.split("=", 1) for word in shlex.split(line) if "=" in word)

    @property
    def files(self) -> set[str]:
        """What was linked, without the folder that nearly all of it stands in."""
        content = json.loads((self.folder / "generated" / "files.json").read_text(encoding="utf-8"))
        return {file["path"].removeprefix("tensorflow/core/") for file in content}

    @property
    def archive(self) -> Path:
        return self.folder / "dist" / "lib" / "libtensorflow.a"

    @property
    def objects(self) -> dict[str, int]:
        """The object files of the target, and when they were made."""
        found = (self.folder / "makefile" / "tree").rglob("obj/tensorflow/**/*.o")
        return {str(path): path.stat().st_mtime_ns for path in found}

    def link(self, *, change: Callable[[list[str]], Sequence[str]] = list) -> None:
        """Link the runner anew, with flags as they ship but for a change."""
        dist = self.folder / "dist"
        flags = (dist / "link_flags.txt").read_text("utf-8").split()
        runner = self.folder / "runner" / "runner"
        argv = [
            *("arm-linux-gnueabihf-g++", *(dist / "compile_flags.txt").read_text("utf-8").split()),
            *("-w", str(self.project.root / "runner" / "runner.cc"), "-o", str(runner)),
            *change(flags),
        ]
        subprocess.run(argv, cwd=dist, check=True)


@pytest.fixture(scope="session")
def libraries_cache() -> Path:
    """The cache that holds what the miniature pins. What is made of it stays there, too."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    root = Cache.of_user().root
    for name in PINNED:
        if not any(root.glob(f"trees/{name}-*.verified")):
            pytest.skip(f"needs {name} in the cache: run 'python -m buildtool.sources' once")
    return root


@pytest.fixture
def miniature(tmp_path: Path) -> Path:
    """A copy of the miniature in an oddly named folder."""
    return Path(shutil.copytree(MINIATURE, tmp_path / ODD))


@pytest.fixture
def workshop(
    tmp_path: Path, make_project: Callable[..., Project], libraries_cache: Path, miniature: Path
) -> Workshop:
    """A copy of the project, and one of the miniature."""
    return Workshop(
        project=make_project(tmp_path / "project", cache=libraries_cache, own=True), tree=miniature
    )


@dataclass(frozen=True, kw_only=True)
class BuiltMiniature(Workshop):
    """What the first build of the session said, and what its tree was before."""

    first: CommandResult
    before: Mapping[str, tuple[object, ...]]


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    libraries_cache: Path,
) -> BuiltMiniature:
    """The model ``classes`` for a Raspberry Pi, from a tree that cannot be written."""
    folder = tmp_path_factory.mktemp("miniature")
    tree = Path(shutil.copytree(MINIATURE, folder / ODD))
    for path in (tree, *tree.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    before = state(tree)
    project = make_project(
        folder / 'it\'s an "odd" $HOME %d {{ 7*7 }} pläce', cache=libraries_cache, own=True
    )
    workshop = Workshop(project=project, tree=tree)
    return BuiltMiniature(project=project, tree=tree, first=workshop.doit("build"), before=before)


@pytest.fixture
def spoiled(built: BuiltMiniature) -> Iterator[BuiltMiniature]:
    """The same; whatever a test does to its results is made good afterwards."""
    kept = built.folder.with_name("kept")
    shutil.copytree(built.folder, kept, symlinks=True)
    yield built
    shutil.rmtree(built.folder)
    kept.rename(built.folder)


@pytest.fixture
def real_phone(
    make_project: Callable[..., Project], libraries_cache: Path, tree_1x: Path, tmp_path: Path
) -> Callable[[str], Phone]:
    """Builds TensorFlow 1.x itself for an iPhone, by a target of such a text."""
    from tests.makefile.phones import Phone, needs_llvm  # noqa: PLC0415

    needs_llvm(libraries_cache)

    def build(text: str) -> Phone:
        project = make_project(tmp_path / "project", cache=libraries_cache)
        given = {name: os.environ[name] for name in ("BUILDTOOL_SOURCES",) if name in os.environ}
        project = dataclasses.replace(project, env={**project.env, **given})
        project.target("real", f"extends: ios\nslices: [arm64]\n{text}")
        project.doit("build:real-arm64", f"tf={tree_1x}", "rewrite=all")
        return Phone(folder=project.folder("real-arm64"))

    return build
