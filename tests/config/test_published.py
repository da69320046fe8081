"""What stands in the repository: the targets, their schema and their reference page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from buildtool.config import Android, App, Bazel, Ios, Makefile, load_targets, slice_targets
from buildtool.config.backend_keys import Dependency
from buildtool.config.describe import KINDS, documented
from buildtool.config.optimise_keys import Optimise
from buildtool.config.overrides import WORDS
from buildtool.config.prepare_keys import Prepare
from buildtool.config.reader import keys_of
from buildtool.config.reference_page import write_reference
from buildtool.config.scalars import READERS
from buildtool.config.schema import SCHEMAS, defaults_schema, local_schema, schema
from buildtool.config.target import (
    DraftTarget,
    Flags,
    Model,
    ModelInput,
    SizeBudget,
    Target,
)
from buildtool.platforms import find_abi

PROJECT = Path(__file__).resolve().parent.parent.parent
TARGETS = PROJECT / "targets"
GOLDEN = Path(__file__).parent / "golden"
SECTIONS = (
    *(DraftTarget, Target, Model, ModelInput, Optimise, SizeBudget, Flags),
    *(Ios, Android, Makefile, Dependency, Bazel, Prepare, App),
)
RENEW = "run: python -m buildtool.config.schema --write"


def problems(value: Any) -> list[str]:
    validator = jsonschema.Draft7Validator(schema())
    return [error.message for error in validator.iter_errors(value)]


def test_the_schema_is_up_to_date() -> None:
    for name, make in SCHEMAS.items():
        assert json.loads((TARGETS / name).read_text()) == make(), RENEW
        jsonschema.Draft7Validator.check_schema(make())


def test_the_reference_page_is_up_to_date(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    page = write_reference(tmp_path).read_text(encoding="utf-8")
    golden(PROJECT / "docs" / "targets.md", page)
    for word in WORDS:
        assert f"`{word}=" in page


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_described(section: type) -> None:
    assert [doc.key.name for doc in documented(section) if doc.text] == list(keys_of(section))


def test_every_type_can_be_read_and_described() -> None:
    assert READERS.keys() == KINDS.keys()


@pytest.mark.parametrize("path", sorted(TARGETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_targets_fit_the_schema(path: Path) -> None:
    text = path.read_text()
    assert text.splitlines()[0] == "# yaml-language-server: $schema=schema.json"
    assert problems(yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    "case",
    ["bad_values", "missing_keys", "unknown_keys", "wrong_types", "schema_version"],
)
def test_the_schema_refuses_what_the_loader_refuses(case: str) -> None:
    for path in (GOLDEN / case / "targets").iterdir():
        if path.name != "float.yaml":  # JSON schema holds 1.0 to be a whole number
            assert problems(yaml.safe_load(path.read_text())), path


@pytest.mark.parametrize(("kind", "make"), [("defaults", defaults_schema), ("local", local_schema)])
def test_the_schemas_of_the_files_for_all_targets(kind: str, make: Callable[[], Any]) -> None:
    validator = jsonschema.Draft7Validator(make())
    refused = yaml.safe_load((GOLDEN / kind / "targets" / f"{kind}.yaml").read_text())
    assert {name for name in refused if not validator.is_valid({name: refused[name]})} == {
        "defaults": {"platform", "extends", "optimize", "optimise", "jobs"},
        "local": {"jobs", "defines", "extends", "android", "launcer", "run", "targets"},
    }[kind]
    taken = {
        "defaults": "{schema_version: 1, models: [m.pb], jobs: 2, run: {host: pi@board}, types: }",
        "local": "{jobs: 2, android: {sdk: ~/sdk}, targets: {pi: {run: {host: pi@board}}, pc: }}",
    }[kind]
    validator.validate(yaml.safe_load(taken))


def test_the_targets_of_the_repository() -> None:
    targets = load_targets(TARGETS)
    whole = {name: target for name, target in targets.items() if target.slices}
    assert {name: target.slices for name, target in whole.items()} == {
        "android": ("arm64-v8a", "armeabi-v7a", "x86_64", "x86"),
        "android64": ("arm64-v8a", "x86_64"),
        "ios": ("arm64", "arm64-simulator", "x86_64-simulator"),
        "ios-simulator": ("arm64-simulator", "x86_64-simulator"),
        "ios10": ("armv7", "armv7s", "arm64", "i386-simulator", "x86_64-simulator"),
    }
    slices = {each.id for target in whole.values() for each in slice_targets(target)}
    assert slices < set(targets)
    abis = {
        name: (target.platform, target.abi)
        for name, target in targets.items()
        if name not in slices and name not in whole
    }
    assert abis == {
        "linux": ("linux", "x86_64"),
        "linux-flex": ("linux", "x86_64"),
        "linux-java": ("linux", "x86_64"),
        "linux-lite": ("linux", "x86_64"),
        "pi": ("raspberrypi", "armv7-neon"),
        "pi-flex": ("raspberrypi", "armv7-neon"),
        "pi-lite": ("raspberrypi", "armv7-neon"),
        "pi-makefile": ("raspberrypi", "armv7-neon"),
        "pi-zero": ("raspberrypi", "armv6"),
        "pi64": ("raspberrypi", "aarch64"),
        "pi64-flex": ("raspberrypi", "aarch64"),
        "pi64-lite": ("raspberrypi", "aarch64"),
    }
    assert targets["pi"].size_budget.stripped == 2_500_000
    for target in targets.values():
        names = {"full": "digits.pb", "lite": "digits.tflite", "lite-flex": "inverse.tflite"}
        assert target.models[0].path == PROJECT / "models" / names[target.runtime]
        if not target.slices:
            find_abi(target.platform, target.abi, minimum_os=target.ios.minimum_os)


def test_loading_is_cheap() -> None:
    """Nothing is imported that only other commands need."""
    code = (
        "import sys; from pathlib import Path; from buildtool.config import load_targets\n"
        "load_targets(Path(sys.argv[1]), checks=())\n"
        "heavy = {'jsonschema', 'jinja2', 'requests', 'numpy', 'doit', 'google'}\n"
        "print(*heavy & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(TARGETS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT)
    assert done.stdout.split() == []
