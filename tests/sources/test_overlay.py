from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from buildtool.catalogue.cxxfiles import library_sources
from buildtool.core.errors import ConfigError
from buildtool.core.run import Command, run
from buildtool.core.values import SourceTree
from buildtool.sources import patched_tree

FILES = {
    "tensorflow/core/a.cc": "int one = 1;\nint two = 2;\nint three = 3;\n",
    "tensorflow/core/b.cc": "int b = 0;\n",
    "tensorflow/core/kernels/c.cc": "int c = 0;\n",
    "third_party/x/BUILD": "# nothing\n",
    "with space.txt": "text\n",
}
CHANGE = """\
--- a/tensorflow/core/a.cc
+++ b/tensorflow/core/a.cc
@@ -1,3 +1,3 @@
 int one = 1;
-int two = 2;
+int two = 22;
 int three = 3;
"""
MORE = """\
--- a/tensorflow/core/a.cc
+++ b/tensorflow/core/a.cc
@@ -1,3 +1,3 @@
 int one = 1;
-int two = 22;
+int two = 222;
 int three = 3;
"""


@pytest.fixture
def tree(tmp_path: Path) -> SourceTree:
    root = tmp_path / "user's tree"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".git").mkdir()
    (root / "linked").symlink_to("tensorflow/core")
    return SourceTree(name="tensorflow", path=root, version="2.14.1", digest="d" * 64)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def state(root: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_ino, status.st_mtime_ns, status.st_mode)
    return found


def test_without_patches_the_tree_itself_is_built(tree: SourceTree, tmp_path: Path) -> None:
    (tmp_path / "overlay" / "old").mkdir(parents=True)
    assert patched_tree(tree, (), tmp_path / "overlay") is tree
    assert not (tmp_path / "overlay").exists()


def test_patched_files_are_copies_and_the_rest_is_shared(tree: SourceTree, tmp_path: Path) -> None:
    before = state(tree.path)
    patches = [write(tmp_path / "1 a.patch", CHANGE), write(tmp_path / "2.patch", MORE)]
    found = patched_tree(tree, patches, tmp_path / "overlay")
    assert (found.path / "tensorflow/core/a.cc").read_text() == FILES[
        "tensorflow/core/a.cc"
    ].replace("2;", "222;")
    copies = [
        path.relative_to(found.path).as_posix()
        for path in found.path.rglob("*")
        if not path.is_dir() and not path.is_symlink()
    ]
    assert copies == ["tensorflow/core/a.cc"]
    for name in FILES:
        assert (found.path / name).is_file()
    assert not (found.path / ".git").exists()
    assert (found.path / "linked" / "b.cc").is_file()
    assert state(tree.path) == before
    assert list(library_sources(found.path)) == list(library_sources(tree.path))


def test_the_digest_tells_patches_and_their_order_apart(tree: SourceTree, tmp_path: Path) -> None:
    first = write(tmp_path / "1.patch", CHANGE)
    other = write(tmp_path / "2.patch", CHANGE.replace("22", "33"))
    digests = {
        patched_tree(tree, patches, tmp_path / "overlay").digest
        for patches in ((), (first,), (other,))
    }
    assert len(digests) == 3


def test_an_overlay_that_is_right_is_not_touched(tree: SourceTree, tmp_path: Path) -> None:
    patch = write(tmp_path / "a.patch", CHANGE)
    found = patched_tree(tree, (patch,), tmp_path / "overlay")
    before = state(tmp_path / "overlay")
    assert patched_tree(tree, (patch,), tmp_path / "overlay") == found
    assert state(tmp_path / "overlay") == before


def test_a_file_that_is_no_longer_patched_is_newer_than_what_was_compiled(
    tree: SourceTree, tmp_path: Path
) -> None:
    os.utime(tree.path / "tensorflow/core/a.cc", (1, 1))
    patch = write(tmp_path / "a.patch", CHANGE)
    compiled = patched_tree(tree, (patch,), tmp_path / "overlay").path / "tensorflow/core/a.cc"
    then = compiled.stat().st_mtime_ns
    write(patch, CHANGE.replace("core/a.cc", "core/b.cc").partition("@@")[0] + ADD_TO_B)
    found = patched_tree(tree, (patch,), tmp_path / "overlay")
    assert found.path / "tensorflow/core/a.cc" == compiled
    assert compiled.read_text() == FILES["tensorflow/core/a.cc"]
    assert compiled.stat().st_mtime_ns > then
    assert (found.path / "tensorflow/core/b.cc").read_text() == "int b = 0;\nint bb = 0;\n"


ADD_TO_B = """\
@@ -1 +1,2 @@
 int b = 0;
+int bb = 0;
"""


