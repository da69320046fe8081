"""The makefile build: narrow, archive."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Library
from buildtool.backends.common.compile_counts import CompileMeter
from buildtool.backends.common.linked_files import linked_files, write_link_set
from buildtool.backends.common.narrow import Memory, Narrowed, compiling_in_rounds, narrow
from buildtool.backends.makefile.file_lists import DOWNLOADS, PROTO_TEXT
from buildtool.backends.makefile.make import Make, refused_goals
from buildtool.backends.makefile.makefile_project import object_name
from buildtool.backends.makefile.prototexts import ProtoTextIndex
from buildtool.backends.makefile.settings import Settings
from buildtool.binary.symbols import archive_symbols, demangle, system_symbols
from buildtool.catalogue.definers import DefinerIndex
from buildtool.core.paths import ARCHIVE_NAMES, DEPENDENCY_ARCHIVE, WHOLE_ARCHIVE
from buildtool.core.render import write_if_changed
from buildtool.core.run import Command, run
from buildtool.core.values import PlannedFile, Toolchain
from buildtool.plan.build_plan import TENSORFLOW, selections


@dataclass(frozen=True, kw_only=True)
class MakefileBuild:
    """One build in an overlay. ``generated`` is the folder of generated files, ``cache`` holds
    what builds learn, ``memory`` what those of this tree have; ``archives`` is the folder for the
    library."""

    settings: Settings
    make: Make
    generated: Path
    archives: Path
    cache: Path
    memory: Memory
    say: Callable[[str], None]

    def run(self) -> Library:
        """Compile what the plan needs and archive it.

        Raises:
            BuildError: make, a compiler or the archiver failed.
        """
        meter = CompileMeter(self.make.folder, self.settings.launcher.hits)
        narrowed = self._narrow()
        plan, toolchain = self.settings.plan, self.settings.toolchain
        objects = [self.make.folder / self._object(file.path) for file in plan.files]
        counts = meter.count(objects)
        files = linked_files(plan, narrowed.closure, toolchain)
        write_link_set(self.generated, files)
        self.say(f"archiving {len(files)} objects")
        self._archive(files)
        includes = self._includes()
        return Library(
            archives=tuple(self.archives / name for name in ARCHIVE_NAMES),
            files=files,
            compiled=counts,
            unfound=narrowed.unfound,
            includes=includes,
            # A header belongs to the innermost of the folders that it stands in.
            roots=tuple(sorted(includes, key=lambda path: -len(path.parts))),
        )

    @property
    def toolchain(self) -> Toolchain:
        return self.settings.toolchain

    def _narrow(self) -> Narrowed:
        planned = {file.key: file for file in self.settings.plan.files}
        objects = {key: self._object(file.path) for key, file in planned.items()}
        required = sorted(key for key, file in planned.items() if file.required)

        def build(files: Sequence[str], *, title: str, keep_going: bool) -> Mapping[str, str]:
            goals = {objects[key]: key for key in files}
            if not keep_going:
                self._make().build(list(goals), title=title)
                return {}
            errors = self._compile(list(goals), title=title)
            return {goals[goal]: said for goal, said in errors.items() if goal in goals}

        guesses = _Guesses(self.make.folder, self.settings, list(planned.values()), self.cache)
        return narrow(
            required=required,
            offered=planned,
            compile_files=compiling_in_rounds(
                build,
                {key: self.make.folder / place for key, place in objects.items()},
                required=required,
                toolchain=self.toolchain,
            ),
            definers=guesses.definers,
            demangle=lambda symbols: demangle(self.toolchain, symbols),
            system=system_symbols(self.toolchain)
            | archive_symbols(self.toolchain, self.settings.libraries.archives),
            memory=self.memory,
            say=self.say,
        )

    def _compile(self, goals: Sequence[str], *, title: str) -> dict[str, str]:
        """Compile what can be. Some files have names of their own that clash with what the prefix
        header includes; those that register nothing get on without it. Gives the first errors of
        each goal."""
        errors = refused_goals(self._make().build(goals, title=title, keep_going=True))
        registering = {self._object(path) for path in selections(self.settings.plan)}
        failed = {goal for goal in goals if not (self.make.folder / goal).exists()} - registering
        if failed - set(self._plain()):
            plain = sorted(failed | set(self._plain()))
            write_if_changed(self._plain_file, "".join(f"{goal}\n" for goal in plain))
            again = self._make().build(sorted(failed), title=f"{title}, again", keep_going=True)
            errors |= refused_goals(again)
        return errors

    def _make(self, **more: str) -> Make:
        variables = {**self.make.variables, "BUILDTOOL_PLAIN": " ".join(self._plain()), **more}
        return dataclasses.replace(self.make, variables=variables)

    def _plain(self) -> list[str]:
        """The objects that are compiled without the prefix header."""
        return self._plain_file.read_text().split() if self._plain_file.is_file() else []

    @property
    def _plain_file(self) -> Path:
        return self.make.folder / self.settings.gendir / "plain.txt"

    def _object(self, path: str) -> str:
        return f"{self.settings.gendir}obj/{object_name(path)}"

    def _archive(self, files: Sequence[PlannedFile]) -> None:
        """By the makefile's own rule, from just these objects, each once. Nothing of an archive
        that is there already is kept."""
        target, archive = self.settings.archive, self.make.folder / self.settings.archive
        archive.unlink(missing_ok=True)
        objects = sorted({self._object(file.path) for file in files})
        self._make(LIB_OBJS=" ".join(objects)).build([target], title="archiving")
        self.archives.mkdir(parents=True, exist_ok=True)
        archive.replace(self.archives / WHOLE_ARCHIVE)
        self._archive_dependencies()

    def _archive_dependencies(self) -> None:
        """One archive of all that TensorFlow depends on, by libtool where there is one, or by a
        script of ar's (binutils manual)."""
        place = self.archives / DEPENDENCY_ARCHIVE
        place.unlink(missing_ok=True)
        if libtool := self.toolchain.extra.get("libtool"):
            archives = map(str, self.settings.libraries.archives)
            argv = (str(libtool.path), "-static", "-o", str(place), *archives)
            run(Command(argv=argv), what="archiving the dependencies", log=self.make.log)
            return
        lines = [
            f"create {place}",
            *(f"addlib {archive}" for archive in self.settings.libraries.archives),
            *("save", "end"),
        ]
        run(
            Command(argv=(str(self.toolchain.ar.path), "-M")),
            what="archiving the dependencies",
            log=self.make.log,
            stdin="".join(f"{line}\n" for line in lines).encode(),
        )

    def _includes(self) -> tuple[Path, ...]:
        """Where the makefile finds headers."""
        folder, gendir = self.make.folder, self.make.folder / self.settings.gendir
        downloads = folder / DOWNLOADS
        flags = self._make().ask(["INCLUDES"])["INCLUDES"]
        asked = [flag[2:] for flag in flags if flag.startswith("-I")]
        own = [folder / place for place in asked if (folder / place).is_relative_to(downloads)]
        return (
            *(folder, gendir / "proto", gendir / "proto_text"),
            *own,
            *self.settings.libraries.includes,
        )


