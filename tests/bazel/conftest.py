"""A real Bazel for the tests that need one, from npm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildtool.backends.bazel.bazel_flags import QUICK_START
from buildtool.core.errors import DownloadError, ToolError
from buildtool.core.run import Command, Completed, run
from buildtool.sources.cache import Cache
from buildtool.tools.bazel.finder import npm_bazel
from tests.limits import HANG

VERSIONS = ("0.17.2", "0.26.1")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where Bazels keep what they unpack; taken away at the end."""
    folder = tmp_path_factory.mktemp("bazel")
    yield folder
    for path in folder.rglob("*"):  # Bazel takes away the permission to write
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)


class Bazel:
    """A real Bazel of npm, which sees nothing of this machine's SDK and settings."""

    def __init__(self, version: str, base: Path) -> None:
        try:
            self.program = npm_bazel(version, cache=Cache.of_user())
        except (DownloadError, ToolError) as failure:
            pytest.skip(f"needs Bazel {version} from npm: {failure}")
        self.version = version
        self._base = base
        self._used: set[tuple[Path, str]] = set()

    def __call__(
        self,
        folder: Path,
        command: str,
        *words: str,
        rc: Path | None = None,
        env: dict[str, str] | None = None,
        output: str = "",
        cores: int = 1,
    ) -> Completed:
        """Run a command in a workspace, whose server stays until :meth:`shutdown`. ``output``
        names another output base than the workspace's first one, with a server of its own."""
        self._used.add((folder, output))
        places = (f"--output_user_root={self._base}", f"--output_base={folder}.output{output}")
        limits = ("--max_idle_secs=60", "--host_jvm_args=-Xmx900m")
        start = (*places, *limits, *QUICK_START, f"--bazelrc={rc or '/dev/null'}")
        own = (f"--jobs={cores}", f"--local_resources={900 * cores},{cores}.0,1.0")
        clean = {"ANDROID_HOME": "", "ANDROID_NDK_HOME": "", "HOME": str(self._base)}
        return run(
            Command(
                argv=(
                    *(str(self.program), *start, command),
                    *(own if command == "build" else ()),
                    *words,
                ),
                cwd=folder,
                env={**clean, "ANDROID_SDK_HOME": "", **(env or {})},
            ),
            what=f"bazel {command}",
            check=False,
            timeout=HANG,
        )

    def shutdown(self) -> None:
        """End the servers of all workspaces that are still there; others end when idle."""
        for folder, output in self._used:
            if folder.is_dir():
                self(folder, "shutdown", output=output)
        self._used.clear()


@pytest.fixture(params=VERSIONS)
def bazel(request: pytest.FixtureRequest, base: Path, tmp_path: Path) -> Iterator[Bazel]:
    """Each of the Bazels in turn; its servers end with the test, before its folder goes away."""
    del tmp_path
    program = Bazel(request.param, base)
    yield program
    program.shutdown()


@pytest.fixture(scope="module")
def bazel_1x(base: Path) -> Iterator[Bazel]:
    """The newest Bazel that TensorFlow 1.8 can be analysed with; ends with the module."""
    program = Bazel("0.20.0", base)
    yield program
    program.shutdown()
