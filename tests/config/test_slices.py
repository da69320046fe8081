"""Targets of several ABIs, and the target that each of these is."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.config import Target, load_targets, slice_targets
from buildtool.core.errors import ConfigError

PHONE = "platform: ios\nslices: [arm64, arm64-simulator]\nmodels: [m.pb]\n"


def load(tmp_path: Path, **texts: str) -> dict[str, Target]:
    folder = tmp_path / "targets"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return dict(load_targets(folder, checks=()))


def problems(tmp_path: Path, **texts: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **texts)
    return [f"{problem.where}: {problem.what}" for problem in caught.value.problems]


def test_each_slice_is_a_target(tmp_path: Path) -> None:
    targets = load(tmp_path, phone=PHONE + "optimise:\n  level: O2\n")
    assert list(targets) == ["phone", "phone-arm64", "phone-arm64-simulator"]
    assert targets["phone"].abi == ""
    assert slice_targets(targets["phone"]) == tuple(targets.values())[1:]
    device = targets["phone-arm64"]
    assert (device.abi, device.slices, device.optimise.level) == ("arm64", (), "O2")
    assert slice_targets(device) == ()
    assert targets["phone-arm64-simulator"].where("abi") == "targets/phone.yaml:2"


def test_a_child_has_slices_of_its_own(tmp_path: Path) -> None:
    targets = load(tmp_path, phone=PHONE, one="extends: phone\nslices:\nabi: arm64\n")
    assert (targets["one"].abi, targets["one"].slices) == ("arm64", ())
    assert "one-arm64" not in targets


def test_an_abi_or_slices_must_be_given(tmp_path: Path) -> None:
    said = problems(tmp_path, phone="platform: ios\nmodels: [m.pb]\n")
    assert said == ["targets/phone.yaml:1: abi: this key is missing"]


def test_not_both(tmp_path: Path) -> None:
    assert problems(tmp_path, phone=PHONE + "abi: arm64\n") == [
        "targets/phone.yaml:2: slices: the target has one ABI, too: 'abi: arm64' "
        "(targets/phone.yaml:4)"
    ]


def test_a_slice_that_stands_there_twice(tmp_path: Path) -> None:
    text = "platform: ios\nslices:\n  - arm64\n  - arm64\nmodels: [m.pb]\n"
    assert problems(tmp_path, phone=text) == [
        "targets/phone.yaml:4: slices[1]: 'arm64' is listed twice"
    ]


def test_a_slice_called_as_a_file_is(tmp_path: Path) -> None:
    other = "platform: linux\nabi: x86_64\nmodels: [m.pb]\n"
    said = problems(tmp_path, phone=PHONE, **{"phone-arm64": other})
    assert said == [
        "targets/phone.yaml:2: the slice arm64 would be called 'phone-arm64', "
        "as targets/phone-arm64.yaml is"
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("minimum_os: 12.0", "ios.minimum_os: must be text, not the number 12.0"),
        ("minimum_os: twelve", "ios.minimum_os: must be a release, not 'twelve'"),
        ("framework: Tensor-Flow", "ios.framework: cannot be the name of a module: 'Tensor-Flow'"),
        ("bitcode: perhaps", "ios.bitcode: must be true or false, not the text 'perhaps'"),
    ],
)
def test_wrong_values(tmp_path: Path, line: str, what: str) -> None:
    assert problems(tmp_path, phone=f"{PHONE}ios:\n  {line}\n") == [f"targets/phone.yaml:5: {what}"]
