"""``python -m buildtool ...``: doit with this project's tasks, in whatever folder it is started."""

from __future__ import annotations

import sys

from doit.doit_cmd import DoitMain

from buildtool.core.paths import PROJECT

DODO = PROJECT / "dodo.py"


def main(arguments: list[str]) -> int:
    """Run doit as if in the project's folder; paths in ``arguments`` start at the current one."""
    settings = {"GLOBAL": {"dodoFile": str(DODO)}}
    # The current folder may have a configuration of doit's, but for another project.
    return int(DoitMain(config_filenames=(), extra_config=settings).run(arguments) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
