"""TensorFlow 1.8 itself, as a target for Android makes it ready: a real Bazel is told exactly what
it would be told for a build, and says what it would do. Nothing is compiled.

What the tree would download is a stand-in (:mod:`tests.bazel.stubs`).
"""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import DownloadError, ToolError
from buildtool.sources.cache import Cache
from buildtool.tools.bazel.finder import npm_bazel
from tests.android.conftest import make_ndk, make_sdk
from tests.bazel.stubs import make_workspace

if TYPE_CHECKING:
    from tests.conftest import Project

pytestmark = [pytest.mark.tree_1x, pytest.mark.network, pytest.mark.build]

# In place of "build": says what would be done for all targets. Else it is the real one.
SCRIPT = """
for word; do
  shift
  case "$word" in
    build) set -- "$@" aquery --output=text ;;
    //*) wanted="${{wanted:+$wanted + }}$word" ;;
    *) set -- "$@" "$word" ;;
  esac
done
case "$*" in
  *" aquery "*) exec {bazel} "$@" "deps($wanted)" > "$HOME/actions" ;;
  *) exec {bazel} "$@" ;;
esac
"""
MODEL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: 3 } dim { size: 4 } } } } }
node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: 0.5
              tensor_shape { dim { size: 4 } dim { size: 2 } } } } } }
node { name: "m" op: "MatMul" input: "x" input: "w" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Relu" input: "m" attr { key: "T" value { type: DT_FLOAT } } }
versions { producer: 26 }
"""
CLOSURE = "io_bazel_rules_closure"


def with_stubs(tree: Path, root: Path) -> Path:
    """A copy of the tree whose user has stand-ins for what Bazel would download."""
    own = Path(shutil.copytree(tree, root / "tree", ignore=shutil.ignore_patterns(".git")))
    make_workspace(own, root / "workspace", "")
    rules = root / "stubs" / CLOSURE / "closure"
    rules.mkdir(parents=True, exist_ok=True)
    for path in (rules.parent / "WORKSPACE", rules / "BUILD"):
        path.touch()
    rules = rules / "defs.bzl"
    text = rules.read_text("utf-8") if rules.is_file() else ""
    rules.write_text(f"{text}\ndef closure_repositories():\n    pass\n", "utf-8")
    lines = [
        f"build --override_repository={each.name}={each}\n"
        for each in sorted((root / "stubs").iterdir())
        if each.name != "bound"
    ]
    (own / ".tf_configure.bazelrc").write_text("".join(lines), "utf-8")
    (own / ".bazelrc").write_text("import %workspace%/.tf_configure.bazelrc\n", "utf-8")
    return own


@pytest.fixture(scope="module")
def actions(
    tree_1x: Path,
    make_project: Callable[..., Project],
    users_cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, list[str]]:
    """The files that Bazel would compile for Android, by target."""
    try:
        bazel = npm_bazel("0.20.0", cache=Cache.of_user())
    except (DownloadError, ToolError) as failure:
        pytest.skip(f"needs Bazel 0.20.0 from npm: {failure}")
    root = tmp_path_factory.mktemp("real")
    tree = with_stubs(tree_1x, root)
    project = make_project(root / "project", cache=users_cache)
    script = root / "bin/bazel"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\n{SCRIPT.format(bazel=bazel)}", encoding="utf-8")
    script.chmod(0o755)
    env = {
        **project.env,
        "PATH": f"{script.parent}:{project.env['PATH']}",
        "ANDROID_HOME": str(make_sdk(root / "sdk")),
        "ANDROID_NDK_HOME": str(make_ndk(root / "ndk")),
    }
    project = dataclasses.replace(project, env=env)
    project.target("one", "extends: android\nslices: [arm64-v8a]\nandroid:\n  build: [inference]\n")
    (root / "m.pbtxt").write_text(MODEL, encoding="utf-8")
    words = (f"tf={tree}", f"model={root / 'm.pbtxt'}")
    err = project.doit("compile:one-arm64-v8a", *words, code=6).err
    assert "made nothing, but no libtensorflow_inference.so" in err
    found: dict[str, list[str]] = defaultdict(list)
    for action in (Path(env["HOME"]) / "actions").read_text("utf-8").split("\n\n"):
        match = re.match(r"action 'Compiling ([^' ]+)", action.strip())
        if match and "Mnemonic: CppCompile" in action and "arm64-v8a" in action:
            found[re.findall(r"^  Owner: (\S+)", action, re.MULTILINE)[0]].append(match[1])
    return found


def test_only_the_kernels_that_are_needed_are_compiled(actions: dict[str, list[str]]) -> None:
    kernels = {
        Path(path).name for path in actions["//tensorflow/core/kernels:android_tensorflow_kernels"]
    }
    assert {"matmul_op.cc", "relu_op.cc", "constant_op.cc", "no_op.cc"} <= kernels
    assert len(kernels) < 15  # of 242
    assert "conv_ops.cc" not in kernels


def test_the_rest_is_compiled_as_the_tree_has_it(actions: dict[str, list[str]]) -> None:
    assert len(actions["//tensorflow/core:android_tensorflow_lib_lite"]) == 261
    assert len(actions["//tensorflow/core:android_tensorflow_lib"]) == 51
    assert "//tensorflow/contrib/android:android_tensorflow_inference_jni" in actions