class _Guesses:
    """Which file may define a symbol. Nothing is read before the first question: by then the
    generated code is there."""

    def __init__(
        self, folder: Path, settings: Settings, files: Sequence[PlannedFile], cache: Path
    ) -> None:
        self._toolchain, self._cache = settings.toolchain, cache
        self._keys: dict[Path, str] = {}
        gendir = folder / settings.gendir
        for file in files:
            made = gendir / "proto_text" if file.path.endswith(PROTO_TEXT) else folder
            self._keys[made / file.path] = file.key
        self._definers: DefinerIndex | None = None
        self._texts = ProtoTextIndex([])

    def definers(self, symbols: Sequence[str]) -> Sequence[Sequence[str]]:
        """By the names that a file's own text seems to define."""
        if not symbols:
            return []
        if self._definers is None:
            there = [path for path in self._keys if path.is_file()]
            texts = [path for path in there if path.name.endswith(PROTO_TEXT)]
            self._texts = ProtoTextIndex(texts)
            self._definers = DefinerIndex.build(
                [(TENSORFLOW, path) for path in there if path not in texts],
                self._cache / "definers",
            )
        return [
            [
                self._keys[path]
                for path in self._texts.candidates(name) or self._definers.candidates(name)
                if path in self._keys
            ]
            for name in demangle(self._toolchain, symbols)
        ]
