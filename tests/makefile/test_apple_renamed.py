"""A renamed protobuf for an iPhone, and an app that has a protobuf of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import BuildError
from buildtool.core.run import Command, run
from tests.makefile.conftest import MINIATURE, ODD, Workshop
from tests.makefile.phones import Phone, needs_llvm
from tests.makefile.test_renamed import EXPECTED, SOURCES

if TYPE_CHECKING:
    from tests.conftest import AppCompiler, Project

pytestmark = pytest.mark.build


def both(phone: Phone, own: Path, *, last: bool) -> list[str]:
    """The library, and the app's own protobuf before or after it."""
    return [*phone.link_flags, str(own)] if last else [str(own), *phone.link_flags]


def outputs(phone: Phone, app_compiler: AppCompiler, headers: Path, folder: Path) -> list[str]:
    """What the app says, linked with its own protobuf before the library and after it."""
    own = phone.own(app_compiler)
    archive = own.protobuf(headers, folder / "own.a")
    objects = phone.app(own, headers, folder)
    apps = [
        phone.link(objects, both(phone, archive, last=last), folder / f"app-{last}")
        for last in (False, True)
    ]
    return [phone.start(app) for app in apps]


@pytest.fixture(scope="module")
def phone(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    libraries_cache: Path,
) -> Phone:
    needs_llvm(libraries_cache)
    folder = tmp_path_factory.mktemp("renamed-phone")
    project = make_project(folder / ODD, cache=libraries_cache, own=True)
    project.target("ours", "extends: ios\nslices: [arm64]\nprotobuf_prefix: ours\n")
    tree = Path(shutil.copytree(MINIATURE, folder / "tree"))
    Workshop(project=project, tree=tree, target="ours-arm64").doit("build")
    return Phone(folder=project.folder("ours-arm64"))


def test_an_app_with_another_protobuf_links_and_runs(
    phone: Phone, app_compiler: AppCompiler, old_protobuf: Path, tmp_path: Path
) -> None:
    assert outputs(phone, app_compiler, old_protobuf / "src", tmp_path) == [EXPECTED, EXPECTED]


@pytest.mark.tree_1x
def test_an_app_with_a_real_tree(
    real_phone: Callable[[str], Phone],
    app_compiler: AppCompiler,
    new_protobuf: Path,
    tmp_path: Path,
) -> None:
    phone = real_phone("protobuf_prefix: ours\n")
    expected = EXPECTED.replace("3005000", "3021012")
    assert outputs(phone, app_compiler, new_protobuf / "src", tmp_path) == [expected, expected]


@pytest.mark.tree_1x
def test_without_other_names_the_same_app_fails(
    real_phone: Callable[[str], Phone],
    app_compiler: AppCompiler,
    new_protobuf: Path,
    tmp_path: Path,
) -> None:
    phone, headers = real_phone(""), new_protobuf / "src"
    own = phone.own(app_compiler)
    archive = own.protobuf(headers, tmp_path / "own.a")
    objects = phone.app(own, phone.dist / "include", tmp_path, SOURCES[:1])
    # Its own headers come first in this file, which includes none of TensorFlow's.
    objects.append(tmp_path / "own.o")
    flags = ("-std=c++11", "-w", f"-I{headers}", "-c", str(SOURCES[1]), "-o", str(objects[-1]))
    run(Command(argv=(*own.compiler, *flags)), what="compiling the app's own part")
    for last in (False, True):
        with pytest.raises(BuildError, match="duplicate symbol"):
            phone.link(objects, both(phone, archive, last=last), tmp_path / "app")
