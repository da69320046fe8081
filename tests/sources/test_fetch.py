from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.errors import ConfigError, DownloadError
from buildtool.core.run import Command, run
from buildtool.sources import Cache, Lock, Patience, Progress, fetch, fetch_all, load_lock
from buildtool.sources.treehash import tree_sha256
from tests.limits import HANG

PROJECT = Path(__file__).resolve().parents[2]


def leftovers(cache: Cache) -> list[str]:
    """Names below the cache that are neither archives, verified trees nor locks."""
    found = [path.name for path in cache.root.rglob("*")]
    return sorted(name for name in found if name.startswith(".unpacking") or name.endswith(".part"))


def test_gives_the_verified_tree(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive)
    tree = fetch(bench.lock(bench.place("/lib.tar.gz")), "lib", cache=bench.cache)
    assert (tree.name, tree.version, tree.digest) == ("lib", "1.0", bench.sample.tree)
    assert bench.content_of(tree.path) == bench.sample.files
    assert leftovers(bench.cache) == []


def test_asks_the_network_once(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive)
    lock = bench.lock(bench.place("/lib.tar.gz"))
    first = fetch(lock, "lib", cache=bench.cache)
    assert fetch(lock, "lib", cache=bench.cache, offline=True) == first
    shutil.rmtree(first.path)
    assert bench.content(lock, offline=True) == bench.sample.files
    assert len(bench.server.asked) == 1


def test_wrong_bytes_are_refused_and_not_kept(bench: Any) -> None:
    wrong = bench.sample.archive[:-1] + b"?"
    bench.serve("/lib.tar.gz", content=wrong)
    with pytest.raises(DownloadError) as caught:
        fetch(bench.lock(bench.place("/lib.tar.gz")), "lib", cache=bench.cache)
    assert "wrong bytes: SHA-256 " in str(caught.value)
    assert f"{bench.server.url}/lib.tar.gz" in str(caught.value)
    assert list((bench.cache.root / "archives").iterdir()) == []


def test_more_bytes_than_locked_are_refused(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive * 3)
    with pytest.raises(DownloadError, match="sent more than the"):
        fetch(bench.lock(bench.place("/lib.tar.gz")), "lib", cache=bench.cache)
    assert leftovers(bench.cache) == []


def test_a_cut_off_download_is_resumed_where_it_ended(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive, cuts=[70_000, 9])
    lock = bench.lock(bench.place("/lib.tar.gz"))
    assert bench.content(lock, patience=bench.hasty) == bench.sample.files
    ranges = [asked for _, asked in bench.server.asked]
    assert ranges == ["", "bytes=70000-", "bytes=70009-"]


def test_a_later_run_resumes_what_an_earlier_one_got(bench: Any) -> None:
    # The second attempt gets not one byte, so that the only one allowed without progress is up.
    bench.serve("/lib.tar.gz", content=bench.sample.archive, cuts=[50_000, 0])
    lock = bench.lock(bench.place("/lib.tar.gz"))
    once = Patience(attempts=1, pause=0)
    with pytest.raises(DownloadError, match=r"the connection .* \(1 attempts\)"):
        fetch(lock, "lib", cache=bench.cache, patience=once)
    assert bench.content(lock, patience=once) == bench.sample.files
    assert bench.server.asked[-1] == ("/lib.tar.gz", "bytes=50000-")


def test_a_server_without_ranges_starts_anew(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive, cuts=[70_000], ranges=False)
    lock = bench.lock(bench.place("/lib.tar.gz"))
    assert bench.content(lock, patience=bench.hasty) == bench.sample.files


def test_what_was_resumed_wrongly_is_fetched_anew(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive)
    part = bench.cache.folder("archives") / (bench.sample.hashes.split()[1] + ".part")
    part.write_bytes(b"?" * 1000)
    lock = bench.lock(bench.place("/lib.tar.gz"))
    assert bench.content(lock, patience=bench.hasty) == bench.sample.files
    assert [asked for _, asked in bench.server.asked] == ["bytes=1000-", ""]


def test_a_stalled_server_is_tried_again(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive, cuts=[60_000], stall=1)
    lock = bench.lock(bench.place("/lib.tar.gz"))
    assert bench.content(lock, patience=bench.hasty) == bench.sample.files


