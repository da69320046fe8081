"""Programs that a build starts besides the compilers of its target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from buildtool.core.errors import Problem, ToolError
from buildtool.core.values import Tool
from buildtool.tools.probing import first, tool


@dataclass(frozen=True, kw_only=True)
class Helper:
    """A program that is needed; or, where ``without`` says what is lost, one that can be left out.
    ``find`` gives it, verified to run, and raises BuildToolError where it is not there or does not
    do. ``package`` is the Debian package that has it, empty where there is none."""

    name: str
    find: Callable[[], Tool]
    without: str = ""
    package: str = ""


def program(name: str, package: str, *, without: str = "") -> Helper:
    """One that any release of will do: ``package`` is the Debian package that has it."""

    def find() -> Tool:
        path = first((name,))
        if path is None:
            what, todo = (
                f"there is no {name} here",
                f"on Debian or Ubuntu: apt-get install {package}",
            )
            raise ToolError(Problem(where=name, what=what, todo=todo))
        return tool(name, path)

    return Helper(name=name, find=find, without=without, package=package)


GIT = program("git", "git", without="no 'patches' can be applied, and some sources not be fetched")
