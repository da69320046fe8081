"""Targets for Android, as doit builds them: with a Bazel that only says what it was told, or with
a real one on the sample of ``tests/bazel``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from buildtool.sources.cache import Cache
from tests.android.conftest import make_ndk, make_sdk
from tests.bazel.sample import copy_tree
from tests.makefile.conftest import MODELS

if TYPE_CHECKING:
    from tests.conftest import CommandResult, Project

ODD = 'it\'s an "odd" $HOME %d {{ 7*7 }} pläce'
HIDDEN = ("bazel*", "npm", "adb")
VERSION = "0.20.0"
# Answers as an old Bazel does, and writes down what it is told to build.
SAYS = f"""
case "$*" in
  --version*) echo "Unknown startup option: --version" >&2; exit 2 ;;
  *" version") echo "Build label: {VERSION}"; exit 0 ;;
esac
for word; do printf '%s\\n' "$word"; done > "$HOME/told"
pwd > "$HOME/there"
for word; do case "$word" in
  --output_base=*) base=${{word#*=}} ;;
  --build_event_json_file=*) events=${{word#*=}} ;;
esac; done
"""
# What Bazel's event stream says of a build that has made both products.
EVENT = (
    """{"id":{"targetCompleted":{"label":"%s"}},"completed":{"success":true,"""
    """"outputGroup":[{"name":"default","fileSets":[{"id":"%d"}]}]}}"""
)
LABELS = (
    "//tensorflow/contrib/android:libtensorflow_inference.so",
    "//tensorflow/contrib/android:android_tensorflow_inference_java",
)
FILES = ("libtensorflow_inference.so", "libandroid_tensorflow_inference_java.jar")
BENCHMARK = ("//tensorflow/tools/benchmark:benchmark_model", "benchmark_model")
ENDED = '{"id":{"buildFinished":{}},"finished":{"exitCode":{"name":"SUCCESS","code":0}}}'


def makes() -> str:
    """The part of the script that makes those products of ``$HOME/made`` that are there."""
    lines = ['bin="$base/bazel-out/arm64-v8a-opt/bin"', 'mkdir -p "$bin"', 'cd "$bin"']
    products = (*zip(LABELS, FILES, strict=True), BENCHMARK)
    for number, (label, name) in enumerate(products):
        files = f'{{"id":{{"namedSet":{{"id":"{number}"}}}},"namedSetOfFiles":{{"files":[{{"uri":'
        lines += [
            f'if [ -e "$HOME/made/{name}" ]; then',
            f'cp "$HOME/made/{name}" .',
            f"printf '%s' '{files}\"file://' >> \"$events\"",
            f'printf \'%s/{name}"}}]}}}}\\n\' "$(pwd | sed "s/ /%20/g; s/\\"/%22/g")" >> "$events"',
            f"printf '%s\\n' '{EVENT % (label, number)}' >> \"$events\"",
            "fi",
        ]
    return "\n".join([*lines, f"printf '%s\\n' '{ENDED}' >> \"$events\""])


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A copy of the project, one of the sample tree, and a Bazel that is a script."""

    project: Project
    tree: Path
    home: Path
    model: Path

    def doit(
        self,
        step: str,
        *words: str,
        code: int = 0,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> CommandResult:
        """Do a step of the target ``one`` for arm64-v8a, standing in ``cwd``."""
        task = step if ":" in step else f"{step}:one-arm64-v8a"
        named = (f"tf={self.tree}", f"model={self.model}")
        return self.project.doit(task, *named, *words, code=code, env=env, cwd=cwd)

    def target(self, text: str = "") -> None:
        """Write the target."""
        self.project.target("one", f"extends: android\nslices: [arm64-v8a]\n{text}")

    @property
    def told(self) -> list[str]:
        """What Bazel was told."""
        return (self.home / "told").read_text(encoding="utf-8").splitlines()

    @property
    def folder(self) -> Path:
        return self.project.folder("one-arm64-v8a")

    def result(self, name: str) -> Any:
        """What a step has written."""
        return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def make_bench(
    tmp_path: Path, make_project: Callable[..., Project], tools: Callable[..., Path]
) -> Callable[..., Bench]:
    """Makes it; ``script`` is what its Bazel does besides, ``without`` are tools that are missing,
    ``scripts`` further ones."""

    def make(
        script: str = "",
        *,
        without: Sequence[str] = (),
        scripts: Mapping[str, str] | None = None,
        sdk: bool = True,
        bazel: bool = True,
        folder: str = "project",
    ) -> Bench:
        tree = copy_tree(tmp_path / ODD)
        place = tmp_path / folder
        project = make_project(place, cache=tmp_path / "cache", own=folder != "project")
        own = {"bazel": SAYS + script} if bazel else {}
        own |= {} if "javac" in without else {"javac": ":"}
        path = tools(without=(*HIDDEN, *without), scripts={**own, **(scripts or {})})
        env = {**project.env, "PATH": str(path)}
        if sdk:
            env["ANDROID_HOME"] = str(make_sdk(tmp_path / "an SDK"))
            env["ANDROID_NDK_HOME"] = str(make_ndk(tmp_path / "an NDK"))
        model = tmp_path / "classes.pbtxt"
        model.write_text(MODELS["classes"], encoding="utf-8")
        bench = Bench(
            project=dataclasses.replace(project, env=env),
            tree=tree,
            home=Path(env["HOME"]),
            model=model,
        )
        bench.target()
        return bench

    return make


@pytest.fixture(scope="session")
def users_cache() -> Path:
    """The cache of the one who runs the tests: Bazel of npm, and what the sample downloads."""
    return Cache.of_user().root
