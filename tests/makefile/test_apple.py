"""The miniature for Apple's systems, built with LLVM, and what is seen in its files."""

from __future__ import annotations

import json
import plistlib
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from buildtool.binary.archive import read_archive
from buildtool.binary.macho import read_object
from buildtool.core.values import MachoExpectation
from buildtool.verify.macho_check import image_problems
from tests.makefile.conftest import MINIATURE, ODD, UNOPTIMISED, Workshop
from tests.makefile.phones import needs_llvm

if TYPE_CHECKING:
    from tests.conftest import Project

pytestmark = pytest.mark.build

SLICES = {
    "arm64": MachoExpectation(cpu="arm64", platform="ios", minimum_os="12.0"),
    "x86_64-simulator": MachoExpectation(cpu="x86_64", platform="ios-simulator", minimum_os="12.0"),
}


@dataclass(frozen=True, kw_only=True)
class Phone:
    """The target ``phone`` of two slices, built."""

    workshop: Workshop

    def folder(self, abi: str) -> Path:
        return self.workshop.project.folder(f"phone-{abi}")

    def result(self, abi: str, name: str) -> Any:
        return json.loads((self.folder(abi) / f"{name}.json").read_text(encoding="utf-8"))

    @property
    def package(self) -> Path:
        return self.workshop.project.folder("phone") / "dist"


@pytest.fixture(scope="session")
def phone(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    libraries_cache: Path,
) -> Phone:
    needs_llvm(libraries_cache)
    folder = tmp_path_factory.mktemp("phone")
    project = make_project(folder / ODD, cache=libraries_cache, own=True)
    project.target("phone", f"extends: ios\nslices: [{', '.join(SLICES)}]\n{UNOPTIMISED}")
    tree = Path(shutil.copytree(MINIATURE, folder / "tree"))
    workshop = Workshop(project=project, tree=tree, target="phone")
    workshop.doit("build")
    return Phone(workshop=workshop)


@pytest.mark.parametrize("abi", SLICES)
def test_every_object_is_of_the_slice(phone: Phone, abi: str) -> None:
    expected = SLICES[abi]
    for name in ("libtensorflow.a", "libtensorflow_deps.a"):
        members = read_archive(phone.folder(abi) / "dist" / "lib" / name)
        assert members
        for member in members:
            found = read_object(member.data)
            assert (found.cpu, found.platform) == (expected.cpu, expected.platform)
            assert found.minimum_os == (12,), member.name


@pytest.mark.parametrize("abi", SLICES)
def test_it_is_said_what_was_run_and_what_not(phone: Phone, abi: str) -> None:
    report = phone.result(abi, "report")
    assert report["problems"] == []
    notes = " ".join(report["notes"])
    assert "stands in for Apple's SDK" in notes
    assert "not by Apple's" in notes
    if abi == "arm64":
        assert report["proved"] is True
        assert "no device and no simulator" in report["verification"]["emulated"]
        assert [model["model"] for model in report["verification"]["models"]] == ["classes"]
    else:
        assert report["proved"] is None
        assert "runs nothing for ios-simulator on x86_64" in report["verification"]["not_run"]


def test_the_class_is_that_of_the_defines_of_the_target(phone: Phone) -> None:
    """The makefile's branch for iOS sets them, nobody else."""
    plan = phone.result("arm64", "plan")
    assert {"USE_GEMM_FOR_CONV", "__thread=thread_local"} <= set(plan["defines"])
    assert plan["link_flags"] == [
        *("-force_load", "lib/libtensorflow.a", "lib/libtensorflow_deps.a", "-Wl,-dead_strip"),
        *("-framework", "Accelerate", "-lc++"),
    ]


@pytest.mark.parametrize("abi", SLICES)
def test_without_force_load_nothing_registers_itself(
    phone: Phone, abi: str, tmp_path: Path
) -> None:
    folder, expected = phone.folder(abi), SLICES[abi]
    whole = read_archive(folder / "dist" / "lib" / "libtensorflow.a")
    kernels = len(phone.result(abi, "plan")["kernels"])
    runner = folder / "runner" / "runner"
    assert image_problems(runner, expected, whole=whole, kernels=kernels) == []

    log = (folder / "logs" / "compile.log").read_text(encoding="utf-8").splitlines()
    (line,) = (entry for entry in log if entry.startswith("$ ") and "-force_load" in entry)
    other = tmp_path / "runner"
    words = [word for word in shlex.split(line)[1:] if not word.startswith("-Wl,-map")]
    words.remove("-force_load")
    words[words.index("-o") + 1] = str(other)
    subprocess.run(words, check=True)
    dropped = image_problems(other, expected, whole=whole, kernels=kernels)
    assert dropped
    assert "force_load" in str(dropped[0])
    assert read_object(other).constructors < read_object(runner).constructors


def test_the_package(phone: Phone) -> None:
    bundle = phone.package / "TensorFlow.xcframework"
    with (bundle / "Info.plist").open("rb") as file:
        entries = plistlib.load(file)["AvailableLibraries"]
    assert {entry["LibraryIdentifier"] for entry in entries} == {
        "ios-arm64",
        "ios-x86_64-simulator",
    }
    assert (phone.package / "TensorFlow.xcconfig").is_file()
    bill = json.loads((phone.package / "sbom.cdx.json").read_text(encoding="utf-8"))
    licences = {each["name"]: each.get("licenses") for each in bill["components"]}
    assert licences["protobuf"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert licences["nsync"] == [{"license": {"id": "Apache-2.0"}}]
    said = phone.workshop.project.doit("identify", str(bundle)).out
    for slice_ in ("arm64", "x86_64-simulator"):
        assert f"{bundle}: ios-{slice_}/" in said
        assert f", that of phone-{slice_} here" in said
    headers = bundle / "ios-arm64" / "Headers"
    assert (headers / "tensorflow/core/public/session.h").is_file()


def test_symbols_are_explained_by_the_map_of_apples_linkers(phone: Phone) -> None:
    """By their C++ names, though the map has the linker's; each slice has its own."""
    phone.workshop.doit("explain", "classes", "tensorflow::Tensor::Base")
    for slice_ in ("arm64", "x86_64-simulator"):
        (answer,) = phone.result(slice_, "explain/answer")["answers"]
        assert (answer["kind"], answer["included"]) == ("symbol", True)
        assert answer["chain"][0]["file"].startswith("tensorflow/core/")
        assert 0 < sum(part["size"] for part in answer["parts"]) < 10_000


def test_a_build_with_nothing_to_do(phone: Phone) -> None:
    said = phone.workshop.doit("build").out.splitlines()
    assert said == [
        "build:phone: package in build/phone/dist, a report for each slice in its own folder"
    ]


def test_one_slice_alone(phone: Phone) -> None:
    words = phone.workshop.words("build", "classes")
    ended = phone.workshop.project.doit("build:phone-arm64", *words[1:])
    assert ended.out.splitlines() == ["build:phone-arm64: up to date"]
