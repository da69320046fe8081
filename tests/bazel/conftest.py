"""A real Bazel for the tests that need one, from npm."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildtool.bazel.finder import npm_bazel
from buildtool.errors import DownloadError, ToolError
from buildtool.run import Command, Completed, run
from buildtool.sources.cache import Cache

Run = Callable[..., Completed]
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


@pytest.fixture(params=VERSIONS)
def bazel(request: pytest.FixtureRequest, base: Path) -> Iterator[Run]:
    """Runs a real Bazel: ``bazel(workspace, "query", ..., rc=[files], env={})``; one server for a
    test, ended with it."""
    version = request.param
    try:
        program = npm_bazel(version, cache=Cache.of_user())
    except (DownloadError, ToolError) as failure:
        pytest.skip(f"needs Bazel {version} from npm: {failure}")
    used: set[Path] = set()

    def call(
        folder: Path,
        command: str,
        *words: str,
        rc: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> Completed:
        used.add(folder)
        common = ["--max_idle_secs=60", "--host_jvm_args=-Xmx700m"]
        own = [f"--output_user_root={base}", f"--output_base={folder}.output"]
        start = [*own, *common, *([f"--bazelrc={rc}"] if rc else ["--bazelrc=/dev/null"])]
        limits = ["--jobs=1", "--local_resources=700,1.0,1.0"] if command == "build" else []
        argv = (str(program), *start, command, *limits, *words)
        # Nothing of this machine's own SDK may help.
        clean = {
            "ANDROID_HOME": "",
            "ANDROID_NDK_HOME": "",
            "ANDROID_SDK_HOME": "",
            "HOME": str(base),
        }
        clean |= env or {}
        return run(
            Command(argv=argv, cwd=folder, env=clean), what=command, check=False, timeout=300
        )

    call.version = version  # type: ignore[attr-defined]
    yield call
    for folder in used:
        call(folder, "shutdown")
