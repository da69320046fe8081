"""Copies that the user has: named in a target, or in the folder of BUILDTOOL_SOURCES."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError, DownloadError, ExitCode
from buildtool.core.run import Command, run
from buildtool.sources import Cache, Lock, OwnCopy, fetch_all, load_lock, with_own_copies
from buildtool.sources.treehash import tree_sha256

GIT = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=x")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source as a folder."""
    root = tmp_path / "sample"
    (root / "src").mkdir(parents=True)
    (root / "LICENSE").write_text("free\n")
    (root / "src" / "a.cc").write_text("int a;\n")
    return root


@pytest.fixture
def repository(folder: Path) -> tuple[Path, str]:
    """The same as a git repository whose work tree went on, and the commit that it was."""
    root = folder.with_name("repository")
    shutil.copytree(folder, root)
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "1"]):
        run(Command(argv=(*GIT, *words), cwd=root), what="git")
    commit = run(Command(argv=(*GIT, "rev-parse", "HEAD"), cwd=root), what="git").stdout.strip()
    (root / "src" / "a.cc").write_text("int changed;\n")
    run(Command(argv=(*GIT, "commit", "-q", "-a", "-m", "2"), cwd=root), what="git")
    return root, commit


def lock_of(folder: Path, commit: str = "c" * 40) -> Lock:
    path = folder.parent / "test.lock.yaml"
    entry = (
        "    tree: {tree}\n    licences: [LICENSE]\n    include: [LICENSE, 'src/*']\n"
        "    places:\n      - github: owner/lib@{ref}\n        strip: 1\n"
    )
    path.write_text(
        "schema_version: 1\nsources:\n"
        f"  lib-{commit[:12]}:\n    version: {commit}\n"
        + entry.format(tree=tree_sha256(folder), ref=commit)
        + "  lib-2.0:\n    version: '2.0'\n"
        + entry.format(tree="d" * 64, ref="v2.0"),
        "utf-8",
    )
    return load_lock(path)


def first(lock: Lock) -> str:
    return next(name for name in lock.sources if name != "lib-2.0")


def fetched(lock: Lock, cache: Cache, given: list[OwnCopy], **env: str) -> dict[str, str]:
    placed = with_own_copies(lock, given, environment=env)
    tree = fetch_all(placed, [first(lock)], cache=cache, offline=True)[first(lock)].path
    files = [path for path in tree.rglob("*") if path.is_file()]
    return {path.relative_to(tree).as_posix(): path.read_text() for path in files}


WANTED = {"LICENSE": "free\n", "src/a.cc": "int a;\n"}


def given(path: Path, name: str = "lib") -> OwnCopy:
    return OwnCopy(name=name, path=path, where="targets/x.yaml:3")


def test_a_folder(folder: Path, cache: Cache) -> None:
    assert fetched(lock_of(folder), cache, [given(folder)]) == WANTED


def test_a_folder_beside_others_of_the_family(folder: Path, cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    lock = lock_of(folder)
    both = [given(tmp_path / "other"), given(folder, first(lock))]
    assert fetched(lock, cache, both) == WANTED


def test_a_repository_gives_the_locked_commit_not_its_work_tree(
    folder: Path, repository: tuple[Path, str], cache: Cache
) -> None:
    root, commit = repository
    assert fetched(lock_of(folder, commit), cache, [given(root)]) == WANTED


def test_a_bare_repository(folder: Path, repository: tuple[Path, str], cache: Cache) -> None:
    root, commit = repository
    assert fetched(lock_of(folder, commit), cache, [given(root / ".git")]) == WANTED


def test_a_repository_is_no_place_of_a_version_whose_commit_nobody_knows(
    folder: Path, repository: tuple[Path, str]
) -> None:
    lock = lock_of(folder, repository[1])
    placed = with_own_copies(lock, [given(repository[0])], environment={})
    assert placed["lib-2.0"] == lock["lib-2.0"]


def test_an_archive(folder: Path, cache: Cache, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "a"), "gztar", tmp_path, "sample")
    assert fetched(lock_of(folder), cache, [given(Path(archive))]) == WANTED


@pytest.mark.parametrize("name", ["lib", "lib-cccccccccccc"])
def test_the_folder_of_the_variable(folder: Path, cache: Cache, tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").mkdir()
    folder.rename(tmp_path / "mine" / name)
    lock = lock_of(tmp_path / "mine" / name)
    assert fetched(lock, cache, [], BUILDTOOL_SOURCES=str(tmp_path / "mine")) == WANTED


def test_an_archive_in_the_folder_of_the_variable(
    folder: Path, cache: Cache, tmp_path: Path
) -> None:
    shutil.make_archive(str(tmp_path / "mine" / "lib"), "gztar", tmp_path, "sample")
    lock = lock_of(folder)
    assert fetched(lock, cache, [], BUILDTOOL_SOURCES=str(tmp_path / "mine")) == WANTED


def test_what_is_given_but_is_something_else_is_refused(folder: Path, cache: Cache) -> None:
    lock = lock_of(folder)
    (folder / "src" / "a.cc").write_text("int b;\n")
    with pytest.raises(DownloadError) as caught:
        fetched(lock, cache, [given(folder)])
    assert caught.value.exit_code is ExitCode.FAILED_DOWNLOAD
    text = str(caught.value)
    assert f"targets/x.yaml:3: path {folder}: {first(lock)}: its 2 files have the tree hash" in text
    assert "GitHub" not in text
    assert not cache.tree(first(lock), lock[first(lock)].tree).exists()


def test_offline_without_a_copy_each_one_is_named_with_how_to_give_it(
    folder: Path, cache: Cache
) -> None:
    lock = with_own_copies(lock_of(folder), [], environment={})
    with pytest.raises(DownloadError) as caught:
        fetch_all(lock, lock.sources, cache=cache, offline=True)
    text = str(caught.value)
    for name in lock.sources:
        assert f"{name}: no place gave this source" in text
        assert f"'sources: [{{name: {name}, path: ...}}]' in the target" in text
        assert f"$BUILDTOOL_SOURCES/{name} (a folder" in text


def test_wrong_names_and_places_are_all_said(folder: Path, tmp_path: Path) -> None:
    nowhere = [given(tmp_path / "nowhere"), given(folder, "libb")]
    env = {"BUILDTOOL_SOURCES": str(tmp_path / "none")}
    with pytest.raises(ConfigError) as caught:
        with_own_copies(lock_of(folder), nowhere, environment=env)
    assert [str(problem) for problem in caught.value.problems] == [
        f"targets/x.yaml:3: sources: lib: there is no such file or folder: {tmp_path}/nowhere\n"
        "    mend the path, or take it out",
        "targets/x.yaml:3: sources: the lock has no source 'libb'\n    perhaps you meant 'lib'",
        f"BUILDTOOL_SOURCES: there is no folder {tmp_path}/none",
    ]
