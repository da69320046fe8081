"""Narrowing with a compiler and an index that are tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from buildtool.backends.common.hunt import GUESSES
from buildtool.backends.common.narrow import Compiled, Memory, narrow, tree_memory
from buildtool.binary.symbols import Closure, Need, Symbols
from buildtool.core.errors import BuildError
from buildtool.core.values import MissingSymbol, RefusedFile, SourceTree
from buildtool.rename.renamed_sources import Renaming

FAILS = "does not compile"


@dataclass(kw_only=True)
class World:
    """``files`` is what each object would hold, as "defined | undefined"; ``index`` what each
    symbol makes the index guess; ``names`` the C++ names of symbols that have one."""

    files: Mapping[str, str]
    index: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    rounds: list[list[str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    unfound: tuple[MissingSymbol, ...] = ()

    def compile(self, files: Sequence[str], step: int) -> Compiled:
        assert step == len(self.rounds) + 1
        assert not set(files) & {file for earlier in self.rounds for file in earlier}
        self.rounds.append(list(files))
        return Compiled(
            symbols={file: self._symbols(file) for file in files if self.files[file] != FAILS},
            refused={file: f"{file}:1: error" for file in files if self.files[file] == FAILS},
        )

    def _symbols(self, file: str) -> Symbols:
        defined, _, undefined = self.files[file].partition("|")
        return Symbols(defined=frozenset(defined.split()), undefined=frozenset(undefined.split()))

    def narrow(self, memory: Path, *required: str, offered: Sequence[str] = ()) -> Closure:
        self.rounds.clear()
        narrowed = narrow(
            required=sorted(required),
            offered=offered or list(self.files),
            compile_files=self.compile,
            definers=lambda names: [self.index.get(name, ()) for name in names],
            demangle=lambda symbols: [self.names.get(symbol, symbol) for symbol in symbols],
            system=frozenset({"malloc"}),
            memory=Memory.load(memory),
            say=self.said.append,
        )
        compiled = {f for files in self.rounds for f in files if self.files[f] != FAILS}
        assert set(narrowed.known) == compiled
        self.unfound = narrowed.unfound
        return narrowed.closure


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "needs" / "tree.json"


def test_compiles_what_the_symbols_ask_for(memory: Path) -> None:
    world = World(
        files={"main": "main | f malloc", "f": "f | g", "g": "g", "never": "x"},
        index={"f": ["f", "never"], "g": ["g", "never"]},
    )
    closure = world.narrow(memory, "main")
    assert world.rounds == [["main"], ["f"], ["g"]]
    assert list(closure.needed) == ["main", "f", "g"]
    assert world.said[-1] == "round 3: 3 objects, 3 needed, 0 symbols missing"


def test_a_wrong_guess_is_compiled_but_not_linked(memory: Path) -> None:
    world = World(
        files={"main": "main | f", "wrong": "h | nothing", "right": "f"},
        index={"f": ["wrong", "right"], "nothing": ["never asked"]},
    )
    closure = world.narrow(memory, "main")
    assert world.rounds == [["main"], ["wrong"], ["right"]]
    assert list(closure.needed) == ["main", "right"]
    assert closure.missing == {}


def test_a_guess_that_does_not_compile_is_no_error(memory: Path) -> None:
    world = World(
        files={"main": "main | f", "windows": FAILS, "linux": "f"},
        index={"f": ["windows", "linux"]},
    )
    assert list(world.narrow(memory, "main").needed) == ["main", "linux"]


class TestRefused:
    """``checkpoint`` defines what is missing, and does not compile."""

    def test_the_file_and_its_errors_are_told(self, memory: Path) -> None:
        files = {"main": "main | save restore", "checkpoint": FAILS, "other": "x"}
        index = {"save": ["checkpoint", "other"], "restore": ["checkpoint", "other"]}
        world = World(files=files, index=index)
        assert sorted(world.narrow(memory, "main").missing) == ["restore", "save"]
        refused = (RefusedFile(path="checkpoint", errors="checkpoint:1: error"),)
        assert [each.refused for each in world.unfound] == [refused, refused]

    def test_so_they_are_where_an_earlier_build_knew_the_file(self, memory: Path) -> None:
        memory.parent.mkdir(parents=True)
        memory.write_text(json.dumps({"main": ["checkpoint"]}))
        files = {"main": "main | save", "checkpoint": FAILS}
        world = World(files=files, index={"save": ["checkpoint"]})
        world.narrow(memory, "main")
        assert world.unfound == (
            MissingSymbol(
                name="save",
                file="main",
                tried=(),
                refused=(RefusedFile(path="checkpoint", errors="checkpoint:1: error"),),
            ),
        )

    def test_they_are_no_matter_where_another_file_defines_it(self, memory: Path) -> None:
        files = {"main": "main | save", "windows": FAILS, "linux": "save | lost"}
        world = World(files=files, index={"save": ["windows", "linux"]})
        world.narrow(memory, "main")
        assert world.unfound == (MissingSymbol(name="lost", file="linux", tried=()),)


def test_required_files_that_do_not_compile_are_all_named(memory: Path) -> None:
    world = World(files={"a": FAILS, "b": "b", "c": FAILS})
    with pytest.raises(BuildError) as caught:
        world.narrow(memory, "a", "b", "c")
    assert [problem.where for problem in caught.value.problems] == ["a", "c"]
    assert "needed and does not compile" in caught.value.problems[0].what
    assert not memory.exists()


def test_it_ends_when_nobody_knows_the_symbol(memory: Path) -> None:
    world = World(files={"main": "main | curl_easy_init", "a": "a", "b": "b"})
    closure = world.narrow(memory, "main")
    assert world.rounds == [["main"]]
    assert closure.missing == {"curl_easy_init": "main"}


def test_it_ends_when_every_guess_was_wrong(memory: Path) -> None:
    files = {f"guess{i}": f"other{i}" for i in range(9)}
    world = World(files={"main": "main | f", **files}, index={"f": sorted(files)})
    closure = world.narrow(memory, "main")
    assert len(world.rounds) == 1 + GUESSES
    assert closure.missing == {"f": "main"}


def test_guesses_outside_of_what_is_offered_are_not_compiled(memory: Path) -> None:
    world = World(files={"main": "main | f", "f": "f"}, index={"f": ["f"]})
    assert world.narrow(memory, "main", offered=["main"]).missing == {"f": "main"}
    assert world.rounds == [["main"]]


def test_symbols_with_the_same_guesses_compile_one_file(memory: Path) -> None:
    world = World(
        files={"main": "main | f g", "a": "f g", "b": "b"}, index={"f": ["a", "b"], "g": ["b", "a"]}
    )
    assert list(world.narrow(memory, "main").needed) == ["main", "a"]
    assert world.rounds == [["main"], ["a"]]


NAMES = {f"s{n}": f"void functor::Slice<Device, int, {n}>::operator()(int)" for n in range(1, 9)}
MAIN = f"main | {' '.join(NAMES)}"


class TestTemplates:
    """``s1`` to ``s8`` are the instances of one class, for eight numbers of dimensions."""

    def test_the_files_of_all_instances_are_compiled_at_once(self, memory: Path) -> None:
        files = {f"inst{n}": f"s{n}" for n in range(1, 9)}
        index = {f"s{n}": sorted(files, key=lambda file: file != f"inst{n}") for n in range(1, 9)}
        world = World(files={"main": MAIN, **files}, index=index, names=NAMES)
        assert world.narrow(memory, "main").missing == {}
        assert world.rounds == [["main"], sorted(files)]

    def test_one_file_for_all_instances_is_compiled_alone(self, memory: Path) -> None:
        files = {"main": MAIN, "all": " ".join(NAMES), "other": "x"}
        index = {symbol: ["all", "other"] for symbol in NAMES}
        world = World(files=files, index=index, names=NAMES)
        assert world.narrow(memory, "main").missing == {}
        assert world.rounds == [["main"], ["all"]]

    def test_instances_share_the_guesses_of_their_template(self, memory: Path) -> None:
        files = {f"wrong{i}": f"other{i}" for i in range(99)}
        index = {symbol: sorted(files)[:50] for symbol in NAMES}
        world = World(files={"main": MAIN, **files}, index=index, names=NAMES)
        closure = world.narrow(memory, "main")
        assert list(closure.missing) == list(NAMES)
        assert world.rounds == [["main"], ["wrong0"], ["wrong1"], ["wrong10"], ["wrong11"]]
        assert world.unfound[2] == MissingSymbol(
            name=NAMES["s3"], file="main", tried=("wrong0", "wrong1", "wrong10", "wrong11")
        )
        assert [line for line in world.said if line.startswith("still")] == [
            "still looking for what defines functor::Slice::operator(), which main needs: "
            f"1 more to try, {file}"
            for file in ("wrong1", "wrong10", "wrong11")
        ]

    def test_guesses_that_were_right_do_not_count(self, memory: Path) -> None:
        """A ninth and tenth instance stand in a file that is guessed late."""
        names = {f"s{n}": f"functor::Slice<Device, int, {n}>::operator()(int)" for n in range(10)}
        files = {f"inst{n}": f"s{n} | s{n + 1}" for n in range(9)}
        files |= {"main": "main | s0", "inst9": "s9", "wrong": "x"}
        index = {f"s{n}": [f"inst{n}"] for n in range(9)} | {"s9": ["wrong", "inst9"]}
        world = World(files=files, index=index, names=names)
        assert world.narrow(memory, "main").missing == {}

    def test_files_of_other_instances_take_no_place(self, memory: Path) -> None:
        """The file of the last instance is the ninth that the index names for it."""
        files = {f"inst{n}": f"s{n}" for n in range(1, 9)}
        index = {f"s{n}": sorted(files, key=lambda file: file != f"inst{n}") for n in range(1, 8)}
        index["s8"] = sorted(files)
        world = World(files={"main": MAIN, **files}, index=index, names=NAMES)
        assert world.narrow(memory, "main").missing == {}
        assert world.rounds[2:] == [["inst8"]]

    def test_a_template_that_was_given_up_does_not_end_the_hunt(self, memory: Path) -> None:
        files = {"main": "main | s1 f", "f": "f | g", "g": "g | h", "h": "h", "x": "x"}
        index = {"s1": ["x"], "f": ["f"], "g": ["g"], "h": ["h"]}
        world = World(files=files, index=index, names=NAMES)
        assert list(world.narrow(memory, "main").missing) == ["s1"]
        assert world.rounds == [["main"], ["f", "x"], ["g"], ["h"]]


def test_what_is_compiled_by_chance_does_not_decide_which_file_gives_a_symbol(
    memory: Path,
) -> None:
    """``a`` and ``b`` both define ``t``; the index knows that it is ``b``'s own."""
    index = {"t": ["b"], "u": ["a"]}
    files = {"main": "main | t", "more": "more | u", "a": "t u", "b": "t"}
    world = World(files=files, index=index)
    memory.parent.mkdir(parents=True)
    memory.write_text(json.dumps({"main": ["a", "b"]}))
    assert list(world.narrow(memory, "main").needed) == ["main", "b"]


