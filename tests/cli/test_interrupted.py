"""Builds that are killed, that meet each other, or that the disk has no room for."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.binary.archive import read_archive
from buildtool.core.fingerprint import SYMBOL
from tests.limits import HANG

if TYPE_CHECKING:
    from tests.cli.conftest import BuiltProject
    from tests.conftest import Project

pytestmark = [pytest.mark.real_tree, pytest.mark.build]

# A folder of so many bytes, in a name space that goes away with the command.
SMALL_DISK = """
mount -t tmpfs -o size="$1" tmpfs build || exit 99
shift
"$@"
code=$?
find build -name '*.tmp' -o -name '.*.tmp' | sed 's/^/LEFT /'
exit $code
"""


def until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read what a process says up to a line that matches; all that was read."""
    read = []
    for line in process.stdout or ():
        read.append(line)
        if re.search(pattern, line):
            return "".join(read)
    process.communicate()
    pytest.fail(f"it ended without saying {pattern}:\n{''.join(read)}")


# So that there is something to interrupt: objects that ccache has are compiled all the same.
SLOWLY = {"CCACHE_RECACHE": "1"}


def compile_anew(built: BuiltProject, *, most: int | None = None) -> None:
    largest = sorted(map(Path, built.objects()), key=lambda path: -path.stat().st_size)
    for path in largest[:most]:
        path.unlink()
    built.project.doit("forget", "compile:pi")


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_interrupted_ends_in_order(
    built: BuiltProject, end: signal.Signals
) -> None:
    compile_anew(built)
    process = built.project.start("build:pi", env=SLOWLY)
    until(process, r"compiling, round 1: \d+ of")
    os.killpg(process.pid, end)
    rest, _ = process.communicate(timeout=HANG)
    assert process.returncode == 128 + end
    assert "interrupted; the next run goes on from here" in rest
    assert "Traceback" not in rest


@pytest.mark.usefixtures("as_it_was")
def test_workers_that_are_interrupted_end_in_order(built: BuiltProject) -> None:
    compile_anew(built)
    process = built.project.start("-n", "2", "build:pi", env=SLOWLY)
    until(process, r"compiling, round 1: \d+ of")
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=HANG)
    assert process.returncode == 128 + signal.SIGINT
    assert rest.count("interrupted; the next run goes on from here") == 1
    assert "Traceback" not in rest


@pytest.mark.usefixtures("as_it_was")
def test_after_a_killed_build_the_next_one_simply_works(built: BuiltProject) -> None:
    compile_anew(built)
    process = built.project.start("build:pi", env=SLOWLY)
    until(process, r"compiling, round 1: [1-9]\d+ of")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    objects = built.objects()
    assert objects
    ended = built.project.doit("build:pi")
    kept = {name for name, time in built.objects().items() if objects.get(name) == time}
    assert len(kept) > len(objects) / 2
    assert "compile:pi" in ended.steps


@pytest.mark.usefixtures("as_it_was")
def test_what_a_killed_process_started_is_waited_for(built: BuiltProject) -> None:
    # Nobody stops Ninja here, so it need not have all there is to compile; a minute's worth.
    compile_anew(built, most=16)
    process = built.project.start("build:pi", env=SLOWLY)
    until(process, r"compiling, round 1: \d+ of")
    process.kill()  # it alone: Ninja and the compilers still run
    process.communicate()
    built.project.doit("build:pi")


@pytest.mark.usefixtures("as_it_was")
def test_the_second_of_two_builds_waits_and_has_nothing_to_do(
    built: BuiltProject, small_model: str
) -> None:
    words = ("build:pi", f"model={built.model('small.pbtxt', small_model)}")
    first = built.project.start(*words)
    said = until(first, "reading the kernels")
    second = built.project.doit(*words)
    rest, _ = first.communicate()
    assert first.returncode == 0
    assert "build:pi: library in build/pi/dist" in said + rest
    assert second.out.splitlines() == [
        "pi: another build of this target is running: waiting for it",
        "build:pi: up to date",
    ]


