"""From the files that may be linked to those that are: compile, read symbols, repeat.

The files that the plan requires are compiled first. What their objects leave undefined is looked
up among the other files by a text index, the likeliest file is compiled next, and so on until
nothing is missing. The index only chooses what to compile; which file is linked, and why, is
decided by the symbols of the objects. What was learned is kept, so that the next build of the
same tree, also for another model or ABI, compiles everything in one round.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from buildtool.backends.backend import Foreseen, Job
from buildtool.backends.common.hunt import Definers, Demangle, Hunt
from buildtool.binary.symbols import Closure, Symbols, link_closure, read_symbols
from buildtool.core.errors import BuildError, Problem
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import BuildPlan, MissingSymbol, SourceTree, Toolchain
from buildtool.plan.build_plan import GENERATED
from buildtool.rename.names import rename_path
from buildtool.rename.renamed_sources import Renaming


class Build(Protocol):
    """Makes the objects of files, under a title; with ``keep_going`` some may fail. Gives the
    first errors of those that did."""

    def __call__(
        self, files: Sequence[str], *, title: str, keep_going: bool
    ) -> Mapping[str, str]: ...


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """The symbols of the files that compiled, and the first errors of those that did not."""

    symbols: Mapping[str, Symbols]
    refused: Mapping[str, str] = field(default_factory=dict)


Compile = Callable[[Sequence[str], int], Compiled]


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """The files to link, the symbols of all that was compiled, and what none of it defines."""

    closure: Closure
    known: Mapping[str, Symbols]
    unfound: tuple[MissingSymbol, ...]


@dataclass(kw_only=True)
class Memory:
    """What earlier builds of this tree found: which files each file needed."""

    path: Path
    needs: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Memory:
        """Read the memory of earlier builds; an unreadable one is an empty one."""
        try:
            needs = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return cls(path=path)
        whole = isinstance(needs, dict) and all(map(_is_names, needs.values()))
        return cls(path=path, needs=needs if whole else {})

    def predict(self, required: Iterable[str]) -> set[str]:
        """All files that the required ones needed before."""
        found = set(required)
        work = list(found)
        while work:
            fresh = set(self.needs.get(work.pop(), ())) - found
            found |= fresh
            work.extend(fresh)
        return found

    def learn(self, symbols: Mapping[str, Symbols], closure: Closure) -> None:
        """Keep which of the linked files need which, and write it down."""
        definer: dict[str, str] = {}
        for file in closure.needed:
            for symbol in symbols[file].defined:
                definer.setdefault(symbol, file)
        # Another build may have learnt something since this one began.
        self.needs.update(Memory.load(self.path).needs)
        for file in closure.needed:
            needed = {definer[s] for s in symbols[file].undefined if s in definer}
            self.needs[file] = sorted(needed - {file})
        write_if_changed(self.path, to_json(self.needs))


def tree_memory(
    cache: Path, tree: SourceTree, renaming: Renaming | None, *, system: str, messages: str = "full"
) -> Memory:
    """What earlier builds of the tree found, for this system, or its format of objects, and this
    kind of ``messages``: others have other files for it, which must not be forgotten in between.
    Where there was none, it is what builds for ELF with full ones found; of one with a renamed
    protobuf, what builds of the original found: nearly the same files need each other."""
    folder = cache / "needs"
    suffix = ("" if system == "elf" else f"-{system}") + ("-lite" if messages == "lite" else "")
    memory = Memory.load(folder / f"{tree.digest[:16]}{suffix}.json")
    if suffix and not memory.needs:
        memory.needs = tree_memory(cache, tree, renaming, system="elf").needs
    if renaming and not memory.needs:
        earlier = Memory.load(folder / f"{renaming.original_tree.digest[:16]}{suffix}.json").needs
        memory.needs = {
            rename_path(file, renaming.prefix): [rename_path(n, renaming.prefix) for n in needs]
            for file, needs in earlier.items()
        }
    return memory


def job_memory(job: Job, *, messages: str = "full") -> Memory:
    """What earlier builds found of the job's tree, for its system and this kind of messages."""
    system = job.toolchain.system or job.toolchain.object_format
    return tree_memory(job.cache.root, job.tree, job.renaming, system=system, messages=messages)


def foresee(memory: Memory, plan: BuildPlan) -> Foreseen:
    """What a build of the plan would compile in its first round, and so link, if the memory knows
    all that it needs. What is written for each plan anew is another file each time."""
    made = {file.key for file in plan.files if file.root == GENERATED}
    known = Memory(path=memory.path, needs={**memory.needs, **{key: [] for key in made}})
    required = {file.key for file in plan.files if file.required}
    files = known.predict(required) & {file.key for file in plan.files}
    return Foreseen(
        files=frozenset(files), unknown=frozenset(f for f in files if f not in known.needs)
    )


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def narrow(
    *,
    required: Sequence[str],
    offered: Iterable[str],
    compile_files: Compile,
    definers: Definers,
    demangle: Demangle,
    system: frozenset[str],
    memory: Memory,
    say: Callable[[str], None],
) -> Narrowed:
    """Find the files to link.

    ``compile_files`` compiles files; a guess may fail to compile, a required file may not.
    ``definers`` also settles which of several files gives a symbol, so that what happens to be
    compiled already does not decide it. ``demangle`` gives the C++ names of symbols.

    Raises:
        BuildError: a required file did not compile.
    """
    known: dict[str, Symbols] = {}
    refused: dict[str, str] = {}
    tried: set[str] = set()
    available = set(offered) | set(required)
    hunt = Hunt(definers=definers, demangle=demangle, say=say)
    todo = sorted(memory.predict(required) & available)
    step = 0
    while todo:
        step += 1
        compiled = compile_files(todo, step)
        known.update(compiled.symbols)
        refused.update(compiled.refused)
        tried.update(todo)
        _all_compiled(required, known)
        closure = link_closure(required, known, system=system, prefer=definers)
        say(
            f"round {step}: {len(known)} objects, {len(closure.needed)} needed, "
            f"{len(closure.missing)} symbols missing"
        )
        untried = available - tried
        chosen = hunt.choose(closure.missing, known, untried)
        todo = sorted(memory.predict(chosen) & untried)
    memory.learn(known, closure)
    unfound = hunt.unfound(closure.missing, refused)
    return Narrowed(closure=closure, known=known, unfound=unfound)


def compiling_in_rounds(
    build: Build,
    objects: Mapping[str, Path],
    *,
    required: Sequence[str],
    toolchain: Toolchain,
    title: str = "compiling",
) -> Compile:
    """A ``compile_files`` for :func:`narrow`; ``objects`` are what is made of each file."""

    def compile_files(files: Sequence[str], step: int) -> Compiled:
        errors = build(files, title=f"{title}, round {step}", keep_going=True)
        if step == 1:
            # A required file must compile; the message of the program that builds is passed on.
            build(required, title=title, keep_going=False)
        there = {file: objects[file] for file in files if objects[file].exists()}
        symbols = read_symbols(toolchain, list(there.values()))
        return Compiled(
            symbols={file: symbols[path] for file, path in there.items()},
            refused={file: errors.get(file, "") for file in files if file not in there},
        )

    return compile_files


def _all_compiled(required: Sequence[str], known: Mapping[str, Symbols]) -> None:
    failed = [file for file in required if file not in known]
    if failed:
        raise BuildError(
            Problem(where=file, what="this file is needed and does not compile") for file in failed
        )
