"""What a target may ask of TensorFlow Lite, told before anything is fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project

TARGET = "schema_version: 1\nextends: linux-lite\n"


@pytest.fixture
def project(tmp_path: Path, make_project: Callable[..., Project]) -> Project:
    return make_project(tmp_path / "project", cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("runtime: lite-gpu\n", "trial.yaml:3: runtime: cannot be the text 'lite-gpu'"),
        ("types: full\n", "trial.yaml:3: types: 'runtime: lite' does not read it"),
        (
            "runtime: lite-flex\ntypes: full\nregistration: all\n",
            "trial.yaml:5: registration: 'runtime: lite-flex' does not read it",
        ),
        (
            "models: [{path: models/digits.tflite, outputs: [y]}]\n",
            "trial.yaml:3: models[0].outputs: 'runtime: lite' does not read it",
        ),
        ("prepare: {steps: [deploy]}\n", "prepare: only graphs are prepared"),
        (
            "models: [{path: models/digits.tflite, convert: int8}]\n",
            "trial.yaml:3: models[0].convert: digits.tflite is converted already",
        ),
        ("convert: float\n", "trial.yaml:3: convert: all models are converted already"),
        (
            "convert:\n  numbers: int8\nmodels: [models/digits.pb]\n",
            "trial.yaml:4: convert.numbers: the model 'digits' has no samples, in which",
        ),
        (
            "convert: float\nmodels: [{path: models/digits.pb, state: keep}]\n",
            "trial.yaml:4: models[0].state: 'runtime: lite' does not read it",
        ),
        (
            "runtime: full\nconvert: float\nmodels: [models/digits.pb]\n",
            "trial.yaml:4: convert: 'runtime: full' does not read it",
        ),
        (
            "runtime: full\nmodels: [models/digits.pb]\nkernels: reference\n",
            "trial.yaml:5: kernels: 'runtime: full' does not read it",
        ),
        ("product: java-library\n", "product: 'java-library' cannot hold the runtime 'lite' yet"),
        (
            "product: shared\nexports: [TF_Version]\n",
            "trial.yaml:4: exports: 'runtime: lite' does not read it",
        ),
        (
            "product: shared\nsize_budget: {archive: 1 MB}\n",
            "size_budget.archive: apps get a shared library of 'shared', no archives",
        ),
        (
            "platform: ios\nabi: arm64\nproduct: static\ncompiler: llvm\n",
            "runtime: 'lite' is not built for ios yet",
        ),
    ],
)
def test_what_it_cannot_be_is_told_with_its_line(project: Project, text: str, said: str) -> None:
    project.target("trial", TARGET + text)
    assert said in project.doit("list", code=3).err


def test_words_for_another_runtime_are_refused_where_they_are_used(project: Project) -> None:
    assert "command line: rewrites: 'runtime: lite' does not read it" in (
        project.doit("plan:linux-lite", "rewrite=all", code=3).err
    )
    project.doit("list", "rewrite=all")


def test_steps_that_look_into_graphs_say_so(project: Project) -> None:
    assert "not .tflite models" in project.doit("profile:linux-lite").out


def test_backends_that_do_not_build_it(project: Project) -> None:
    project.target("trial", TARGET + "backend: makefile\n")
    said = project.doit("plan:trial", code=3).err
    assert "backend: 'makefile' does not build the runtime 'lite'" in said
    assert "native" in said
