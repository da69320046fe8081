"""``buildtool ...``: doit with the tasks of the repository that it is started in.

That is the nearest folder, from the current one upward, whose ``dodo.py`` takes its tasks from this
tool; where there is none, and this is a checkout of the tool, the checkout.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from doit.doit_cmd import DoitMain

from buildtool.core.errors import ExitCode, Problem
from buildtool.core.paths import IMPORTED_FROM

DODO = "dodo.py"
TASKS = "buildtool.cli.tasks"
COMMANDS = {"init": "buildtool.cli.init_command:Init"}
# What needs no repository.
ANYWHERE = (*COMMANDS, "help", "--help", "--version")
# What only says something: who reads it, as ``head`` does, may stop when he has seen enough.
SAYING = ("help", "info", "list")


class Main(DoitMain):  # type: ignore[misc]  # doit has no types
    """doit, under our name."""

    BIN_NAME = "buildtool"


def main(arguments: list[str]) -> int:
    """Run doit as if in that folder; paths in ``arguments`` start at the current one."""
    if arguments and arguments[0] in SAYING:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    file = next(_files(), IMPORTED_FROM / DODO)
    if not file.is_file() and not (arguments and arguments[0] in ANYWHERE):
        what = f"no {DODO} of this tool is in this folder, or in one above it"
        todo = f"go to your repository; or start one here: buildtool {next(iter(COMMANDS))} MODEL"
        print(Problem(where=str(Path.cwd()), what=what, todo=todo), file=sys.stderr)
        return int(ExitCode.BAD_CONFIG)
    settings = {"GLOBAL": {"dodoFile": str(file)}, "COMMAND": COMMANDS}
    # The current folder may have a configuration of doit's, but for another project.
    return int(Main(config_filenames=(), extra_config=settings).run(arguments) or 0)


def _files() -> Iterator[Path]:
    """Users' own such files. One beside a copy of this package belongs to that copy."""
    here = Path(os.path.abspath("."))  # noqa: PTH100 - also where the current folder is gone
    for folder in (here, *here.parents):
        own = folder / "buildtool" / "__main__.py"
        if not own.exists() and TASKS in _text(folder / DODO):
            yield folder / DODO


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    except OSError:
        return ""


def run() -> None:
    """What the command ``buildtool`` starts."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
