"""What all tests share: golden files, and the real inputs where this machine has them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.run import Command, run
from buildtool.sources.cache import Cache

PROJECT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write golden files instead of comparing"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares text with a golden file, or writes the file under ``--rewrite-golden``."""

    def compare(path: Path, actual: str) -> None:
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
        if not path.is_file():
            pytest.fail(f"{path} is not there; run pytest with --rewrite-golden and read it")
        assert actual == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def real_tree() -> Path:
    """The root of the TensorFlow 2.14.1 sources."""
    return (
        _given("BUILDTOOL_TEST_TREE")
        or _cached("tensorflow-2.14.1")
        or _skip("needs the TensorFlow 2.14.1 sources: set BUILDTOOL_TEST_TREE, or build once")
    )


@pytest.fixture(scope="session")
def tree_1x() -> Path:
    """The root of a TensorFlow 1.8 source tree. No package archive has one."""
    return _given("BUILDTOOL_TEST_TF1") or _skip(
        "needs the sources of TensorFlow 1.8: set BUILDTOOL_TEST_TF1 to their folder"
    )


@pytest.fixture(scope="session")
def wheel_dir() -> Path:
    """The folder that holds the ``tensorflow`` package of the 2.14.1 wheel."""
    return (
        _given("BUILDTOOL_TEST_WHEEL")
        or _cached("tensorflow-cpu-2.14.1")
        or _installed()
        or (_skip("needs the tensorflow-cpu 2.14.1 wheel: set BUILDTOOL_TEST_WHEEL, or install it"))
    )


@pytest.fixture(scope="session")
def made_models() -> Path:
    """A folder of frozen models of many kinds, made by TensorFlow in a process of its own; kept."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs an importable tensorflow: pip install -e '.[tensorflow]'")
    script = PROJECT / "tests" / "models" / "make_models.py"
    key = hashlib.sha256(script.read_bytes()).hexdigest()[:12]
    folder = PROJECT / ".cache" / "test-models" / key
    command = Command(argv=(sys.executable, str(script), str(folder)))
    run(command, what="making models to test with", timeout=600)
    return folder


def _given(variable: str) -> Path | None:
    """The folder that an environment variable names; one that is not there is a mistake."""
    value = os.environ.get(variable)
    if value and not Path(value).is_dir():
        pytest.fail(f"{variable}: there is no folder {value}")
    return Path(value) if value else None


def _cached(name: str) -> Path | None:
    """A verified tree in one of the places where sources are cached."""
    for home in (PROJECT / ".cache" / "buildtool", Cache.of_user().root):
        for stamp in sorted(home.glob(f"trees/{name}-*.verified")):
            return stamp.with_suffix("")
    return None


def _installed() -> Path | None:
    """Where Python has TensorFlow 2.14.1, found without importing it."""
    found = importlib.util.find_spec("tensorflow")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent.parent
    return folder if any(folder.glob("tensorflow*-2.14.1.dist-info")) else None


def _skip(reason: str) -> Path:
    pytest.skip(reason)
