"""Trees of all generations, made ready for Bazel, which is a script here."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.android.conftest import make_ndk

if TYPE_CHECKING:
    from tests.androidbuild.conftest import Bench

GROUP = re.compile(
    r'name = "(?:android|portable)_(?:core_ops|extended_ops\w+|quantized_ops)",(.*?)\n\)', re.DOTALL
)
# Of all releases, what a softmax after a matrix product needs at least.
NEEDED = {"bias_op.cc", "constant_op.cc", "no_op.cc", "relu_op.cc", "softmax_op.cc"}


def grouped(build: Path) -> set[str]:
    """The sources that the groups name."""
    groups = "".join(GROUP.findall(build.read_text(encoding="utf-8")))
    return set(re.findall(r'"([^"]+\.cc)"', groups))


# A revision of the NDK for each release; and what is told of it in the environment.
REVISIONS = {
    "1.0": "12.1.2977051",
    "1.4": "14.1.3816874",
    "1.8": "14.1.3816874",
    "1.12": "14.1.3816874",
}
ENVIRONMENT = {"1.12"}


@pytest.mark.tree_1x
@pytest.mark.parametrize("release", REVISIONS)
def test_every_release_of_1x(
    make_bench: Callable[..., Bench],
    trees_1x: dict[str, Path],
    tmp_path: Path,
    release: str,
) -> None:
    if release not in trees_1x:
        pytest.skip(f"needs TensorFlow {release} in the folder BUILDTOOL_TEST_TF1")
    bench = make_bench("exit 1")
    ndk = make_ndk(tmp_path / "ndk", revision=REVISIONS[release])
    env = {"ANDROID_NDK_HOME": str(ndk)}
    words = (f"tf={trees_1x[release]}", f"model={bench.model}", "rewrite=all")
    bench.project.doit("compile:one-arm64-v8a", *words, code=6, env=env)
    tree = bench.folder / "bazel/tree"
    files = grouped(tree / "tensorflow/core/kernels/BUILD")
    assert files >= NEEDED
    assert len(files) < 20
    workspace = (tree / "WORKSPACE").read_text(encoding="utf-8")
    assert (str(ndk) in workspace) == (release not in ENVIRONMENT)
    assert (f"--action_env=ANDROID_NDK_HOME={ndk}" in bench.told) == (release in ENVIRONMENT)
    assert '"-Wl,-soname,libtensorflow_inference.so"' in (
        tree / "tensorflow/contrib/android/BUILD"
    ).read_text(encoding="utf-8")


@pytest.mark.real_tree
def test_2x(make_bench: Callable[..., Bench], real_tree: Path, tmp_path: Path) -> None:
    says = 'case "$1" in --version) echo "bazel 6.1.0"; exit 0 ;; esac; exit 1'
    bench = make_bench(bazel=False, scripts={"bazel": says})
    bench.target("product: aar\n")
    ndk = make_ndk(tmp_path / "ndk", revision="21.4.7075529")
    words = (f"tf={real_tree}", f"model={bench.model}", "rewrite=all")
    env = {"ANDROID_NDK_HOME": str(ndk)}
    bench.project.doit("generate:one-arm64-v8a", *words, env=env)
    tree = bench.folder / "bazel/tree"
    header = (tree / "tensorflow/core/framework/registration/registration.h").read_text("utf-8")
    assert '#include "ops_to_register.h"' not in header
    assert "SHOULD_REGISTER_OP_KERNEL(kernel_class) ::ops_to_register::kernel" in header
    files = grouped(tree / "tensorflow/core/kernels/BUILD")
    assert files >= NEEDED
    assert "inplace_ops.cc" not in files  # of a group that has headers otherwise
    assert len(files) < 50