def test_an_overloaded_server_is_tried_again_then_given_up(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive, statuses=[503, 503])
    lock = bench.lock(bench.place("/lib.tar.gz"))
    with pytest.raises(DownloadError, match=r"answered 503 .* \(2 attempts\)"):
        fetch(lock, "lib", cache=bench.cache, patience=bench.hasty)
    bench.server.pages["/lib.tar.gz"].statuses = [503]
    assert bench.content(lock, patience=bench.hasty) == bench.sample.files


def test_the_next_place_is_taken_where_one_has_no_such_file(bench: Any) -> None:
    bench.serve("/here", content=bench.sample.archive)
    out = io.StringIO()
    lock = bench.lock(bench.place("/gone"), bench.place("/here"))
    fetch(lock, "lib", cache=bench.cache, progress=Progress(out))
    assert [path for path, _ in bench.server.asked] == ["/gone", "/here"]
    assert out.getvalue() == f"lib 1.0: from {bench.server.url}/here, verified\n"


def test_the_error_says_why_each_place_failed(bench: Any) -> None:
    bench.serve("/wrong", content=b"short")
    nowhere = "github: no/where@1\n        strip: 1"
    lock = bench.lock(bench.place("/gone"), "path: not-there", nowhere)
    with pytest.raises(DownloadError) as caught:
        fetch(lock, "lib", cache=bench.cache, offline=True)
    text = str(caught.value)
    assert f"{lock.path}:3: lib: no place gave this source" in text
    assert f"{bench.folder}/not-there: there is no such file or folder" in text
    assert "GitHub no/where at 1: lib is not in the cache and offline=1 forbids" in text
    assert bench.server.asked == []


def test_offline_says_what_to_put_where(bench: Any) -> None:
    lock = bench.lock(bench.place("/lib.tar.gz"))
    with pytest.raises(DownloadError) as caught:
        fetch(lock, "lib", cache=bench.cache, offline=True)
    archive = bench.cache.archive(bench.sample.hashes.split()[1])
    todo = f"or copy the file ({len(bench.sample.archive)} bytes) to {archive}"
    assert "run once without offline=1, " + todo in str(caught.value)
    archive.parent.mkdir(parents=True)
    archive.write_bytes(bench.sample.archive)
    assert bench.content(lock, offline=True) == bench.sample.files


def test_a_damaged_cached_archive_is_fetched_anew(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive)
    archive = bench.cache.archive(bench.sample.hashes.split()[1])
    archive.parent.mkdir(parents=True)
    archive.write_bytes(bench.sample.archive[:-1] + b"?")
    tree = fetch(bench.lock(bench.place("/lib.tar.gz")), "lib", cache=bench.cache)
    assert bench.content_of(tree.path) == bench.sample.files


def test_another_tree_in_a_right_archive_is_refused(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive)
    lock = bench.lock(bench.place("/lib.tar.gz"), more="    include: ['src/*']\n")
    with pytest.raises(DownloadError) as caught:
        fetch(lock, "lib", cache=bench.cache)
    assert "its 2 files have the tree hash " in str(caught.value)
    assert f"but the lock file says {bench.sample.tree}" in str(caught.value)
    assert list((bench.cache.root / "trees").iterdir()) == []


def test_an_unsafe_archive_is_refused(bench: Any) -> None:
    (bench.folder / "evil.tar.gz").write_bytes(bench.pack({"top/../../evil": b"x"}))
    with pytest.raises(DownloadError, match=r"climbs out with '\.\.', 'top/\.\./\.\./evil'"):
        fetch(bench.lock("path: evil.tar.gz"), "lib", cache=bench.cache)
    assert leftovers(bench.cache) == []


def test_path_places_are_archives_or_folders_beside_the_lock(bench: Any) -> None:
    (bench.folder / "with space.tar.gz").write_bytes(bench.sample.archive)
    lock = bench.lock("path: with space.tar.gz\n        strip: 1")
    assert bench.content(lock, offline=True) == bench.sample.files
    other = Cache(root=bench.folder / "other")
    folder = fetch(bench.lock("path: sample"), "lib", cache=other, offline=True)
    assert bench.content_of(folder.path) == bench.sample.files
    assert bench.content_of(bench.folder / "sample") == bench.sample.files


