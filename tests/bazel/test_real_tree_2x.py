"""TensorFlow 2.14.1, analysed for Android by a real Bazel 7.7.1, which no package archive of ours
but Debian sid's has (``bazel-bootstrap``). Nothing is compiled; all that the tree would download is
a stand-in (:mod:`tests.bazel.stubs`).

``BUILDTOOL_TEST_BAZEL7`` names that Bazel; a script that enters a Debian sid by ``chroot`` will do,
if it sees the same folders as this process.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from buildtool.backends.bazel.trimming import trim_groups
from buildtool.core.run import Command, run
from buildtool.starlark.buildfiles import BuildGraph, android_conditions, load_packages
from buildtool.starlark.closure import SOURCE_SUFFIXES
from tests.android.conftest import make_ndk
from tests.bazel.stubs import make_workspace, replace_file

pytestmark = [pytest.mark.real_tree, pytest.mark.build]

VARIABLE = "BUILDTOOL_TEST_BAZEL7"
VERSION = "7.7.1"
# Where Debian's package and those that it needs keep the repositories that Bazel comes with.
SHARE = "/usr/share/bazel"
REAL = {
    **{f"rules_{name}": f"{SHARE}/rules/{name}" for name in ("cc", "java", "license")},
    **{f"rules_{name}": f"{SHARE}/rules/{name}" for name in ("proto", "python")},
    "bazel_features": f"{SHARE}/tools/features",
    "bazel_skylib": f"{SHARE}/tools/skylib",
    "platforms": f"{SHARE}/tools/platforms",
}
# The tree is of the time of Bazel 6.1: with a WORKSPACE, and --crosstool_top for the toolchain.
OLD_WAYS = (
    *("--noenable_bzlmod", "--enable_workspace"),
    "--noincompatible_enable_cc_toolchain_resolution",
)
DEFINES = ("-DSELECTIVE_REGISTRATION", "-DSUPPORT_SELECTIVE_REGISTRATION")
LIBRARY = "//tensorflow/core:portable_tensorflow_lib"
KERNELS_FOLDER = "//tensorflow/core/kernels"
KERNELS = f"{KERNELS_FOLDER}:portable_tensorflow_kernels"
BUILD = "tensorflow/core/kernels/BUILD"
GROUPS = (
    *("portable_core_ops", "portable_quantized_ops"),
    *("portable_extended_ops_group1", "portable_extended_ops_group2"),
    "portable_extended_ops_headers",  # which has a source
)
ELSEWHERE = {
    "//tensorflow/c/kernels:portable_all_op_kernels",
    "//tensorflow/core/kernels/data:portable_all_op_kernels",
    "//tensorflow/core/kernels/uniform_quant_ops:portable_all_op_kernels",
}

Ask = Callable[..., str]


@pytest.fixture(scope="module")
def workspace(real_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree, linked, with an NDK of the newest revision that this Bazel itself knows."""
    root = tmp_path_factory.mktemp("tree")
    ndk = make_ndk(root / "ndk", revision="21.4.7075529")
    declared = f'android_ndk_repository(name = "androidndk", path = "{ndk}", api_level = 21)'
    return make_workspace(real_tree, root / "ws", declared, real=REAL)


@pytest.fixture(scope="module")
def ask(real_tree: Path, workspace: Path) -> Iterator[Ask]:
    """Asks the real Bazel about the tree, with the tree's own settings for Android."""
    program = os.environ.get(VARIABLE)
    if not program:
        pytest.skip(f"needs Bazel {VERSION} of Debian sid: set {VARIABLE}")
    places = [f"--{name}={workspace.parent}/{name}" for name in ("output_user_root", "output_base")]
    start = (*places, "--noworkspace_rc", f"--bazelrc={real_tree}/.bazelrc", "--max_idle_secs=60")
    java = ("--host_jvm_args=-Xmx2500m", "--host_jvm_args=-XX:TieredStopAtLevel=1")

    def answer(command: str, *words: str, code: int = 0) -> str:
        argv = (program, *start, *java, command, *words)
        # From a chroot it cannot see which user this is.
        env = {"USER": os.environ.get("USER", "root")}
        done = run(Command(argv=argv, cwd=workspace, env=env), what=f"bazel {command}", check=False)
        assert done.returncode == code, done.stderr[-3000:]
        return done.stdout

    said = run(Command(argv=(program, "--version")), what="asking Bazel for its version").stdout
    assert said.strip() == f"bazel {VERSION}"
    yield answer
    answer("shutdown")


