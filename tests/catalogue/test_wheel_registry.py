"""The catalogue of the real tree against the kernel registry of the TensorFlow wheel.

Every CPU kernel that the wheel registers must be in the catalogue with the same KernelDef, and
the catalogue must choose the literally equal class (spaces do not count for the macro that
compares) for every type it allows. ``wheel_exceptions.tsv`` lists what may differ, and why.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from buildtool.catalogue.kernels import make_catalogue
from buildtool.core.errors import ModelError
from buildtool.core.run import Command, run
from buildtool.core.values import KernelCatalogue
from buildtool.plan.match import find_kernel
from tests.limits import HANG

HERE = Path(__file__).parent
VERSION = "2.14.1"
pytestmark = [pytest.mark.real_tree, pytest.mark.wheel]


@pytest.fixture(scope="module")
def wheel_kernels() -> list[dict[str, Any]]:
    """The registry of the installed TensorFlow, asked in a process of its own."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs an importable tensorflow: pip install -e '.[tensorflow]'")
    command = Command(
        argv=(sys.executable, str(HERE / "wheel_registry.py")), env={"TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    answer = json.loads(run(command, what="reading TensorFlow's registry", timeout=HANG).stdout)
    if answer["version"] != VERSION:
        pytest.skip(f"needs tensorflow {VERSION}, this is {answer['version']}")
    kernels: list[dict[str, Any]] = answer["kernels"]
    return kernels


def catalogue_of(tree: Path, cache: Path, *defines: str) -> KernelCatalogue:
    program = next((name for name in ("clang++", "g++") if shutil.which(name)), None)
    if program is None:
        pytest.skip("needs a C++ preprocessor: clang++ or g++")
    return make_catalogue(
        tree, defines=defines, preprocessor=(program, "-E"), cache=cache, tree_digest="real"
    )


def packed(kernel_class: str) -> str:
    return kernel_class.replace(" ", "")


def pairs(values: Iterable[tuple[str, Iterable[str]]]) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(sorted((attr, frozenset(allowed)) for attr, allowed in values))


def kernel_defs(catalogue: KernelCatalogue) -> set[tuple[Any, ...]]:
    return {
        (
            *(kernel.op, kernel.device, kernel.label, kernel.priority),
            frozenset(kernel.host_memory),
            pairs((item.attr, item.types) for item in kernel.constraints),
            pairs((item.attr, item.values) for item in kernel.conditions),
        )
        for kernel in catalogue.kernels
    }


def wheel_def(kernel: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(kernel[field] for field in ("op", "device", "label", "priority")),
        frozenset(kernel["host_memory"]),
        pairs(kernel["constraints"]),
        pairs(kernel["conditions"]),
    )


def chosen_class(catalogue: KernelCatalogue, kernel: dict[str, Any], types: dict[str, str]) -> str:
    """The class that we choose; empty, as TensorFlow says it, for none or several."""
    attrs = {attr: (name,) for attr, name in types.items()}
    attrs |= {attr: tuple(values[:1]) for attr, values in kernel["conditions"]}
    try:
        found = find_kernel(catalogue, op=kernel["op"], label=kernel["label"], attrs=attrs)
    except ModelError:
        return ""
    return found.kernel_class if found else ""


def differences(
    catalogue: KernelCatalogue, kernels: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Op and class of each of the wheel's kernels that the catalogue lacks or has otherwise."""
    known = kernel_defs(catalogue)
    for kernel in kernels:
        missing = wheel_def(kernel) not in known
        for use in kernel["uses"]:
            ours = chosen_class(catalogue, kernel, use["types"])
            if missing or packed(ours) != packed(use["class"]):
                yield kernel["op"], use["class"]


def exceptions(*when: str) -> set[tuple[str, str]]:
    lines = (HERE / "wheel_exceptions.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert all(len(row) == 4 and row[3] for row in rows)
    return {(op, kernel_class) for condition, op, kernel_class, _ in rows if condition in when}


def test_registry_is_a_whole_one(wheel_kernels: list[dict[str, Any]]) -> None:
    assert len(wheel_kernels) == 10198
    uses = [(kernel["op"], use["class"]) for kernel in wheel_kernels for use in kernel["uses"]]
    assert len(uses) == 10568
    assert len(set(uses)) == 8817


def test_every_kernel_without_onednn(
    real_tree: Path, tmp_path: Path, wheel_kernels: list[dict[str, Any]]
) -> None:
    found = set(differences(catalogue_of(real_tree, tmp_path), wheel_kernels))
    assert found == exceptions("always", "without INTEL_MKL")


def test_every_kernel_with_onednn(
    real_tree: Path, tmp_path: Path, wheel_kernels: list[dict[str, Any]]
) -> None:
    found = set(differences(catalogue_of(real_tree, tmp_path, "INTEL_MKL"), wheel_kernels))
    assert found == exceptions("always")