FILES = {"main": "main | f", "f": "f | g", "g": "g", "other": "other | g"}
INDEX = {"f": ["f"], "g": ["g"]}


class TestMemory:
    def test_the_next_build_compiles_all_in_one_round(self, memory: Path) -> None:
        first = World(files=FILES, index=INDEX).narrow(memory, "main")
        world = World(files=FILES)
        assert world.narrow(memory, "main") == first
        assert world.rounds == [["f", "g", "main"]]

    def test_another_model_profits_too(self, memory: Path) -> None:
        World(files=FILES, index=INDEX).narrow(memory, "main")
        world = World(files={**FILES, "new": "new | f"}, index=INDEX)
        world.narrow(memory, "new")
        assert world.rounds == [["new"], ["f", "g"]]

    def test_a_stale_memory_does_no_harm(self, memory: Path) -> None:
        """It names a file that is no longer needed, one that is gone, one that fails now."""
        memory.parent.mkdir(parents=True)
        memory.write_text(json.dumps({"main": ["other", "gone", "fails"], "gone": ["x"]}))
        world = World(files={**FILES, "fails": FAILS}, index=INDEX)
        closure = world.narrow(memory, "main")
        assert world.rounds == [["fails", "main", "other"], ["f"], ["g"]]
        assert list(closure.needed) == ["main", "f", "g"]
        assert json.loads(memory.read_text())["main"] == ["f"]

    @pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"main": 3}', '{"main": [[]]}', "\0"])
    def test_a_damaged_memory_is_an_empty_one(self, memory: Path, text: str) -> None:
        memory.parent.mkdir(parents=True)
        memory.write_text(text)
        world = World(files=FILES, index=INDEX)
        assert list(world.narrow(memory, "main").needed) == ["main", "f", "g"]
        assert json.loads(memory.read_text()) == {"f": ["g"], "g": [], "main": ["f"]}

    def test_a_renamed_tree_begins_with_what_the_original_needed(self, tmp_path: Path) -> None:
        def source(name: str, digest: str) -> SourceTree:
            return SourceTree(name=name, path=tmp_path, version="1", digest=digest)

        tree, made = source("tensorflow", "a" * 64), source("tensorflow", "b" * 64)
        protobuf = source("protobuf", "c" * 64)
        renaming = Renaming(
            prefix="ours",
            protobuf=protobuf,
            original_protobuf=protobuf,
            tree=made,
            original_tree=tree,
            macros=(),
            folder=tmp_path,
        )
        needs = {"tensorflow:a.cc": ["protobuf:src/google/protobuf/arena.cc"]}
        original = tmp_path / "needs" / f"{'a' * 16}.json"
        original.parent.mkdir()
        original.write_text(json.dumps(needs))
        assert tree_memory(tmp_path, tree, None, system="elf").needs == needs
        memory = tree_memory(tmp_path, made, renaming, system="elf")
        assert memory.needs == {"tensorflow:a.cc": ["protobuf:src/ours_google/protobuf/arena.cc"]}
        assert memory.path == tmp_path / "needs" / f"{'b' * 16}.json"
        own = {"tensorflow:a.cc": ["tensorflow:b.cc"]}
        memory.path.write_text(json.dumps(own))
        assert tree_memory(tmp_path, made, renaming, system="elf").needs == own

    def test_builds_for_another_format_of_objects_begin_with_those_for_elf(
        self, tmp_path: Path
    ) -> None:
        tree = SourceTree(name="t", path=tmp_path, version="1", digest="a" * 64)
        elf = tmp_path / "needs" / f"{'a' * 16}.json"
        elf.parent.mkdir()
        elf.write_text('{"a": ["linux"]}')
        memory = tree_memory(tmp_path, tree, None, system="macho")
        assert memory.needs == {"a": ["linux"]}
        memory.learn(
            {"a": Symbols(defined=frozenset("a"), undefined=frozenset("b")),
             "ios": Symbols(defined=frozenset("b"), undefined=frozenset())},
            Closure(needed={"a": Need(symbol="", file=""), "ios": Need(symbol="b", file="a")},
                    missing={}),
        )  # fmt: skip
        again = tree_memory(tmp_path, tree, None, system="macho")
        assert again.needs == {"a": ["ios"], "ios": []}
        assert tree_memory(tmp_path, tree, None, system="elf").needs == {"a": ["linux"]}

    def test_builds_at_the_same_time_keep_what_both_learnt(self, memory: Path) -> None:
        early = Memory.load(memory)
        World(files=FILES, index=INDEX).narrow(memory, "main")
        symbols = {"x": Symbols(defined=frozenset("x"), undefined=frozenset())}
        narrowed = narrow(
            required=["x"],
            offered=["x"],
            compile_files=lambda _files, _step: Compiled(symbols=symbols),
            definers=lambda names: [() for _ in names],
            demangle=list,
            system=frozenset(),
            memory=early,
            say=lambda _text: None,
        )
        assert list(narrowed.closure.needed) == ["x"]
        assert json.loads(memory.read_text()) == {"f": ["g"], "g": [], "main": ["f"], "x": []}
