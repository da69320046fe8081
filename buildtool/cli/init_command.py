"""``buildtool init MODEL``: a repository of the user's gets a target for a model, and its tasks."""

from __future__ import annotations

import getopt
import itertools
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from doit.cmd_base import Command
from doit.exceptions import InvalidCommand

from buildtool.cli.repository import DODO, has_tasks
from buildtool.config import Target, load_targets
from buildtool.config.layers import not_a_target
from buildtool.config.schema import SCHEMAS
from buildtool.config.target_files import TARGET_ID
from buildtool.core.errors import BuildToolError, ConfigError, Problem
from buildtool.core.paths import TARGETS
from buildtool.core.render import Renderer, to_json
from buildtool.core.suggest import suggest
from buildtool.platforms import PLATFORMS
from buildtool.sources.cache import Cache
from buildtool.workflow.first_look import FirstLook, look_at

FOLDER = "targets"
IGNORED = ".gitignore"


class Init(Command):  # type: ignore[misc]  # doit has no types
    """The command, as doit has commands."""

    doc_purpose = "start a target for your model, in the current folder"
    doc_usage = "MODEL"
    doc_description = (
        "Looks at MODEL and writes dodo.py, targets/NAME.yaml, schemas for editors beside it, and "
        ".gitignore. A file that is there already stays as it is."
    )
    cmd_options = (
        {
            "name": "platform",
            "short": "p",
            "long": "platform",
            "type": str,
            "default": "",
            "help": f"what is built for: {', '.join(PLATFORMS)}",
        },
        {
            "name": "name",
            "short": "n",
            "long": "name",
            "type": str,
            "default": "",
            "help": "the target's name (default: that of the target it starts from)",
        },
    )

    def parse_execute(self, words: Sequence[str]) -> int:
        """As doit does it, but options may also stand behind the model."""
        try:
            found, others = getopt.gnu_getopt(list(words), "p:n:", ("platform=", "name="))
        except getopt.GetoptError as failure:
            raise InvalidCommand(f"init: {failure}") from None
        return int(super().parse_execute([*itertools.chain(*found), *others]))

    def execute(self, options: dict[str, Any], words: Sequence[str]) -> int:
        """Write the files; what is wrong is said on stderr."""
        try:
            _check(words, options["platform"])
            home = Path(os.path.abspath("."))  # noqa: PTH100 - names stay as the user types them
            model = look_at(home / words[0], cache=Cache.of_user().root)
            parent = find_parent(model, options["platform"])
            write_target(home, Path(words[0]), model, parent, options["name"] or parent.id)
        except BuildToolError as failure:
            print("\n".join(map(str, failure.problems)), file=sys.stderr)
            return int(failure.exit_code)
        return 0


def _check(words: Sequence[str], platform: str) -> None:
    if len(words) != 1:
        what = f"init takes one model, not {len(words)}"
        todo = "buildtool init my_model.pb --platform raspberrypi"
        raise ConfigError(Problem(where="command line", what=what, todo=todo))
    if platform not in PLATFORMS:
        what = f"there is no platform {platform!r}" if platform else "the platform is missing"
        todo = f"--platform NAME; {suggest(platform, PLATFORMS)}"
        raise ConfigError(Problem(where="command line", what=what, todo=todo))


def find_parent(model: FirstLook, platform: str) -> Target:
    """The plainest target for the platform that comes with the tool: that of the shortest name."""
    shipped = load_targets(TARGETS, checks=()).values()
    fit = [each for each in shipped if each.runtime == model.runtime and not each.is_slice]
    chosen = [each for each in fit if each.platform == platform]
    if not chosen:
        others = sorted({each.platform for each in fit})
        what = f"a model of this kind is not built for {platform} yet"
        raise ConfigError(
            Problem(where=model.name, what=what, todo=f"it is for {', '.join(others)}")
        )
    return min(chosen, key=lambda each: (len(each.id), each.id))


def write_target(home: Path, path: Path, model: FirstLook, parent: Target, name: str) -> None:
    """Write the target ``name`` for the model at ``path``, which starts from ``parent``, and what
    else the repository ``home`` lacks.

    Raises:
        ConfigError: there is such a target.
    """
    if not TARGET_ID.fullmatch(name) or not_a_target(Path(f"{name}.yaml")):
        what = f"{name!r} cannot be the name of a target"
        todo = "take letters, digits, '.', '_' and '-', and neither 'defaults' nor 'local'"
        raise ConfigError(Problem(where="command line", what=what, todo=todo))
    there = next((home / FOLDER).rglob(f"{name}.yaml"), home / FOLDER / f"{name}.yaml")
    if there.exists():
        what, todo = "is there already, and stays as it is", "--name NAME writes another target"
        where = there.relative_to(home).as_posix()
        raise ConfigError(Problem(where=where, what=what, todo=todo))
    renderer = Renderer(home)
    platform = PLATFORMS[parent.platform]
    texts = {
        DODO: renderer.text("init/dodo.py.j2"),
        IGNORED: renderer.text("init/gitignore.j2"),
        **{f"{FOLDER}/{file}": to_json(make()) for file, make in SCHEMAS.items()},
        f"{FOLDER}/{name}.yaml": renderer.text(
            "init/target.yaml.j2",
            model=model,
            name=json.dumps(model.name)[1:-1],
            path=str(path),
            description=f"{model.name}: {parent.description}",
            parent=parent,
            has_boards="host" in platform.run_keys,
        ),
    }
    for file, text in texts.items():
        if (home / file).exists():
            print(f"{file}: is there already, and stays as it is")
        else:
            renderer.write(file, text)
            print(f"{file}: written")
    if not has_tasks(home / DODO):
        print(f"add to it, so that it has these tasks: {texts[DODO].partition('  #')[0]}")
    if lacking := _lacking_lines(home / IGNORED, texts[IGNORED]):
        print(f"add to {IGNORED}, unless it says so in other words: {' '.join(lacking)}")
    print(f"next: buildtool build:{name}")


def _lacking_lines(file: Path, text: str) -> list[str]:
    """The lines of ``text`` that a file does not have, but for comments."""
    there = file.read_text(encoding="utf-8", errors="replace").split()
    wanted = [line for line in text.splitlines() if not line.startswith("#")]
    return [line for line in wanted if not {line, line.strip("/")} & {*there}]
