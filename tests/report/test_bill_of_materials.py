"""The list of what a library is made of: as its standard has it, and the same everywhere."""

from __future__ import annotations

import json
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing

from buildtool.core.paths import LOCK
from buildtool.report.bill_of_materials import Bill, Material, bill_text
from buildtool.sources import load_lock

BILL = Bill(
    target='it\'s "odd" {{ 7*7 }} pläce',
    release="2.14.1",
    materials=(
        Material(
            name="protobuf",
            version="3.21.12",
            licence="BSD-3-Clause",
            repository="protocolbuffers/protobuf@v21.12",
            tree="ab" * 32,
            texts=("LICENSE",),
        ),
        Material(name="jpeg", licence="IJG AND BSD-3-Clause AND Zlib", texts=("a", "b")),
        Material(name="fft2d"),
    ),
    models={"digits": "cd" * 32},
    facts={"target": "pi"},
)


def test_it_is_cyclonedx() -> None:
    text = bill_text(BILL)
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text.replace("library", "?"))
    found = json.loads(text)
    parts = {each["name"]: each for each in found["components"]}
    assert parts.keys() == {"protobuf", "jpeg", "fft2d", "digits"}
    assert parts["protobuf"]["purl"] == "pkg:github/protocolbuffers/protobuf@v21.12"
    assert parts["protobuf"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert parts["jpeg"]["licenses"] == [{"expression": "IJG AND BSD-3-Clause AND Zlib"}]
    assert "licenses" not in parts["fft2d"]
    assert parts["digits"]["hashes"] == [{"alg": "SHA-256", "content": "cd" * 32}]
    (whole,) = (each for each in found["dependencies"] if each["ref"] == "library")
    assert set(whole["dependsOn"]) == {"protobuf", "jpeg", "fft2d", "model:digits"}


def test_it_is_the_same_each_time_and_tells_no_date() -> None:
    text = bill_text(BILL)
    assert bill_text(BILL) == text
    assert "timestamp" not in text
    assert json.loads(text)["serialNumber"].startswith("urn:uuid:")


def test_licences_of_the_lock_file_are_spdxs() -> None:
    known = get_spdx_licensing()
    sources = load_lock(Path(LOCK)).sources.values()
    assert sum(bool(each.spdx) for each in sources) > 20
    for each in sources:
        assert not known.validate(each.spdx).errors if each.spdx else True, each.name
