"""Which version of a dependency is built: what the tree pins, or another one, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends import BACKENDS
from buildtool.backends.makefile.choice import Chooser
from buildtool.backends.makefile.pins import Pin
from buildtool.backends.makefile.recipes import load_recipes
from buildtool.config import Target, load_targets
from buildtool.core.errors import ConfigError
from buildtool.core.paths import LOCK
from buildtool.sources import Lock, load_lock

PROTOBUF, NSYNC, EIGEN = (
    Pin(
        name="protobuf",
        kind="github",
        version="396336eb961b75f03b25824fe86cf6490fb75e3a",
        where="workspace.bzl:10",
        repository="google/protobuf",
    ),
    Pin(
        name="nsync",
        kind="github",
        version="0559ce013feac8db639ee1bf776aca0325d28777",
        where="workspace.bzl:20",
        repository="google/nsync",
    ),
    Pin(name="eigen", kind="mercurial", version="6913f0cf7d06", where="workspace.bzl:30"),
)
PINS = (PROTOBUF, NSYNC, EIGEN)
NAMES = [pin.name for pin in PINS]


@pytest.fixture(scope="module")
def lock() -> Lock:
    return load_lock(LOCK)


def target(tmp_path: Path, dependencies: str = "") -> Target:
    folder = tmp_path / "targets"
    folder.mkdir(exist_ok=True)
    text = "platform: linux\nabi: x86_64\nregistration: all\ntypes: full\n"
    (folder / "t.yaml").write_text(f"{text}{dependencies}", "utf-8")
    return load_targets(folder, checks=())["t"]


def chooser(tmp_path: Path, lock: Lock, dependencies: str = "", release: str = "1.8.0") -> Chooser:
    return Chooser(
        target=target(tmp_path, dependencies),
        tree=tmp_path,
        release=release,
        lock=lock,
        recipes=load_recipes(),
    )


def problems(chooser: Chooser, pins: tuple[Pin, ...] = PINS) -> str:
    with pytest.raises(ConfigError) as caught:
        chooser.choose(pins, NAMES)
    return str(caught.value)


def test_what_stands_in_is_told_with_what_was_pinned_and_why(tmp_path: Path, lock: Lock) -> None:
    protobuf, nsync, eigen = chooser(tmp_path, lock, release="1.8.0-rc1").choose(PINS, NAMES)
    assert (protobuf.source, nsync.source) == ("protobuf-3.5.0", "nsync-1.29.2")
    assert str(protobuf) == (
        "the tree pins protobuf 396336eb961b75f03b25824fe86cf6490fb75e3a (git, google/protobuf); "
        "protobuf-3.5.0 is built instead: 1.8 pins a commit with this version number"
    )
    # Headers are taken as the tree has them.
    assert (eigen.source, eigen.reason) == ("eigen-6913f0cf7d06", "")


def test_a_pin_that_has_a_recipe_is_built(tmp_path: Path, lock: Lock) -> None:
    pin = Pin(name="protobuf", kind="github", version="3.21.12", where="workspace.bzl:1")
    (choice,) = chooser(tmp_path, lock).choose([pin], ["protobuf"])
    assert (choice.source, choice.reason) == ("protobuf-3.21.12", "")


@pytest.mark.parametrize("pin", [PROTOBUF, NSYNC], ids=lambda pin: pin.name)
@pytest.mark.parametrize(
    ("release", "protobuf"),
    [
        ("1.0.0", "protobuf-3.1.0"),
        ("1.4.0", "protobuf-3.4.0"),
        ("1.9.0", "protobuf-3.5.0"),
        ("1.10.0", "protobuf-3.6.1"),
        ("1.15.5", "protobuf-3.6.1"),
    ],
)
def test_each_release_has_its_own(
    tmp_path: Path, lock: Lock, pin: Pin, release: str, protobuf: str
) -> None:
    unknown = Pin(name=pin.name, kind="github", version="9" * 40, where="workspace.bzl:7")
    expected = {"protobuf": protobuf, "nsync": "nsync-1.29.2"}[pin.name]
    if release == "1.0.0" and pin is NSYNC:
        pytest.skip("1.0 has no nsync")
    for each in (pin, unknown):
        (choice,) = chooser(tmp_path, lock, release=release).choose([each], [pin.name])
        assert choice.source == expected
        assert choice.reason


def test_all_that_stands_in_can_be_built_and_is_in_a_package(lock: Lock) -> None:
    recipes = load_recipes()
    for each in recipes.stand_ins:
        assert lock[each.source].family == each.name
        assert recipes.find(each.name, each.source) is not None
        assert any(place.archive for place in lock[each.source].places)


def test_a_target_may_name_another_version(tmp_path: Path, lock: Lock) -> None:
    written = "makefile: {dependencies: [{name: protobuf, use: protobuf-3.6.1}]}\n"
    protobuf, *_ = chooser(tmp_path, lock, written).choose(PINS, NAMES)
    assert protobuf.source == "protobuf-3.6.1"
    assert str(protobuf).endswith("protobuf-3.6.1 is built instead: the target asks for it")


def test_a_target_may_insist_on_the_pin(tmp_path: Path, lock: Lock) -> None:
    written = (
        "makefile:\n  dependencies:\n"
        "  - {name: eigen, use: pinned}\n  - {name: nsync, use: pinned}\n"
    )
    text = problems(chooser(tmp_path, lock, written))
    assert "targets/t.yaml:8: the tree pins nsync 0559ce013feac8db639ee1bf776aca0325d28777" in text
    assert "nsync-0559ce013fea in the lock file, and there is no recipe for it" in text
    assert "write one for 'only: [nsync-0559ce013fea]' in " in text
    assert "libraries.yaml" in text
    # The others are as they would be.
    assert "protobuf" not in text
    assert "eigen" not in text


def test_what_a_target_asks_for_and_there_is_not(tmp_path: Path, lock: Lock) -> None:
    written = (
        "makefile:\n"
        "  dependencies:\n"
        "  - {name: protobuff, use: pinned}\n"
        "  - {name: zlib, use: pinned}\n"
        "  - {name: protobuf, use: protobuf-3.5}\n"
        "  - {name: nsync, use: nsync-1.20.1}\n"
        "  - {name: eigen, use: pinned}\n"
        "  - {name: eigen, use: pinned}\n"
    )
    text = problems(chooser(tmp_path, lock, written))
    assert "t.yaml:7: makefile.dependencies[0].name: no dependency is called 'protobuff'" in text
    assert "perhaps you meant 'protobuf'" in text
    assert (
        "t.yaml:8: makefile.dependencies[1].name: the makefile of this tree does not use zlib"
        in text
    )
    assert (
        "t.yaml:9: makefile.dependencies[2].use: the lock file has no 'protobuf-3.5' for protobuf"
        in text
    )
    assert "perhaps you meant 'protobuf-3.5.0'" in text
    assert "t.yaml:10: makefile.dependencies[3].use: there is no recipe for nsync-1.20.1" in text
    assert "t.yaml:12: makefile.dependencies[5].name: eigen is listed twice" in text


def test_what_the_lock_does_not_know_is_said_for_each(tmp_path: Path, lock: Lock) -> None:
    pins = (
        Pin(name="nsync", kind="github", version="9" * 40, where="w.bzl:7", repository="g/nsync"),
        Pin(name="eigen", kind="mercurial", version="8" * 12, where="w.bzl:9", repository="e/e"),
    )
    text = problems(chooser(tmp_path, lock, release="1.99"), pins)
    assert (
        f"w.bzl:7: the tree pins nsync {'9' * 40} (git, g/nsync), which is not in the lock file"
        in text
    )
    assert (
        f"w.bzl:9: the tree pins eigen {'8' * 12} (Mercurial, e/e), which is not in the lock file"
        in text
    )
    assert "it has" in text
    assert "1.20.1" in text
    assert f"{tmp_path}: the build needs protobuf, and the tree's workspace.bzl does not" in text


def test_the_native_backend_has_no_such_choice(tmp_path: Path, lock: Lock) -> None:
    written = "makefile: {dependencies: [{name: protobuf, use: pinned}]}\n"
    with pytest.raises(ConfigError) as caught:
        BACKENDS["native"].sources(target(tmp_path, written), "2.14.1", None, lock)
    (problem,) = caught.value.problems
    assert problem.where == "targets/t.yaml:5"
    assert problem.what.startswith("makefile.dependencies: the backend 'native' builds")
