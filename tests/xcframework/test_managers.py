"""What package managers get: the zip, its checksum, the manifest and the specification."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.products.xcframework.managers import source_date, zip_bytes
from buildtool.products.xcframework.package_values import Form, Package
from buildtool.products.xcframework.packing import pack

GOLDEN = Path(__file__).resolve().parent / "golden"
URL = "https://example.org/tf/TensorFlow.xcframework.zip"
CHECKSUM = re.compile(r'checksum: "([0-9a-f]{64})"')


def zipped(package: Package) -> bytes:
    return (package.folder / "TensorFlow.xcframework.zip").read_bytes()


def test_the_zip_holds_the_bundle_and_nothing_else(packed: Package) -> None:
    with zipfile.ZipFile(packed.folder / "TensorFlow.xcframework.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        for name in names:
            assert archive.read(name) == (packed.folder / name).read_bytes()
    bundle = packed.folder / "TensorFlow.xcframework"
    files = [path.relative_to(packed.folder) for path in bundle.rglob("*") if path.is_file()]
    assert names == sorted(path.as_posix() for path in files)


def test_its_checksum_is_in_the_manifest(
    full: Package, golden: Callable[[Path, str], None]
) -> None:
    for url in ("", URL):
        package = dataclasses.replace(full, url=url)
        pack(package)
        manifest = (package.folder / "Package.swift").read_text()
        found = CHECKSUM.findall(manifest)
        assert found == [hashlib.sha256(zipped(package)).hexdigest()]
        # The objects are those of the compiler at hand.
        name = "published.swift" if url else "Package.swift"
        golden(GOLDEN / name, manifest.replace(found[0], "0" * 64))


@pytest.mark.parametrize("form", list(Form))
def test_the_specification(full: Package, form: Form, golden: Callable[[Path, str], None]) -> None:
    package = dataclasses.replace(full, form=form, url=URL, slices=full.slices[:2])
    pack(package)
    text = (package.folder / "TensorFlow.podspec.json").read_text()
    checksum = hashlib.sha256(zipped(package)).hexdigest()
    assert json.loads(text)["source"] == {"http": URL, "sha256": checksum}
    golden(GOLDEN / f"{form.value}.podspec.json", text.replace(checksum, "0" * 64))


def test_simulators_do_not_limit_which_devices_an_app_is_for(packed: Package) -> None:
    specification = json.loads((packed.folder / "TensorFlow.podspec.json").read_text())
    assert specification["platforms"] == {"ios": "12.0"}
    assert '.iOS("12.0")' in (packed.folder / "Package.swift").read_text()


@pytest.mark.parametrize(
    ("epoch", "date"),
    [
        (None, (1980, 1, 1, 0, 0, 0)),
        (0, (1980, 1, 1, 0, 0, 0)),
        (1_600_000_000, (2020, 9, 13, 12, 26, 40)),
        (999_999_999_999, (2107, 12, 31, 0, 0, 0)),
    ],
)
def test_all_files_have_one_date(tmp_path: Path, epoch: int | None, date: tuple[int, ...]) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    (tmp_path / "zip").write_bytes(zip_bytes(tmp_path, ["b", "a"], epoch))
    with zipfile.ZipFile(tmp_path / "zip") as archive:
        assert [entry.filename for entry in archive.infolist()] == ["a", "b"]
        assert {entry.date_time for entry in archive.infolist()} == {date}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_the_date_is_that_of_the_environment() -> None:
    assert source_date({}) is None
    assert source_date({"SOURCE_DATE_EPOCH": ""}) is None
    assert source_date({"SOURCE_DATE_EPOCH": "12"}) == 12


@pytest.mark.parametrize("value", ["today", "-1", "1.5", "\u0662", "9" * 13])
def test_a_date_that_is_none(value: str) -> None:
    with pytest.raises(ConfigError, match=r"SOURCE_DATE_EPOCH: .* is not a number of seconds"):
        source_date({"SOURCE_DATE_EPOCH": value})
