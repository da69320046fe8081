"""The JDK that compiles classes, and has the header of the Java Native Interface.

It is the one that ``JAVA_HOME`` names, else that of the ``javac`` on the ``PATH``. Since Java 9,
``--release`` compiles for an older one (JEP 247); Java 8 calls itself ``1.8.0_442``.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.run import ANSWER, Command, program_state, run
from buildtool.core.values import Tool
from buildtool.tools.helpers import Helper

OLDEST = 8
VARIABLE = "JAVA_HOME"
PACKAGE = "default-jdk-headless"
TODO = f"on Debian or Ubuntu: apt-get install {PACKAGE}"
_VERSION = re.compile(r"javac (?:1\.)?(\d+)")


@dataclass(frozen=True, kw_only=True)
class Jdk:
    """A JDK. ``release`` is 17 for Java 17; ``includes`` are the folders of ``jni.h`` and of the
    header of this system that it includes."""

    javac: Path
    release: int
    includes: tuple[Path, ...]


def find_jdk() -> Jdk:
    """The JDK of this machine.

    Raises:
        ToolError: there is none, only a part of one, or one that is too old.
    """
    where, javac = _javac()
    if javac is None:
        what = "holds no javac" if where else "there is no javac here, and JAVA_HOME is not set"
        raise ToolError(Problem(where=where or "Java", what=what, todo=TODO))
    asked = Command(argv=(str(javac), "-version"))
    done = run(asked, what=str(javac), timeout=ANSWER, error=ToolError)
    said = _VERSION.search(done.stdout + done.stderr)
    release = int(said[1]) if said else 0
    if release < OLDEST:
        what = f"is not Java {OLDEST} or newer: {(done.stdout + done.stderr).strip()!r}"
        raise ToolError(Problem(where=str(javac), what=what, todo=TODO))
    include = javac.resolve().parent.parent / "include"
    if not (include / "jni.h").is_file():
        what = f"its JDK has no {include / 'jni.h'}"
        raise ToolError(Problem(where=str(javac), what=what, todo=TODO))
    return Jdk(javac=javac, release=release, includes=(include, include / "linux"))


def jdk_helper() -> Helper:
    """The JDK, for what compiles classes."""

    def find() -> Tool:
        jdk = find_jdk()
        return Tool(name="JDK", path=jdk.javac, version=f"Java {jdk.release}")

    return Helper(name="JDK", find=find, package=PACKAGE)


def jdk_state() -> str:
    """A value that changes with the JDK; it starts no program."""
    _, javac = _javac()
    return program_state(javac.resolve()) if javac else ""


def _javac() -> tuple[str, Path | None]:
    """Where it was looked for, if somebody named that, and the compiler."""
    if named := os.environ.get(VARIABLE, "").strip():
        path = Path(named, "bin", "javac")
        return f"{VARIABLE}={named}", path if path.is_file() else None
    found = shutil.which("javac")
    return "", Path(found) if found else None
