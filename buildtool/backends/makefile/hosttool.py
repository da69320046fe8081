"""proto_text, the program of the tree that makes sources from protos: made of what it needs.

The tree's lists name ten times as many files as the program uses, some of which ask for zlib. Which
it uses is found out as it is for the library: by the symbols of objects.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.backends.common.hunt import Definers
from buildtool.backends.common.narrow import Memory, compiling_in_rounds, narrow
from buildtool.backends.makefile.make import Make, refused_goals
from buildtool.backends.makefile.makefile_project import object_name
from buildtool.binary.symbols import (
    archive_symbols,
    demangle,
    system_symbols,
)
from buildtool.catalogue.definers import DefinerIndex
from buildtool.core.own_files import load_kept_json, readable
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import Toolchain

OWN = "tensorflow/tools/proto_text/"
# The makefile's variables that name the program's files.
VARIABLES = ("PROTO_TEXT_CC_FILES", "PROTO_TEXT_PB_CC_LIST")
NEEDED = "needed.json"


@dataclass(frozen=True, kw_only=True)
class HostTool:
    """``made`` is the folder, below that of make, of what is made for this machine; ``archives``
    are the libraries that the program is linked with; ``memory`` is where builds keep what they
    found."""

    make: Make
    made: str
    toolchain: Toolchain
    archives: Sequence[Path]
    memory: Path
    say: Callable[[str], None]

    def variables(self) -> dict[str, str]:
        """The makefile's variables, with just the files that the program needs.

        Raises:
            BuildError: its own files do not compile.
        """
        place = self.make.folder / self.made / NEEDED
        if load_kept_json(place, _lists) is None:
            asked = self.make.ask(VARIABLES)
            needed = self._needed([path for name in VARIABLES for path in asked[name]])
            chosen = {name: [path for path in asked[name] if path in needed] for name in VARIABLES}
            write_if_changed(place, to_json(chosen))
        with readable(place):
            return _lists(json.loads(place.read_text(encoding="utf-8")))

    def _needed(self, files: Sequence[str]) -> Collection[str]:
        required = sorted(path for path in files if path.startswith(OWN))
        # Of a Mac's own libraries nothing here reads the symbols.
        if not required or self.toolchain.object_format == "macho":
            return files
        objects = {path: f"{self.made}obj/{object_name(path)}" for path in files}

        def build(files: Sequence[str], *, title: str, keep_going: bool) -> Mapping[str, str]:
            goals = {objects[path]: path for path in files}
            output = self.make.build(list(goals), title=title, keep_going=keep_going)
            return {goals[goal]: e for goal, e in refused_goals(output).items() if goal in goals}

        narrowed = narrow(
            required=required,
            offered=files,
            compile_files=compiling_in_rounds(
                build,
                {path: self.make.folder / place for path, place in objects.items()},
                required=required,
                toolchain=self.toolchain,
                title="compiling proto_text",
            ),
            definers=self._definers(files),
            demangle=lambda symbols: demangle(self.toolchain, symbols),
            system=system_symbols(self.toolchain) | archive_symbols(self.toolchain, self.archives),
            memory=Memory.load(self.memory),
            say=lambda _: None,
        )
        needed = narrowed.closure.needed
        self.say(f"proto_text needs {len(needed)} of the {len(files)} files that are listed")
        return sorted(needed)

    def _definers(self, files: Sequence[str]) -> Definers:
        """Protos stand for their code, which is not there yet."""
        root = self.make.folder
        sources = {root / path.replace(".pb.cc", ".proto"): path for path in files}
        index = DefinerIndex.build([("", path) for path in sources if path.is_file()], None)
        return lambda symbols: [
            [sources[path] for path in index.candidates(name)]
            for name in demangle(self.toolchain, symbols)
        ]


def _lists(found: Any) -> dict[str, str]:
    """The makefile's lists as words of its command line."""
    return {name: " ".join(found[name]) for name in VARIABLES}