@pytest.mark.usefixtures("as_it_was")
def test_a_changed_define_compiles_everything(built: BuiltProject) -> None:
    target = built.project.root / "targets" / "pi.yaml"
    text = target.read_text("utf-8")
    count = len(built.linked())
    target.write_text(text + "defines: [MY_OWN_DEFINE]\n", encoding="utf-8")
    process = built.project.start("build:pi")
    said = until(process, r"compiling, round 1: \d+ of")
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate()
    target.write_text(text, encoding="utf-8")
    assert "generate:pi: " in said
    assert "-DMY_OWN_DEFINE" in (built.folder / "dist" / "compile_flags.txt").read_text("utf-8")
    (steps,) = re.findall(r"compiling, round 1: \d+ of (\d+)", said)
    assert int(steps) >= count


@pytest.mark.usefixtures("as_it_was")
def test_another_compiler_compiles_everything(
    built: BuiltProject, tools: Callable[..., object]
) -> None:
    real = shutil.which("clang++")
    path = tools(scripts={"clang++": f'exec {real} "$@"'})
    count = len(built.linked())
    process = built.project.start("build:pi", env={"PATH": str(path)})
    said = until(process, r"compiling, round 1: \d+ of")
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate()
    (steps,) = re.findall(r"compiling, round 1: \d+ of (\d+)", said)
    assert int(steps) >= count


def test_targets_of_the_same_flags_share_objects_also_when_built_at_once(
    built: BuiltProject,
) -> None:
    for name in ("one", "two"):
        built.project.target(name, "extends: pi\ndescription: the same flags\n")
    log = built.project.root.parent / "ccache.log"
    ended = built.project.doit(
        "-n", "2", "build:one", "build:two", env={"CCACHE_LOGFILE": str(log)}
    )
    for name in ("one", "two"):
        (built.project.root / "targets" / f"{name}.yaml").unlink()
        assert f"build:{name}: library in build/{name}/dist" in ended.out
        library = built.project.folder(name) / "dist" / "lib" / "libtensorflow.a"
        assert _members(library) == _members(built.folder / "dist" / "lib" / "libtensorflow.a")
    said = re.findall(r"with kernels\), 0 compiled, (\d+) from a cache", ended.out)
    assert [int(count) for count in said] == [len(built.linked())] * 2
    results = re.findall(r"Result: (\w+)", log.read_text("utf-8", "replace"))
    assert results.count("direct_cache_hit") >= 2 * len(built.objects())
    assert results.count("cache_miss") == 0


def _members(archive: Path) -> list[tuple[str, bytes]]:
    """The objects, but for that which says what target it was made for."""
    found = ((member.name, bytes(member.data)) for member in read_archive(archive))
    return [(name, content) for name, content in found if SYMBOL not in name]


def on_a_small_disk(project: Project, size: str) -> tuple[str, ...]:
    """Words to put before a command."""
    (project.root / "build").mkdir(exist_ok=True)
    shell = ("unshare", "-rm", "sh", "-c", SMALL_DISK, "sh", size)
    tried = subprocess.run([*shell, "true"], cwd=project.root, capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("this machine allows no name space with a disk of its own")
    return shell


@pytest.mark.usefixtures("pi_tools")
@pytest.mark.parametrize(
    ("size", "failing"), [("300k", "plan:pi"), ("600k", "generate:pi"), ("40m", "compile:pi")]
)
def test_a_full_disk_is_told_and_nothing_is_left_half_written(
    real_project: Project, size: str, failing: str
) -> None:
    prefix = on_a_small_disk(real_project, size)
    ended = real_project.doit("build:pi", code=6, prefix=prefix)
    assert f"\n{failing} failed\n" in ended.err
    assert "the disk is full" in ended.err
    assert "free some space and run the same" in ended.err
    assert "LEFT" not in ended.out


@pytest.mark.usefixtures("pi_tools")
def test_a_limit_on_the_size_of_files_is_told(real_project: Project) -> None:
    prefix = ("sh", "-c", 'ulimit -f 400; exec "$@"', "sh")
    err = real_project.doit("plan:pi", code=6, prefix=prefix).err
    assert "build/pi/plan.json: the disk is full, or a limit on the size of files is reached" in err
    # What the tree registers is smaller, and was written whole before.
    left = {path.name for path in real_project.folder("pi").iterdir()}
    assert left <= {".lock", "catalogue.json.gz"}
    assert real_project.doit("plan:pi").steps == ["plan:pi"]
