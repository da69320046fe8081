"""A renamed protobuf for an iPhone, and an app that has a protobuf of its own."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.apple.stand_in import SOURCE
from buildtool.apple.tools import find_programs
from buildtool.errors import BuildError, ToolError
from buildtool.platforms import find_abi
from buildtool.run import Command, run
from tests.makefile.conftest import MINIATURE, ODD, Workshop
from tests.makefile.test_renamed import EXPECTED, SOURCES

if TYPE_CHECKING:
    from tests.conftest import AppCompiler, Project

pytestmark = pytest.mark.build


def words_of(log: Path, what: str) -> list[str]:
    """The first command of a log that has a word."""
    lines = log.read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith("$ ") and what in line)
    return [word for word in shlex.split(line)[1:] if not word.startswith("TF_CPP")]


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A slice that was built, and what it was linked and run with."""

    folder: Path

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def compiler(self) -> tuple[str, ...]:
        """The compiler and what it is told of the system."""
        words = words_of(self.folder / "logs" / "compile.log", "-force_load")
        kept = [*words[:1], *(word for word in words if word.startswith(("--target", "-stdlib")))]
        return (*kept, "-isysroot", words[words.index("-isysroot") + 1])

    def link(self, objects: list[Path], library: Path, *, last: bool, app: Path) -> Path:
        """Link an app as ``link_flags.txt`` says."""
        drivers = words_of(self.folder / "logs" / "compile.log", "-force_load")
        linker = [
            word for word in drivers if word.startswith(("-fuse-ld", "--ld-path", "-mlinker"))
        ]
        flags = (self.dist / "link_flags.txt").read_text("utf-8").split()
        words = [*flags, str(library)] if last else [str(library), *flags]
        argv = (*self.compiler, *linker, "-o", str(app), *map(str, objects), *words)
        run(Command(argv=argv, cwd=self.dist), what="linking an app")
        return app

    def start(self, app: Path) -> str:
        """Run a program in the emulator, as the runner was run."""
        words = words_of(self.folder / "verify" / "runner.log", "--session")
        return run(Command(argv=(*words[:-2], str(app))), what="running an app").stdout

    def app(self, own: AppCompiler, headers: Path, folder: Path) -> list[Path]:
        """The objects of the app of ``app/``, whose own protobuf has these headers."""
        flags = [
            f"-I{self.dist / 'include'}" if flag == "-Iinclude" else flag
            for flag in (self.dist / "compile_flags.txt").read_text("utf-8").split()
        ]
        found = []
        for source in SOURCES:
            found.append(folder / f"{source.stem}.o")
            more = (*flags, "-w", f"-I{headers}", "-c", str(source), "-o", str(found[-1]))
            run(Command(argv=(*own.compiler, *more)), what=f"compiling {source.name}")
        return found

    def own(self, template: AppCompiler) -> AppCompiler:
        """What compiles the app's own protobuf."""
        launcher = template.compiler[:-1]
        return dataclasses.replace(
            template, compiler=(*launcher, *self.compiler), ar=str(llvm("ar"))
        )


def llvm(name: str) -> Path:
    return find_programs(find_abi("ios", "arm64")[1], "llvm")[name]


def needs_llvm(cache: Path) -> None:
    if not any(cache.glob(f"trees/{SOURCE}-*.verified")):
        pytest.skip(f"needs {SOURCE} in the cache: run 'python -m buildtool.sources' once")
    try:
        llvm("ar")
    except ToolError as failure:
        pytest.skip(str(failure))


@pytest.fixture(scope="module")
def phone(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    libraries_cache: Path,
) -> Phone:
    needs_llvm(libraries_cache)
    folder = tmp_path_factory.mktemp("renamed-phone")
    project = make_project(folder / ODD, cache=libraries_cache)
    project.target("ours", "extends: ios\nslices: [arm64]\nprotobuf_prefix: ours\n")
    tree = Path(shutil.copytree(MINIATURE, folder / "tree"))
    Workshop(project=project, tree=tree, target="ours-arm64").doit("build")
    return Phone(folder=project.folder("ours-arm64"))


def test_an_app_with_another_protobuf_links_and_runs(
    phone: Phone, app_compiler: AppCompiler, old_protobuf: Path, tmp_path: Path
) -> None:
    own, headers = phone.own(app_compiler), old_protobuf / "src"
    archive = own.protobuf(headers, tmp_path / "own.a")
    objects = phone.app(own, headers, tmp_path)
    for last in (False, True):
        app = phone.link(objects, archive, last=last, app=tmp_path / f"app-{last}")
        assert phone.start(app) == EXPECTED


@pytest.fixture
def real(
    make_project: Callable[..., Project], libraries_cache: Path, tree_1x: Path, tmp_path: Path
) -> Callable[[str], Phone]:
    """Builds TensorFlow 1.x itself for an iPhone, by a target of such a text."""
    needs_llvm(libraries_cache)

    def build(text: str) -> Phone:
        project = make_project(tmp_path / "project", cache=libraries_cache)
        given = {name: os.environ[name] for name in ("BUILDTOOL_SOURCES",) if name in os.environ}
        project = dataclasses.replace(project, env={**project.env, **given})
        project.target("real", f"extends: ios\nslices: [arm64]\n{text}")
        project.doit("build:real-arm64", f"tf={tree_1x}", "rewrite=all")
        return Phone(folder=project.folder("real-arm64"))

    return build


@pytest.mark.tree_1x
def test_an_app_with_a_real_tree(
    real: Callable[[str], Phone], app_compiler: AppCompiler, new_protobuf: Path, tmp_path: Path
) -> None:
    phone, headers = real("protobuf_prefix: ours\n"), new_protobuf / "src"
    own = phone.own(app_compiler)
    archive = own.protobuf(headers, tmp_path / "own.a")
    objects = phone.app(own, headers, tmp_path)
    for last in (False, True):
        app = phone.link(objects, archive, last=last, app=tmp_path / f"app-{last}")
        assert phone.start(app) == EXPECTED.replace("3005000", "3021012")


@pytest.mark.tree_1x
def test_without_other_names_the_same_app_fails(
    real: Callable[[str], Phone], app_compiler: AppCompiler, new_protobuf: Path, tmp_path: Path
) -> None:
    phone, headers = real(""), new_protobuf / "src"
    own = phone.own(app_compiler)
    archive = own.protobuf(headers, tmp_path / "own.a")
    objects = phone.app(own, phone.dist / "include", tmp_path)
    for last in (False, True):
        with pytest.raises(BuildError, match="duplicate symbol"):
            phone.link(objects, archive, last=last, app=tmp_path / "app")
