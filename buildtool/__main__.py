"""``buildtool ...``: doit with the tasks of the repository that it is started in.

That is the nearest folder, from the current one upward, whose ``dodo.py`` takes its tasks from this
tool; where there is none, and this is a checkout of the tool, the checkout.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from doit.doit_cmd import DoitMain

from buildtool.cli.repository import DODO, find_dodo
from buildtool.core.errors import ExitCode, Problem

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
    file = find_dodo()
    if not file.is_file() and not (arguments and arguments[0] in ANYWHERE):
        what = f"no {DODO} of this tool is in this folder, or in one above it"
        todo = f"go to your repository; or start one here: buildtool {next(iter(COMMANDS))} MODEL"
        print(Problem(where=str(Path.cwd()), what=what, todo=todo), file=sys.stderr)
        return int(ExitCode.BAD_CONFIG)
    settings = {"GLOBAL": {"dodoFile": str(file)}, "COMMAND": COMMANDS}
    # The current folder may have a configuration of doit's, but for another project.
    return int(Main(config_filenames=(), extra_config=settings).run(arguments) or 0)


def run() -> None:
    """What the command ``buildtool`` starts."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