def actions(ask: Ask, *words: str) -> Iterator[str]:
    """What would be compiled for the library."""
    own = ("--output=text", "-c", "opt", *OLD_WAYS, "--config=android_arm64")
    defines = [f"--copt={each}" for each in DEFINES]
    said = ask("aquery", *own, *defines, *words, f"mnemonic(CppCompile, deps({LIBRARY}))")
    return (each for each in said.split("\n\n") if "Mnemonic: CppCompile" in each)


def of_android(ask: Ask, *words: str) -> Mapping[str, list[str]]:
    """The compile actions for Android, by their target; that each has what it must have."""
    found: dict[str, list[str]] = defaultdict(list)
    for action in actions(ask, *words):
        said = dict(re.findall(r"^  (\w+): (\S+)", action, re.MULTILINE))
        if said["Configuration"].startswith("arm64-v8a-"):
            assert all(f"    {each} \\\n" in action for each in DEFINES), action
            assert "    aarch64-none-linux-android \\\n" in action
            found[said["Target"]].append(action)
    return found


def test_all_of_the_library_carries_the_defines(ask: Ask) -> None:
    """For a shared library each file is compiled once, as code for any place. Bazel lists all files
    twice if it is not told so: 666 is twice the 333 files of the runtime."""
    found = of_android(ask, "--force_pic")
    counts = Counter({label: len(each) for label, each in found.items()})
    assert counts[KERNELS] == 496
    assert counts[f"{LIBRARY}_lite"] == 333
    assert counts[LIBRARY] == 77
    assert counts.total() == 1011
    both = of_android(ask)
    assert len(both[f"{LIBRARY}_lite"]) == 666
    assert sum(map(len, both.values())) == 2022


def test_every_library_of_kernels_has_bazels_sources(
    ask: Ask, real_tree: Path, tmp_path: Path
) -> None:
    """Those below ``fuzzing`` link the whole of TensorFlow, with a rule of TensorRT's that has an
    attribute which this Bazel does not know any more; so does the one that is all kernels for a
    server. MKL's has no branch for Android in a ``select()``. Bazel cannot analyse them at all."""
    packages = "//tensorflow/core/kernels/... + //tensorflow/c/kernels:*"
    flags = ("-c", "opt", *OLD_WAYS)
    labels = ask("query", *OLD_WAYS[:2], f'kind("cc_library rule", {packages})').split()
    # Too many for a command line.
    (tmp_path / "query").write_text(f"mnemonic(CppCompile, set({' '.join(labels)}))")
    said = ask(
        *("aquery", "--output=text", *flags, "--config=android_arm64", "--force_pic"),
        *("--noinclude_commandline", "--keep_going", f"--query_file={tmp_path}/query"),
        code=1,
    )
    theirs: dict[str, set[str]] = defaultdict(set)
    for action in said.split("\n\n"):
        found = dict(re.findall(r"^  (\w+): (\S+)", action, re.MULTILINE))
        if found.get("Configuration", "").startswith("arm64-v8a-"):
            theirs[found["Target"]] |= set(re.findall(r"^action 'Compiling ([^ ']+)", action))
    graph = load_packages(real_tree, android_conditions("arm64-v8a"), None)
    ours = {label: sources(graph, label) for label in labels}
    differences = {label for label in labels if ours[label] != theirs[label]}
    assert {label.partition(":")[0] for label in differences} == {f"{KERNELS_FOLDER}/fuzzing"}
    assert len(differences) == 15
    assert len(labels) == 725
    assert sum(map(len, theirs.values())) == 1359


def sources(graph: BuildGraph, label: str) -> set[str]:
    """What our own evaluation says is compiled for a library."""
    target = graph.target(label)
    assert target is not None, label
    return {each for each in graph.sources(target) if each.endswith(SOURCE_SUFFIXES)}


def test_trimmed_groups_compile_fewer_files(ask: Ask, workspace: Path) -> None:
    """Comes last: it changes the workspace. Written names alone leave 78 files that the groups take
    from other packages by the label of a group there."""
    text = (workspace / BUILD).read_text(encoding="utf-8")
    keep = {f"{each}.cc" for each in ("conv_ops", "matmul_op_real", "relu_op", "softmax_op")}
    names = trim_groups(text, GROUPS, keep, path=BUILD)
    replace_file(workspace, BUILD, names.text)
    found = of_android(ask, "--force_pic")
    assert len(found[KERNELS]) == len(keep) + 78
    labels = trim_groups(text, GROUPS, keep, path=BUILD, drop=ELSEWHERE)
    replace_file(workspace, BUILD, labels.text)
    found = of_android(ask, "--force_pic")
    compiled = {re.findall(r"Compiling ([^ ']+)", each)[0] for each in found[KERNELS]}
    assert compiled == {f"tensorflow/core/kernels/{each}" for each in keep}
    assert len(found[f"{LIBRARY}_lite"]) == 333
