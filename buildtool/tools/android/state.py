"""What a build for Android depends on besides sources and the target: when it must be built again.

It starts no program, because it runs before each step.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from buildtool.config import Target
from buildtool.core.run import program_state
from buildtool.tools.android import android_sdk as sdk
from buildtool.tools.android import ndk
from buildtool.tools.bazel.tree_files import SETTINGS

# What is built besides C++, and how it is linked.
FOLDERS = ("tensorflow/contrib/android", "tensorflow/java/src/main", "tensorflow/tools/android")
SUFFIXES = {".java", ".lds"}
COMPILERS = f"{ndk.PREBUILT}/*/bin/clang++"
PROGRAMS = ("bazelisk", "bazel", "javac")


def state(target: Target) -> str:
    """A value that changes with the tree's settings and Java sources, with what is installed in
    the SDK and the NDK, and with the programs."""
    lines = [*_installed(target), *_programs(target)]
    if isinstance(target.tensorflow, Path):
        tree = target.tensorflow.expanduser()
        lines += _contents(tree / name for name in SETTINGS)
        lines += _contents(
            path
            for folder in FOLDERS
            for path in sorted((tree / folder).rglob("*"))
            if path.suffix in SUFFIXES
        )
    return "\n".join(lines)


def installed_ndk(target: Target) -> str:
    """A value that changes with the NDK that would be used, and with its compiler."""
    named_ndk = sdk.find_root(target.android.ndk, ndk.KEY, ndk.VARIABLES)
    named_sdk = sdk.find_root(target.android.sdk, sdk.KEY, sdk.VARIABLES)
    roots = [each.root for each in (named_ndk,) if each]
    if named_ndk is None and named_sdk is not None:
        roots = [*sorted((named_sdk.root / "ndk").glob("*")), named_sdk.root / "ndk-bundle"]
    lines = [*_contents(root / name for root in roots for name in (*ndk.FILES, ndk.TOOLCHAIN_FILE))]
    compilers = (path for root in roots for path in sorted(root.glob(COMPILERS)))
    return "\n".join([*lines, *map(program_state, compilers)])


def _installed(target: Target) -> Iterator[str]:
    named_sdk = sdk.find_root(target.android.sdk, sdk.KEY, sdk.VARIABLES)
    named_ndk = sdk.find_root(target.android.ndk, ndk.KEY, ndk.VARIABLES)
    own_sdk, own_ndk = (each.root if each else None for each in (named_sdk, named_ndk))
    yield f"SDK={own_sdk} NDK={own_ndk}"
    roots = [own_ndk] if own_ndk else []
    if own_sdk:
        for name in ("platforms", "build-tools"):
            yield f"{name}: {' '.join(path.name for path in sorted((own_sdk / name).glob('*')))}"
        roots += [*sorted((own_sdk / "ndk").glob("*")), own_sdk / "ndk-bundle"]
    yield from _contents(root / name for root in roots for name in ndk.FILES)


def _programs(target: Target) -> Iterator[str]:
    for name in (*PROGRAMS, str(target.bazel.program or "")):
        if name and (found := shutil.which(name)):
            yield program_state(Path(found).resolve())
    yield f"JAVA_HOME={os.environ.get('JAVA_HOME', '')}"


def _contents(paths: Iterable[Path]) -> Iterator[str]:
    return (f"{path} {_digest(path)}" for path in paths)


def _digest(path: Path) -> str:
    """Of the content; empty if there is none. What cannot be read, the step will say."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
