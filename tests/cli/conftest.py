"""A copy of the project in a folder of its own, and doit run there as people run it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import CommandResult, Project

# What shells, CMake, Ninja, Jinja and format strings would make something of.
ODD = 'it\'s an "odd" $HOME %d {{ 7*7 }} pläce'
ODD_MODEL = "odd 'n' \"{{ 7*7 }}\" $HOME %d <b>"
# Of what the default model has, it lacks BiasAdd and Softmax, whose kernels stand in files of
# their own, and whose ops stand in nn_ops.cc as Relu does.
SMALL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: 3 } dim { size: 4 } } } } }
node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: 0.5
              tensor_shape { dim { size: 4 } dim { size: 2 } } } } } }
node { name: "m" op: "MatMul" input: "x" input: "w" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Relu" input: "m" attr { key: "T" value { type: DT_FLOAT } } }
versions { producer: 1575 }
"""


@dataclass(frozen=True, kw_only=True)
class BuiltProject:
    """The project, and what its first build said and made."""

    project: Project
    first: CommandResult
    archive: bytes

    @property
    def folder(self) -> Path:
        return self.project.folder("pi")

    def objects(self) -> dict[str, int]:
        """The object files, and when they were made."""
        found = (self.folder / "native" / "CMakeFiles").rglob("*.o")
        return {str(path): path.stat().st_mtime_ns for path in found}

    def linked(self) -> list[str]:
        """The files that the library is made of, whatever else was compiled for other models."""
        files = json.loads((self.folder / "generated" / "files.json").read_text("utf-8"))
        return [file["path"] for file in files]

    def remade(self, before: Mapping[str, int]) -> set[str]:
        """Sources of the objects that were there and are others now. New ones do not count: what
        builds of other projects learn at the same time may be tried here too."""
        now = self.objects()
        return {Path(path).stem for path in before if now.get(path) != before[path]}

    def files(self) -> dict[str, int]:
        """All that is reported, generated or shipped, and when it was written."""
        tops = [path for path in self.folder.iterdir() if path.is_file()]
        below = [p for top in ("generated", "dist") for p in (self.folder / top).rglob("*")]
        return {
            str(path.relative_to(self.folder)): path.stat().st_mtime_ns
            for path in (*tops, *below)
            if path.is_file()
        }

    def kernels(self) -> set[tuple[str, str]]:
        plan = json.loads((self.folder / "plan.json").read_text("utf-8"))
        found = (kernel["registration"] for kernel in plan["kernels"])
        return {(kernel["op"], kernel["kernel_class"]) for kernel in found}

    @property
    def library(self) -> bytes:
        return (self.folder / "dist" / "lib" / "libtensorflow.a").read_bytes()

    def model(self, name: str, text: str) -> Path:
        path = self.project.root.parent / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def project(tmp_path: Path, make_project: Callable[..., Project]) -> Project:
    """A fresh copy in an oddly named folder, with a cache that is empty."""
    return make_project(tmp_path / ODD, cache=tmp_path / "cache")


@pytest.fixture
def real_project(tmp_path: Path, make_project: Callable[..., Project], real_cache: Path) -> Project:
    """A fresh copy in an oddly named folder, with the real sources."""
    return make_project(tmp_path / ODD, cache=real_cache)


@pytest.fixture(scope="session")
def real_cache(real_tree: Path) -> Path:
    """The cache that holds the real sources, all of them verified."""
    cache = real_tree.parent.parent
    if real_tree.parent.name != "trees" or not (cache / "archives").is_dir():
        pytest.skip("needs the sources in the cache: run 'python -m buildtool.sources' once")
    return cache


@pytest.fixture(scope="session")
def odd_model() -> str:
    """What the default model of the built project is called."""
    return ODD_MODEL


@pytest.fixture(scope="session")
def small_model() -> str:
    """A text model that needs some of what the default model needs."""
    return SMALL


@pytest.fixture(scope="session")
def pi_tools() -> None:
    """Skips where this machine cannot build and run programs for the Raspberry Pi."""
    for tool in ("clang++", "ld.lld", "cmake", "ninja", "ccache", "protoc", "qemu-arm-static"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    if not Path("/usr/arm-linux-gnueabihf/lib").is_dir():
        pytest.skip("needs the C library of g++-arm-linux-gnueabihf")


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    real_cache: Path,
    pi_tools: None,  # noqa: ARG001  (it skips where there are none)
) -> BuiltProject:
    folder = tmp_path_factory.mktemp("built") / 'it\'s an "odd" $HOME %d {{ 7*7 }} pläce'
    project = make_project(folder, cache=real_cache, own=True)
    # The default model under an odd name, which reports show.
    odd = project.root / "models" / f"{ODD_MODEL}.pb"
    (project.root / "models" / "digits.pb").rename(odd)
    for target in (project.root / "targets").glob("*.yaml"):
        text = target.read_text(encoding="utf-8")
        text = text.replace("models/digits.pb", json.dumps(f"models/{odd.name}"))
        target.write_text(text, encoding="utf-8")
    first = project.doit("build:pi")
    built = BuiltProject(project=project, first=first, archive=b"")
    return replace(built, archive=built.library)


@pytest.fixture
def as_it_was(built: BuiltProject) -> Iterator[None]:
    """After the test, the next run simply builds what was there at first."""
    yield
    built.project.doit("build:pi")
    assert built.library == built.archive
