"""Stand-ins for an SDK and an NDK, as much of them as Bazel reads."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.config import Target, load_targets
from buildtool.core.errors import DownloadError
from buildtool.platforms.android import PLATFORM
from buildtool.sources.cache import Cache
from buildtool.sources.npm import npm_package
from buildtool.tools.android.compatibility import Kit, KitRequest, find_kit

# The engine of React Native: made by NDK r23c, the libraries of all four ABIs in an AAR.
PACKAGE, VERSION = "jsc-android", "250231.0.0"
SHA256 = "7c98a168d5539f9a7e79e52c932b96964b8c432e26a859eea05b20260a3797eb"
DEBIAN = Path("/usr/lib/android-sdk/build-tools")


def make_sdk(root: Path, *, level: int = 28) -> Path:
    """An SDK with one platform, whose build-tools are Debian's where this machine has them."""
    (root / f"platforms/android-{level}").mkdir(parents=True)
    (root / f"platforms/android-{level}/android.jar").touch()
    (root / "build-tools").mkdir()
    versions = sorted(DEBIAN.glob("[0-9]*")) if DEBIAN.is_dir() else []
    if versions:
        (root / "build-tools" / versions[-1].name).symlink_to(versions[-1].resolve())
    else:
        (root / "build-tools/29.0.3").mkdir()
    return root


def make_ndk(root: Path, *, revision: str = "14.1.3816874", level: int = 21) -> Path:
    """What Bazel takes for an NDK: it reads the revision and lists ``platforms``."""
    (root / f"platforms/android-{level}").mkdir(parents=True)
    text = f"Pkg.Desc = Android NDK\nPkg.Revision = {revision}\n"
    (root / "source.properties").write_text(text, encoding="utf-8")
    return root


def make_kit(root: Path, *, revision: str = "14.1.3816874", bazel: str = "0.26.1") -> Kit:
    """Both, below ``root``, found and checked."""
    asked = KitRequest(sdk=make_sdk(root / "sdk"), ndk=make_ndk(root / "ndk", revision=revision))
    return find_kit(
        asked, abis=PLATFORM.abis.values(), tree=root, tensorflow="1.20", bazel=bazel, env={}
    )


@pytest.fixture
def load_one(tmp_path: Path) -> Callable[[str], Target]:
    """Makes a target of the text of its file."""

    def load(text: str) -> Target:
        folder = tmp_path / "targets"
        folder.mkdir(exist_ok=True)
        (folder / "one.yaml").write_text(f"models: [m.pb]\n{text}", encoding="utf-8")
        return load_targets(folder, checks=())["one"]

    return load


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """An SDK and an NDK with plain names."""
    return make_kit(tmp_path / "kit")


@pytest.fixture(scope="session")
def real_aar() -> Path:
    """An AAR that others made, with libraries of a real NDK for four ABIs."""
    try:
        home = npm_package(PACKAGE, VERSION, cache=Cache.of_user(), sha256=SHA256)
    except DownloadError as failure:
        pytest.skip(f"needs real libraries from npm: {failure}")
    (aar,) = home.glob("dist/org/webkit/android-jsc/*/*.aar")
    return aar


@pytest.fixture(scope="session")
def libraries(real_aar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``<abi>/libjsc.so``, of a real NDK, and ``../classes.jar``."""
    folder = tmp_path_factory.mktemp("jsc")
    with zipfile.ZipFile(real_aar) as archive:
        archive.extractall(folder)
    return folder / "jni"