def commit_sample(folder: Path) -> str:
    """Make a git repository of a folder; return its commit."""
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    steps = (
        ("init", "-q"),
        ("add", "."),
        (*identity, "commit", "-qm", "all"),
        ("rev-parse", "HEAD"),
    )
    for step in steps:
        command = Command(argv=("git", "-C", str(folder), *step))
        answer = run(command, what="git").stdout
    return answer.strip()


def test_git_places_give_one_commit(bench: Any) -> None:
    commit = commit_sample(bench.folder / "sample")
    (bench.folder / "sample/LICENSE").write_text("changed since")
    lock = bench.lock(f"git: {bench.folder}/sample@{commit}")
    assert bench.content(lock, offline=True) == bench.sample.files
    assert list((bench.cache.root / "archives").iterdir()) == []


def test_a_commit_that_git_does_not_have(bench: Any) -> None:
    commit_sample(bench.folder / "sample")
    lock = bench.lock(f"git: {bench.folder}/sample@{'0' * 39}1")
    with pytest.raises(DownloadError, match="sample at 000000000000: failed with exit code"):
        fetch(lock, "lib", cache=bench.cache)


def test_problems_of_all_sources_come_at_once(bench: Any) -> None:
    path = bench.lock("path: one").path
    text = path.read_text("utf-8")
    entry = text[text.index("  lib:") :]
    path.write_text(text + entry.replace("  lib:", "  other:").replace("one", "two"), "utf-8")
    with pytest.raises(DownloadError) as caught:
        fetch_all(load_lock(path), ["lib", "other"], cache=bench.cache)
    assert f"{bench.folder}/one: there is no" in str(caught.value)
    assert f"{bench.folder}/two: there is no" in str(caught.value)


def test_an_unknown_name(bench: Any) -> None:
    with pytest.raises(ConfigError, match=r"has no source 'lob'\n    perhaps you meant 'lib'"):
        fetch(bench.lock("path: x"), "lob", cache=bench.cache)


FETCH = """
import sys
from pathlib import Path
from buildtool.sources import *
{before}
lock = load_lock(Path(sys.argv[1]))
print(fetch(lock, "lib", cache=Cache(root=Path(sys.argv[2]))).path)
"""


def start(lock: Lock, cache: Cache, before: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FETCH.format(before=before), str(lock.path), str(cache.root)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_that_want_the_same_download_it_once(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive, cuts=[1000], stall=0.5)
    lock = bench.lock(bench.place("/lib.tar.gz"))
    running = [start(lock, bench.cache) for _ in range(3)]
    answers = [process.communicate(timeout=HANG) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], answers
    assert len({out for out, _ in answers}) == 1
    assert bench.content_of(Path(answers[0][0].strip())) == bench.sample.files
    # One download, once resumed; the other two found it in the bench.cache.
    assert len(bench.server.asked) == 2


LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"


def test_a_full_disk_is_said_and_the_next_run_works(bench: Any) -> None:
    bench.serve("/lib.tar.gz", content=bench.sample.archive)
    lock = bench.lock(bench.place("/lib.tar.gz"), bench.place("/lib.tar.gz"))
    process = start(lock, bench.cache, LIMIT.format(50_000))
    _, errors = process.communicate(timeout=HANG)
    assert process.returncode != 0
    assert "StorageError" in errors
    assert "cannot write: File too large" in errors
    assert "set BUILDTOOL_CACHE to a folder on a larger disk" in errors
    assert len(bench.server.asked) == 1, "another place does not make the disk larger"
    assert bench.content(lock) == bench.sample.files
    assert [asked for _, asked in bench.server.asked[1:]] == ["bytes=50000-"]


def test_a_full_disk_while_unpacking_leaves_nothing(bench: Any) -> None:
    lock = bench.lock("path: sample")
    process = start(lock, bench.cache, LIMIT.format(1000))
    _, errors = process.communicate(timeout=HANG)
    assert process.returncode != 0
    assert "src/a.cc: cannot write: File too large" in errors
    assert leftovers(bench.cache) == []
    assert bench.content(lock) == bench.sample.files


def test_a_killed_unpack_is_never_taken_for_whole(bench: Any) -> None:
    for number in range(8000):
        (bench.folder / "sample" / f"{number}.h").write_text(str(number))
    lock = bench.lock("path: sample", tree=tree_sha256(bench.folder / "sample"))
    process = start(lock, bench.cache)
    deadline = time.monotonic() + HANG
    final = bench.cache.tree("lib", lock["lib"].tree)
    work = final.with_name(f".unpacking-{final.name}")
    while not (work / "1.h").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=HANG)
    assert not final.exists()
    tree = fetch(lock, "lib", cache=bench.cache, offline=True)
    assert len(bench.content_of(tree.path)) == 8003
    assert leftovers(bench.cache) == []