def test_another_tree_has_another_place(tree: SourceTree, tmp_path: Path) -> None:
    patch = write(tmp_path / "a.patch", CHANGE)
    first = patched_tree(tree, (patch,), tmp_path / "overlay").path
    moved = tree.path.rename(tmp_path / "moved")
    other = SourceTree(name=tree.name, path=moved, version=tree.version, digest=tree.digest)
    second = patched_tree(other, (patch,), tmp_path / "overlay").path
    assert second != first
    assert not first.exists()
    assert (second / "tensorflow/core/b.cc").read_text() == "int b = 0;\n"


def test_new_deleted_renamed_and_executable_files(tree: SourceTree, tmp_path: Path) -> None:
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=m")
    work = tmp_path / "work"
    for name, text in FILES.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "x")):
        run(Command(argv=(*git, *command), cwd=work), what="making a patch")
    (work / "tensorflow/core/a.cc").rename(work / "tensorflow/core/moved.cc")
    (work / "tensorflow/core/b.cc").unlink()
    (work / "tensorflow/new folder").mkdir()
    (work / "tensorflow/new folder/d.cc").write_text("int d;\n")
    (work / "with space.txt").chmod(0o755)
    run(Command(argv=(*git, "add", "-A"), cwd=work), what="making a patch")
    argv = (*git, "diff", "--cached", "-M")
    made = run(Command(argv=argv, cwd=work), what="making a patch").stdout
    before = state(tree.path)
    root = patched_tree(tree, (write(tmp_path / "a.patch", made),), tmp_path / "overlay").path
    assert (root / "tensorflow/core/moved.cc").read_text() == FILES["tensorflow/core/a.cc"]
    assert (root / "tensorflow/new folder/d.cc").read_text() == "int d;\n"
    assert not (root / "tensorflow/core/a.cc").is_symlink()
    assert not (root / "tensorflow/core/a.cc").exists()
    assert not (root / "tensorflow/core/b.cc").exists()
    assert (root / "with space.txt").stat().st_mode & stat.S_IXUSR
    assert state(tree.path) == before


def test_every_patch_that_does_not_apply_is_reported(tree: SourceTree, tmp_path: Path) -> None:
    good = write(tmp_path / "good.patch", CHANGE)
    lost = write(tmp_path / "lost.patch", CHANGE.replace("core/a.cc", "core/gone.cc"))
    stale = write(tmp_path / "stale.patch", MORE.replace("int three", "int four"))
    none = write(tmp_path / "none.patch", "")
    before = state(tree.path)
    with pytest.raises(ConfigError) as caught:
        patched_tree(tree, (good, lost, stale, none), tmp_path / "overlay")
    problems = caught.value.problems
    assert [Path(p.where).name for p in problems] == ["lost.patch", "stale.patch", "none.patch"]
    assert "tensorflow/core/gone.cc: No such file or directory" in problems[0].what
    assert "patch failed: tensorflow/core/a.cc:1" in problems[1].what
    assert "'git diff'" in problems[0].todo
    assert state(tree.path) == before
    assert not (tmp_path / "overlay").exists()
    assert patched_tree(tree, (good,), tmp_path / "overlay").path.is_dir()


def test_a_patch_cannot_reach_outside_the_tree(tree: SourceTree, tmp_path: Path) -> None:
    outside = write(tmp_path / "a.cc", FILES["tensorflow/core/a.cc"])
    (tmp_path / "link.cc").symlink_to(outside)
    for name in ("../../a.cc", "../../link.cc", str(outside)):
        patch = write(
            tmp_path / "evil.patch", CHANGE.replace("a/tensorflow/core/a.cc", f"a/{name}")
        )
        patch.write_text(patch.read_text().replace("b/tensorflow/core/a.cc", f"b/{name}"))
        with pytest.raises(ConfigError, match=r"evil\.patch: does not apply to this tree"):
            patched_tree(tree, (patch,), tmp_path / "overlay")
    assert outside.read_text() == FILES["tensorflow/core/a.cc"]
    assert (tmp_path / "link.cc").is_symlink()


def test_the_repository_around_the_build_folder_does_not_matter(
    tree: SourceTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Command(argv=("git", "init", "-q", str(tmp_path))), what="a repository around it")
    config = write(tmp_path / "gitconfig", "[apply]\n\twhitespace = error-all\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    trailing = write(tmp_path / "a.patch", CHANGE.replace("22;", "22;  "))
    found = patched_tree(tree, (trailing,), tmp_path / "build" / "overlay")
    assert "22;  \n" in (found.path / "tensorflow/core/a.cc").read_text()
