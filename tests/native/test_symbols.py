from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from buildtool.binary.symbols import (
    Closure,
    Need,
    Symbols,
    demangle,
    link_closure,
    read_symbols,
    system_symbols,
)
from buildtool.core.run import Command, run
from buildtool.core.values import Toolchain
from buildtool.platforms import find_abi
from buildtool.tools.compilers import find_toolchain


def symbols(defined: str = "", undefined: str = "") -> Symbols:
    return Symbols(defined=frozenset(defined.split()), undefined=frozenset(undefined.split()))


def closure(files: Mapping[str, Symbols], *required: str, system: str = "") -> Closure:
    return link_closure(required, files, system=frozenset(system.split()))


class TestLinkClosure:
    def test_takes_what_is_asked_for_and_no_more(self) -> None:
        found = closure(
            {
                "main": symbols("main", "f puts"),
                "f": symbols("f", "g"),
                "g": symbols("g"),
                "unused": symbols("h", "nowhere"),
            },
            "main",
            system="puts",
        )
        assert found.needed == {
            "main": Need(symbol="", file=""),
            "f": Need(symbol="f", file="main"),
            "g": Need(symbol="g", file="f"),
        }
        assert found.missing == {}

    def test_says_what_is_missing_and_who_asks(self) -> None:
        found = closure({"b": symbols("b", "x y"), "a": symbols("a", "x")}, "b", "a")
        assert found.missing == {"x": "a", "y": "b"}

    def test_what_the_system_has_is_not_linked(self) -> None:
        found = closure({"a": symbols("a", "malloc"), "m": symbols("malloc")}, "a", system="malloc")
        assert list(found.needed) == ["a"]

    def test_required_files_define_before_others_are_asked(self) -> None:
        files = {"a": symbols("a", "t"), "b": symbols("b t"), "other": symbols("t")}
        assert sorted(closure(files, "a", "b").needed) == ["a", "b"]

    def test_circles_end(self) -> None:
        files = {"a": symbols("a", "b"), "b": symbols("b", "c"), "c": symbols("c", "a b")}
        assert sorted(closure(files, "a").needed) == ["a", "b", "c"]

    def test_a_required_file_without_an_object_is_left_out(self) -> None:
        assert closure({"a": symbols("a")}, "a", "failed").needed.keys() == {"a"}

    def test_of_several_definitions_one_that_comes_along_anyway_is_enough(self) -> None:
        """The template instance ``t`` is in two files; one of them is needed for ``only``."""
        files = {
            "main": symbols("main", "t only"),
            "early": symbols("t"),
            "late": symbols("t only"),
        }
        found = closure(files, "main")
        assert list(found.needed) == ["main", "late"]
        assert found.needed["late"] == Need(symbol="only", file="main")

    def test_of_several_definitions_the_first_by_name_is_taken(self) -> None:
        files = {"main": symbols("main", "t"), "b": symbols("t"), "a": symbols("t", "u")}
        assert list(closure({**files, "u": symbols("u")}, "main").needed) == ["main", "a", "u"]

    def test_of_several_definitions_the_preferred_is_taken(self) -> None:
        files = {"main": symbols("main", "t"), "a": symbols("t"), "b": symbols("t")}
        ranked = link_closure(
            ["main"], files, system=(), prefer=lambda names: [["unknown", "b", "a"] for _ in names]
        )
        assert list(ranked.needed) == ["main", "b"]

    def test_does_not_depend_on_the_order_in_which_objects_became_known(self) -> None:
        """Random graphs with many ambiguous symbols, each shuffled."""
        chance = random.Random(2141)  # noqa: S311 - the same graphs each time
        for _ in range(60):
            names = [f"s{i}" for i in range(30)]
            files = {
                f"f{i:02}": Symbols(
                    defined=frozenset(chance.sample(names, chance.randint(1, 4))),
                    undefined=frozenset(chance.sample(names, chance.randint(0, 4))),
                )
                for i in range(20)
            }
            required = chance.sample(sorted(files), 3)
            expected = link_closure(required, files, system={"s0"})
            for _ in range(4):
                order = chance.sample(sorted(files), len(files))
                again = link_closure(
                    chance.sample(required, 3), {name: files[name] for name in order}, system={"s0"}
                )
                assert again == expected
            self._check(files, required, expected)

    def _check(self, files: Mapping[str, Symbols], required: Sequence[str], found: Closure) -> None:
        """What any right answer must be."""
        defined = {"s0"}.union(*(files[name].defined for name in found.needed))
        asked = set().union(*(files[name].undefined for name in found.needed))
        assert set(found.missing) == asked - defined
        assert set(required) <= set(found.needed)
        everything = set().union(*(each.defined for each in files.values()))
        assert not set(found.missing) & everything
        for name, need in found.needed.items():
            if name not in required:
                assert need.symbol in files[name].defined
                assert need.symbol in files[need.file].undefined


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return find_toolchain(find_abi("linux", "x86_64")[1], probe=False)


C_SOURCE = """\
extern int strong_needed; extern int weak_needed __attribute__((weak));
int common_or_data; static int hidden_static = 1;
int __attribute__((weak)) weak_defined(void) { return hidden_static; }
int uses(void) { return strong_needed + (&weak_needed ? weak_needed : 0) + weak_defined(); }
"""
CXX_SOURCE = """\
#include <vector>
inline int& once() { static int value; return value; }
namespace a { template <typename T> int f(T); template <> int f(double) { return once(); } }
std::vector<int> grow() { return std::vector<int>(3, a::f(1.0)); }
thread_local int local = 3;
"""


@pytest.mark.skipif(shutil.which("clang++") is None, reason="needs clang and its tools")
class TestRealObjects:
    def compile(self, toolchain: Toolchain, source: Path, text: str) -> Path:
        source.write_text(text)
        tool = toolchain.cc if source.suffix == ".c" else toolchain.cxx
        made = source.with_suffix(".o")
        argv = (str(tool.path), "-c", "-fno-common", str(source), "-o", str(made))
        run(Command(argv=argv), what="compiling")
        return made

    def test_letters_of_nm(self, toolchain: Toolchain, tmp_path: Path) -> None:
        folder = tmp_path / "a folder: with marks"
        folder.mkdir()
        made = self.compile(toolchain, folder / "x.c", C_SOURCE)
        found = read_symbols(toolchain, [made])[made]
        assert found.defined == {"common_or_data", "uses", "weak_defined"}
        assert found.undefined == {"strong_needed"}

    def test_cxx_objects_and_their_names(self, toolchain: Toolchain, tmp_path: Path) -> None:
        made = self.compile(toolchain, tmp_path / "x.cc", CXX_SOURCE)
        empty = self.compile(toolchain, tmp_path / "empty.cc", "")
        found = read_symbols(toolchain, [made, empty])
        names = demangle(toolchain, sorted(found[made].defined))
        assert {"once()", "once()::value", "int a::f<double>(double)", "local"} <= set(names)
        assert found[empty] == symbols()
        assert found[made].undefined <= system_symbols(toolchain)
        assert read_symbols(toolchain, []) == {}
        assert demangle(toolchain, []) == []

    def test_what_the_run_time_libraries_bring(self, toolchain: Toolchain) -> None:
        found = system_symbols(toolchain)
        assert {"malloc", "sqrt", "_Znwm", "_Unwind_Resume", "__divti3"} <= found
        assert not any("@" in name for name in found)
        assert "_ZN10tensorflow6TensorC1Ev" not in found
