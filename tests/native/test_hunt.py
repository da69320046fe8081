"""The hunt with real sources, objects and names: what TensorFlow spreads over sibling files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from buildtool.backends.common.narrow import Compiled, Memory, Narrowed, narrow
from buildtool.backends.common.refusals import first_errors
from buildtool.binary.symbols import demangle, read_symbols
from buildtool.catalogue.definers import DefinerIndex
from buildtool.core.run import Command, run
from buildtool.core.values import Toolchain
from buildtool.platforms import find_abi
from buildtool.products.static.runner_link import undefined_problems
from buildtool.tools.compilers import find_toolchain

OPERATOR = "struct {} {{\n  void operator()(int size) const;\n}};\n"
TEMPLATE = f"""\
#pragma once
namespace functor {{
template <typename T, int N>
{OPERATOR.format("Slice")}
template <typename T>
{OPERATOR.format("Tile")}
template <typename T>
{OPERATOR.format("Cast")}
template <typename T>
{OPERATOR.format("Lost")}
}}  // namespace functor
"""
BODY = """\
#include "kernels/functors.h"
namespace functor {
template <typename T, int N>
void Slice<T, N>::operator()(int size) const {}
#define DEFINE(T) template struct functor::Slice<T, NDIM>;
}  // namespace functor
DEFINE(int)
DEFINE(float)
"""
SHARD = '#define NDIM {}\n#include "kernels/slice_op_cpu_impl.h"\n#undef NDIM\n'
TYPED = """\
#include "kernels/functors.h"
namespace functor {{
template <typename T>
void Tile<T>::operator()(int size) const {{}}
template struct Tile<{}>;
}}  // namespace functor
"""
SPECIAL = """\
#include "kernels/functors.h"
namespace functor {
template <>
void Cast<int>::operator()(int size) const {}
}  // namespace functor
"""
USER = """\
#include "kernels/functors.h"
namespace functor {
#define DECLARE(T, NDIM) extern template struct Slice<T, NDIM>;
DECLARE(int, 1)
DECLARE(int, 2)
DECLARE(int, 3)
}  // namespace functor
void Compute(int size) {
%s
}
"""
UNRELATED = """\
#include "kernels/functors.h"
struct Other%d {
  int operator()(int size) const { return size; }
};
int Use%d(int size) { return Other%d()(size); }
"""


class Kernels:
    """A tree with one user of templates, and their instances in files of their own."""

    def __init__(self, folder: Path, toolchain: Toolchain) -> None:
        self.folder = folder
        self.toolchain = toolchain
        self.rounds: list[list[str]] = []
        self.said: list[str] = []
        self.write("functors.h", TEMPLATE)
        self.write("slice_op_cpu_impl.h", BODY)
        for dimensions in range(1, 4):
            self.write(f"slice_op_cpu_impl_{dimensions}.cc", SHARD.format(dimensions))
        for name, spelled in {"int32": "int", "int64": "long", "uint8": "unsigned char"}.items():
            self.write(f"tile_functor_cpu_{name}.cc", TYPED.format(spelled))
        self.write("cast.cc", SPECIAL)
        for number in range(20):
            self.write(f"unrelated_{number}.cc", UNRELATED % (number, number, number))

    def write(self, name: str, text: str) -> None:
        path = self.folder / "kernels" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def narrow(self, *calls: str) -> Narrowed:
        """Find what a source needs that makes these calls."""
        self.write("user.cc", USER % "\n".join(f"  functor::{call}()(size);" for call in calls))
        sources = {path.name: path for path in sorted((self.folder / "kernels").glob("*.cc"))}
        index = DefinerIndex.build([("t", path) for path in sources.values()], None)

        def definers(symbols: Sequence[str]) -> Sequence[Sequence[str]]:
            names = demangle(self.toolchain, symbols)
            return [[path.name for path in index.candidates(name)] for name in names]

        return narrow(
            required=["user.cc"],
            offered=sources,
            compile_files=self.compile,
            definers=definers,
            demangle=lambda symbols: demangle(self.toolchain, symbols),
            system=frozenset(),
            memory=Memory.load(self.folder / "needs.json"),
            say=self.said.append,
        )

    def compile(self, files: Sequence[str], step: int) -> Compiled:
        del step
        self.rounds.append(list(files))
        made = {file: self.folder / f"{file}.o" for file in files}
        refused: dict[str, str] = {}
        for file, place in made.items():
            source = self.folder / "kernels" / file
            argv = (str(self.toolchain.cxx.path), f"-I{self.folder}", "-c", str(source))
            command = Command(argv=(*argv, "-o", str(place)))
            done = run(command, what=f"compiling {file}", check=False)
            if done.returncode:
                refused[file] = first_errors(done.stderr.splitlines())
        there = {file: place for file, place in made.items() if file not in refused}
        symbols = read_symbols(self.toolchain, list(there.values()))
        return Compiled(
            symbols={file: symbols[place] for file, place in there.items()}, refused=refused
        )


pytestmark = pytest.mark.skipif(shutil.which("clang++") is None, reason="needs clang and its tools")


@pytest.fixture
def kernels(tmp_path: Path) -> Kernels:
    return Kernels(tmp_path, find_toolchain(find_abi("linux", "x86_64")[1], probe=False))


def test_a_class_that_sibling_files_instantiate_through_a_header(kernels: Kernels) -> None:
    found = kernels.narrow("Slice<int, 1>", "Slice<int, 2>", "Slice<int, 3>")
    shards = [f"slice_op_cpu_impl_{dimensions}.cc" for dimensions in (1, 2, 3)]
    assert kernels.rounds == [["user.cc"], shards]
    assert sorted(found.closure.needed) == [*shards, "user.cc"]
    assert found.unfound == ()


@pytest.mark.parametrize(
    ("argument", "file"), [("int", "int32"), ("long", "int64"), ("unsigned char", "uint8")]
)
def test_a_class_with_a_file_for_each_type(kernels: Kernels, argument: str, file: str) -> None:
    kernels.narrow(f"Tile<{argument}>")
    assert kernels.rounds == [["user.cc"], [f"tile_functor_cpu_{file}.cc"]]


def test_a_member_that_is_specialised(kernels: Kernels) -> None:
    kernels.narrow("Cast<int>")
    assert kernels.rounds == [["user.cc"], ["cast.cc"]]


def test_what_nothing_defines_has_nothing_compiled_that_only_has_operators(
    kernels: Kernels,
) -> None:
    found = kernels.narrow("Lost<int>", "Lost<float>", "Cast<int>")
    compiled = [file for files in kernels.rounds for file in files]
    assert not [file for file in compiled if file.startswith("unrelated")]
    assert [each.name for each in found.unfound] == [
        "functor::Lost<float>::operator()(int) const",
        "functor::Lost<int>::operator()(int) const",
    ]
    assert {each.file for each in found.unfound} == {"user.cc"}


def test_the_link_names_who_asks_for_a_symbol_and_what_was_tried(kernels: Kernels) -> None:
    kernels.write("lost.cc", "template <typename> struct Lost {};\ntemplate struct Lost<int>;\n")
    found = kernels.narrow("Lost<int>")
    name = "functor::Lost<int>::operator()(int) const"
    told = undefined_problems([name, "f()"], found.unfound, Path("link.log"))
    assert [problem.what for problem in told] == [
        f"nothing that was compiled defines {name}, which user.cc needs; "
        "compiled in the hope of it: lost.cc",
        "nothing that was compiled defines f()",
    ]


BROKEN = """\
#include "kernels/functors.h"
namespace functor {
template <typename T>
void Lost<T>::operator()(int size) const { regex::Match(size); }
template struct Lost<int>;
template struct Lost<float>;
}  // namespace functor
"""


def test_a_file_that_defines_a_symbol_and_does_not_compile_is_named(kernels: Kernels) -> None:
    """Once, with its compiler's first error, for all symbols that are looked for in it."""
    kernels.write("lost.cc", BROKEN)
    found = kernels.narrow("Lost<int>", "Lost<float>")
    names = [each.name for each in found.unfound]
    assert len(names) == 2
    broken, unknown = undefined_problems([*names, "f()"], found.unfound, Path("link.log"))
    assert broken.where == "lost.cc"
    first, error, source, *_ = broken.what.splitlines()
    assert first == (
        f"does not compile. It may define {names[0]}, which user.cc needs, and 1 more that the "
        "link lacks"
    )
    assert error.endswith("lost.cc:4:44: error: use of undeclared identifier 'regex'")
    assert "regex::Match(size);" in source
    assert unknown.what == "nothing that was compiled defines f()"


def test_the_errors_of_a_compiler_that_has_none_are_its_last_lines() -> None:
    assert first_errors(["a", "", "b", "c", "d", "clang: killed"]) == "b\nc\nd\nclang: killed"
    assert first_errors([]) == ""
