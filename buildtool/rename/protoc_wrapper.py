"""What the program that stands for protoc does (:func:`buildtool.rename.write_protoc`)."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import BuildToolError, ConfigError, ExitCode, Problem
from buildtool.core.run import Command, run
from buildtool.rename.generated import rename_generated
from buildtool.rename.renamed_tree import read_renamed

OUTPUT = "--cpp_out"


def main(arguments: Sequence[str]) -> int:
    """The arguments are a renamed tree, a protoc, and what protoc is asked: run it, and rename
    protobuf in the C++ that it writes, as it was renamed in the tree. Return protoc's exit code,
    or that of the error."""
    tree, protoc, *rest = arguments
    try:
        return _generate(Path(tree), protoc, rest)
    except BuildToolError as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code


def _generate(tree: Path, protoc: str, arguments: Sequence[str]) -> int:
    renamed = read_renamed(tree)
    if renamed is None:
        what = "is not a tree with a renamed protobuf"
        raise ConfigError(Problem(where=str(tree), what=what, todo="build it again"))
    with tempfile.TemporaryDirectory() as scratch:
        words, destination = _redirected(arguments, scratch)
        command = Command(argv=(protoc, *words))
        done = run(command, what="protoc", check=False)
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        if done.returncode == ExitCode.OK and destination is not None:
            rename_generated(
                Path(scratch),
                prefix=renamed.prefix,
                macros=frozenset(renamed.macros),
                destination=destination,
            )
        return done.returncode


def _redirected(arguments: Sequence[str], scratch: str) -> tuple[list[str], Path | None]:
    """The arguments with ``scratch`` as folder for C++, and the folder that they named. protoc
    takes ``--cpp_out=OPTIONS:FOLDER``, also as two words, and the options may be left out."""
    words: list[str] = []
    destination = None
    given = iter(arguments)
    for word in given:
        name, _, value = word.partition("=")
        if name != OUTPUT:
            words.append(word)
            continue
        options, colon, folder = (value or next(given, "")).rpartition(":")
        destination = Path(folder)
        words.append(f"{OUTPUT}={options}{colon}{scratch}")
    return words, destination