def test_a_tree_without_its_stamp_is_made_anew(bench: Any) -> None:
    lock = bench.lock("path: sample")
    tree = fetch(lock, "lib", cache=bench.cache)
    bench.cache.stamp("lib", tree.digest).unlink()
    (tree.path / "src/b.h").unlink()
    assert bench.content(lock) == bench.sample.files


@pytest.mark.parametrize("mischief", ["changed", "gone", "added", "changed in secret"])
def test_a_tree_that_was_changed_is_told_and_made_anew(bench: Any, mischief: str) -> None:
    lock = bench.lock("path: sample")
    tree = fetch(lock, "lib", cache=bench.cache)
    fetch(lock, "lib", cache=bench.cache)
    file = tree.path / "src/b.h"
    file.chmod(0o644)
    before = file.stat()
    if mischief == "gone":
        file.unlink()
    elif mischief == "changed in secret":
        file.write_bytes(b"x" * before.st_size)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        (file if mischief == "changed" else tree.path / "src/c.h").write_text("mine")
    out = io.StringIO()
    fetch(lock, "lib", cache=bench.cache, progress=Progress(out))
    assert f"{tree.path}: is not what was verified: made anew\n" in out.getvalue()
    assert bench.content(lock) == bench.sample.files


def test_a_tree_that_was_only_touched_stays(bench: Any) -> None:
    lock = bench.lock("path: sample")
    tree = fetch(lock, "lib", cache=bench.cache)
    os.utime(tree.path / "src/b.h", ns=(1, 1))
    bench.cache.stamp("lib", tree.digest).with_suffix(".files").write_bytes(b"\xff")
    out = io.StringIO()
    fetch(lock, "lib", cache=bench.cache, progress=Progress(out))
    assert out.getvalue() == ""
    assert (tree.path / "src/b.h").stat().st_mtime_ns == 1


def test_a_cache_that_cannot_be_written(bench: Any) -> None:
    (bench.folder / "file").write_text("in the way")
    with pytest.raises(DownloadError, match=r"cannot write: Not a directory\n.*BUILDTOOL_CACHE"):
        fetch(bench.lock("path: sample"), "lib", cache=Cache(root=bench.folder / "file" / "cache"))


def test_a_cache_below_the_home_folder_of_nobody() -> None:
    with pytest.raises(ConfigError, match="there is no home folder as in '~nobody-here/x'"):
        Cache.of_user({"BUILDTOOL_CACHE": "~nobody-here/x"})
    with pytest.raises(ConfigError, match="no folder can be there: File name too long"):
        Cache.of_user({"BUILDTOOL_CACHE": "/" + "x" * 300})


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({"BUILDTOOL_CACHE": "/a", "XDG_CACHE_HOME": "/x"}, "/a"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/buildtool"),
        ({"XDG_CACHE_HOME": "relative"}, str(Path("~/.cache/buildtool").expanduser())),
        ({}, str(Path("~/.cache/buildtool").expanduser())),
        ({"BUILDTOOL_CACHE": "here"}, str(Path.cwd() / "here")),
    ],
)
def test_where_the_cache_is(environment: dict[str, str], root: str) -> None:
    assert Cache.of_user(environment).root == Path(root)


def test_the_command_prints_where_each_tree_is(bench: Any) -> None:
    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "buildtool.sources",
                "--lock",
                bench.lock("path: sample").path,
                *arguments,
            ],
            env={**os.environ, "BUILDTOOL_CACHE": str(bench.cache.root)},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )

    done = command("--offline")
    assert done.stdout == f"lib 1.0 {bench.cache.tree('lib', bench.sample.tree)}\n"
    wrong = command("lob")
    assert wrong.returncode == 3
    assert "has no source 'lob'" in wrong.stderr
    assert "Traceback" not in wrong.stderr
