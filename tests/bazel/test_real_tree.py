"""The BUILD files of TensorFlow 1.8, evaluated here and by a real Bazel: the same sources?

All that the tree would download is a stand-in (:mod:`tests.bazel.stubs`); nothing is compiled.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from buildtool.backends.bazel.trimming import trim_groups
from buildtool.starlark.buildfiles import (
    BuildConditions,
    android_conditions,
    load_packages,
)
from buildtool.starlark.closure import SOURCE_SUFFIXES
from tests.android.conftest import make_ndk
from tests.bazel.conftest import Bazel
from tests.bazel.stubs import make_workspace, replace_file

pytestmark = [pytest.mark.tree_1x, pytest.mark.network, pytest.mark.build]

Ask = Callable[..., str]
KERNELS = "//tensorflow/core/kernels:"
ANDROID = ("-c", "opt", "--config=android_arm64")
LINUX = ("-c", "opt", "--cpu=k8")
CONDITIONS: dict[tuple[str, ...], BuildConditions] = {
    ANDROID: android_conditions("arm64-v8a"),
    LINUX: BuildConditions(flags=(("compilation_mode", "opt"), ("cpu", "k8"))),
}
SELECTIVE = ("--copt=-DSELECTIVE_REGISTRATION", "--copt=-DSUPPORT_SELECTIVE_REGISTRATION")
BUILD = "tensorflow/core/kernels/BUILD"
LIBRARY = "//tensorflow/core:android_tensorflow_lib"
# Bazel's dependencies that say who may see a target; they have no files.
GROUPS = {f"{KERNELS}friends"}


@pytest.fixture(scope="module")
def ask(tree_1x: Path, bazel_1x: Bazel, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Asks the real Bazel about the tree: ``ask("query", ...)`` is what it prints."""
    root = tmp_path_factory.mktemp("tree")
    ndk = make_ndk(root / "ndk")
    declared = f'android_ndk_repository(name = "androidndk", path = "{ndk}", api_level = 21)'
    folder = make_workspace(tree_1x, root / "ws", declared)

    def answer(command: str, *words: str, replaced: str = "") -> str:
        if replaced:
            replace_file(folder, BUILD, replaced)
        done = bazel_1x(folder, command, *words, rc=tree_1x / "tools/bazel.rc")
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return answer


@pytest.fixture(scope="module")
def libraries(ask: Ask) -> list[str]:
    """The labels of all libraries of kernels."""
    return sorted(ask("query", f'kind("cc_library rule", {KERNELS}*)').split())


def compiled(actions: str) -> Mapping[str, Mapping[str, str]]:
    """What ``aquery`` says is compiled: the keys of the actions, by their target and source."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for action in actions.split("\n\n"):
        match = re.match(r"action 'Compiling ([^' ]+)", action.strip())
        if match and "Mnemonic: CppCompile" in action:
            said = dict(re.findall(r"^  (\w+): (.*)$", action, re.MULTILINE))
            found[said["Owner"]][match.group(1)] = said["ActionKey"]
    return found


def of_tree(tree: Path, conditions: BuildConditions, labels: list[str]) -> dict[str, set[str]]:
    """What our own evaluation says is compiled for each label."""
    graph = load_packages(tree, conditions, None)
    found = {}
    for label in labels:
        target = graph.target(label)
        assert target is not None, label
        found[label] = {each for each in graph.sources(target) if each.endswith(SOURCE_SUFFIXES)}
    return found


def analysable(libraries: list[str], words: tuple[str, ...]) -> list[str]:
    """Those of MKL depend on //third_party/mkl, whose ``select()`` has no branch for Android: Bazel
    cannot analyse them there at all."""
    return [each for each in libraries if words == LINUX or not each.startswith(f"{KERNELS}mkl_")]


@pytest.mark.parametrize(
    ("words", "files"), [(ANDROID, (398, 870)), (LINUX, (411, 627))], ids=["android", "linux"]
)
def test_every_library_of_kernels_has_bazels_sources(
    ask: Ask, tree_1x: Path, libraries: list[str], words: tuple[str, ...], files: tuple[int, int]
) -> None:
    libraries = analysable(libraries, words)
    actions = compiled(ask("aquery", "--output=text", *words, f"set({' '.join(libraries)})"))
    theirs = {label: set(actions.get(label, ())) for label in libraries}
    assert of_tree(tree_1x, CONDITIONS[words], libraries) == theirs
    assert (len(libraries), sum(len(each) for each in theirs.values())) == files


def test_the_library_for_android_has_bazels_sources_and_carries_the_defines(
    ask: Ask, tree_1x: Path
) -> None:
    words = ("aquery", "--output=text", *ANDROID)
    plain = compiled(ask(*words, f"deps({LIBRARY})"))
    counts = {label: len(files) for label, files in plain.items()}
    assert counts[LIBRARY] == 51
    assert counts[f"{LIBRARY}_lite"] == 261
    assert counts[f"{KERNELS}android_tensorflow_kernels"] == 242
    assert of_tree(tree_1x, CONDITIONS[ANDROID], list(plain)) == {
        label: set(files) for label, files in plain.items()
    }
    # This aquery does not show how C++ is compiled; an action's key is a hash of just that.
    defined = compiled(ask(*words, *SELECTIVE, f"deps({LIBRARY})"))
    for label in (LIBRARY, f"{LIBRARY}_lite", f"{KERNELS}android_tensorflow_kernels"):
        assert defined[label].keys() == plain[label].keys()
        assert not set(defined[label].values()) & set(plain[label].values())


@pytest.mark.parametrize("words", [ANDROID, LINUX], ids=["android", "linux"])
def test_dependencies_of_libraries_are_bazels(
    ask: Ask, tree_1x: Path, libraries: list[str], words: tuple[str, ...]
) -> None:
    """Sources, headers and dependencies with all conditions settled, of some libraries."""
    graph = load_packages(tree_1x, CONDITIONS[words], None)
    some = analysable(libraries, words)[::40]
    for label in [*some, f"{KERNELS}conv_ops", f"{KERNELS}matmul_op"]:
        said = ask("cquery", "--noimplicit_deps", *words, f"deps({label}, 1)").splitlines()
        theirs = {each.split()[0] for each in said if each.startswith("//")}
        target = graph.target(label)
        assert target is not None
        ours = {*target.deps, *target.srcs, *target.hdrs}
        ours = {each for each in ours if each.startswith("//")}
        assert ours == theirs - {label} - GROUPS, label


def test_trimmed_groups_compile_fewer_files(ask: Ask, tree_1x: Path) -> None:
    """Comes last: it changes the workspace that the tests share."""
    keep = {f"{each}.cc" for each in ("conv_ops", "matmul_op", "relu_op", "softmax_op", "ops_util")}
    groups = [f"android_extended_ops_group{number}" for number in (1, 2)]
    groups += ["android_core_ops", "android_quantized_ops"]
    text = (tree_1x / BUILD).read_text(encoding="utf-8")
    trimmed = trim_groups(text, groups, keep, path=BUILD)
    assert trimmed.added == ("ops_util.cc",)
    words = ("aquery", "--output=text", *ANDROID, f"deps({LIBRARY})")
    actions = compiled(ask(*words, replaced=trimmed.text))
    kernels = actions[f"{KERNELS}android_tensorflow_kernels"]
    assert set(kernels) == {f"tensorflow/core/kernels/{each}" for each in keep}
    assert len(actions[f"{LIBRARY}_lite"]) == 261
    assert (tree_1x / BUILD).read_text(encoding="utf-8") == text
