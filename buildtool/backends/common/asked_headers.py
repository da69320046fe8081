"""What a compiler says of headers: which of them it finds nowhere, and which a file includes.

It is asked once: its answers are kept until a file that they rest on is another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import ToolError
from buildtool.core.kept_answers import Reply
from buildtool.core.run import Command, run
from buildtool.tools.asked_programs import answers, program_files
from buildtool.tools.make_rules import prerequisites

# What GCC and clang print of the folders that they search, with -v.
_SEARCHED = re.compile(r"^ (/.*)$|^ignoring nonexistent directory \"(/.*)\"$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class HeaderAsker:
    """Asks the compiler whose command, with its folders, is ``search`` about files of ``tree``.
    ``digest`` stands for the content of the tree; where it is empty, each file's state does."""

    search: tuple[str, ...]
    tree: Path
    digest: str

    def absent(self, names: Collection[str]) -> set[str]:
        """Those of ``names`` that it finds nowhere.

        Raises:
            ToolError, BuildError: it cannot be run.
        """
        asked = sorted(names)
        question = ("absent", *self.search, self.digest, *asked)
        return set(json.loads(answers().ask(question, lambda: self._ask_absent(asked))))

    def included(
        self, source: Path, names: Collection[str], is_named: Callable[[], bool]
    ) -> set[str]:
        """Those of ``names`` that the preprocessor includes of a file, by themselves or at the end
        of a path. None of them where not ``is_named``: no text that it could include has one.

        Raises:
            ToolError: it cannot be run.
        """

        def ask() -> Reply:
            if names and is_named():
                return self._ask_included(source, names)
            return Reply(text="[]", rests_on=[self.search[0]] if self.digest else None)

        question = ("included", *self.search, self.digest, str(source), "", *sorted(names))
        return set(json.loads(answers().ask(question, ask)))

    def _ask_absent(self, names: Sequence[str]) -> Reply:
        lines = (f"#if !__has_include(<{name}>)\nabsent {name}\n#endif\n" for name in names)
        command = Command(argv=(*self.search, "-E", "-P", "-x", "c++", "-"))
        output = run(command, what="looking for headers", stdin="".join(lines).encode()).stdout
        found = [
            line.removeprefix("absent ") for line in output.splitlines() if line[:7] == "absent "
        ]
        return Reply(text=json.dumps(found), rests_on=self._places(names))

    def _places(self, names: Iterable[str]) -> list[str] | None:
        """Where these headers are looked for."""
        own = program_files(Path(self.search[0]))
        command = Command(argv=(*self.search, "-E", "-v", "-x", "c++", "-"))
        said = run(command, what="looking for headers", check=False, error=ToolError, stdin=b"")
        found = (there or nowhere for there, nowhere in _SEARCHED.findall(said.stderr))
        folders = [folder for folder in found if Path(folder) != self.tree or not self.digest]
        if own is None or said.returncode or not folders:
            return None
        return [*own, *(f"{folder}/{name}" for name in names for folder in folders)]

    def _ask_included(self, source: Path, names: Collection[str]) -> Reply:
        """As the names stand there where they are nowhere to be found (GCC manual, ``-MG``). It
        reads on after an ``#error``, as there may be while generated headers are not there."""
        command = Command(argv=(*self.search, "-M", "-MG", "-MT", "x", str(source)))
        rule = run(command, what=f"reading the includes of {source.name}", check=False).stdout
        found = prerequisites(rule)
        own = program_files(Path(self.search[0]))
        within = f"{self.tree}/" if self.digest else "\0"
        others = (path for path in found if path[:1] == "/" and not path.startswith(within))
        used = None if own is None else [*own, *others]
        return Reply(text=json.dumps(sorted(_spelt(found, names))), rests_on=used)


def _spelt(included: Iterable[str], names: Iterable[str]) -> set[str]:
    """Those of ``names`` that ``included`` holds, by themselves or at the end of a path."""
    paths = [f"/{path}" for path in included]
    return {name for name in names if any(path.endswith(f"/{name}") for path in paths)}
