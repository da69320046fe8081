"""One visit to a board by ``ssh``: a program is brought there and run, and what it gave comes home.

Two streams of ``tar`` go through one connection. What runs there is ``sh`` with the script below:
a single line without single quotes, backslashes and exclamation marks, so that any login shell
hands it on. It makes a folder of its own and removes it at its end, however that comes. Its
standard input stays open after the first stream: if it ends, we or the connection are gone.

Whatever else is to be said of the connection is in the user's ``~/.ssh/config``. ``BatchMode`` asks
for nothing; ``-T`` keeps a terminal out, which would change bytes (ssh_config(5), ssh(1)).
"""

from __future__ import annotations

import io
import shlex
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from buildtool.core.errors import Problem, ToolError
from buildtool.core.run import Command, converse
from buildtool.tools.board.board_facts import SAYS, BoardFacts, read_facts
from buildtool.tools.board.board_failures import NO_SSH, failed_visit, unanswered
from buildtool.tools.sent_command import PROGRAM, WRITTEN, SentCommand

SECONDS = 20  # for making the connection
SSH = ("ssh", "-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={SECONDS}", "--")
RESULT = b"board-result\n"
NEEDED = "df env grep head mktemp rm tar uname"
CODE, STDOUT, STDERR, START = "code", "stdout", "stderr", "start"
SCRIPT = " ".join(
    (
        "LC_ALL=C; export LC_ALL; umask 077; exec 3<&0; lacking=; program=;",
        f'says() {{ echo "{SAYS} $*"; }};',
        f"for each in {NEEDED}; do",
        "command -v $each >/dev/null 2>&1 || { says lacks $each; lacking=yes; }; done;",
        'if [ "$lacking" ]; then exit 1; fi;',
        "says machine $(uname -m); says system $(uname -sr);",
        "says libc $(getconf GNU_LIBC_VERSION 2>/dev/null);",
        "if grep -qw neon /proc/cpuinfo 2>/dev/null; then says neon yes; fi;",
        'folder=$(mktemp -d "${TMPDIR:-/tmp}/buildtool.XXXXXX") || exit 1;',
        'end() { if [ "$program" ]; then kill -9 $program; fi; cd /; rm -rf "$folder"; };',
        'trap end EXIT; trap "exit 1" HUP INT PIPE TERM;',
        'says folder "$folder"; says room $(df -Pk "$folder");',
        'head -c SIZE <&3 | tar xmf - -C "$folder" || exit 1;',
        'says begun; cd "$folder" || exit 1;',
        f"sh {START} </dev/null >{STDOUT} 2>{STDERR} 3<&- & program=$!;",
        "{ read -r line <&3; kill -TERM $$; } >/dev/null 2>&1 & watcher=$!;",
        f"wait $program; echo $? >{CODE}; program=; kill $watcher;",
        f"echo {RESULT.decode().strip()}; tar cf - {CODE} {STDOUT} {STDERR} {WRITTEN}",
    )
)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What came of one: the program's exit code (128 and the signal that ended it) and what it
    has said."""

    facts: BoardFacts
    code: int
    stdout: bytes
    stderr: str


def visit(host: str, command: SentCommand, *, where: str, timeout: float | None = None) -> Visit:
    """Run ``command`` in the folder ``.`` there; what it writes into its folder is then in the one
    here. ``where`` is what messages begin with, ``timeout`` seconds for all of it.

    Raises:
        ToolError: there is no ssh, no way to the board, or the program could not be brought there
            or what it gave not be brought home.
    """
    with tempfile.TemporaryFile() as archive:
        _pack(command, archive)
        size = archive.tell()
        archive.seek(0)
        line = f"exec sh -c {shlex.quote(SCRIPT.replace('SIZE', str(size)))}"
        try:
            ssh = Command(argv=(*SSH, host, line))
            answer = converse(ssh, archive, what=where, timeout=timeout)
        except TimeoutError:
            what, todo = unanswered(host, timeout or 0)
            raise ToolError(Problem(where=where, what=what, todo=todo)) from None
        except ToolError:
            what, todo = NO_SSH
            raise ToolError(Problem(where=where, what=what, todo=todo)) from None
    said, _, result = answer.stdout.partition(RESULT)
    facts = read_facts(said)
    found = _unpacked(result, command.out)
    if found is None:
        code, stderr = answer.returncode, answer.stderr
        what, todo = failed_visit(host, facts, size=size, code=code, stderr=stderr)
        raise ToolError(Problem(where=where, what=what, todo=todo))
    return Visit(
        facts=facts,
        code=int(found[CODE]),
        stdout=found[STDOUT],
        stderr=found[STDERR].decode("utf-8", "replace"),
    )


def _pack(command: SentCommand, archive: BinaryIO) -> None:
    """Its files, the folder that it writes into, and a script that becomes the program."""
    start = f"exec env {command.line}\n".encode()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as packed:
        folder = tarfile.TarInfo(WRITTEN)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        packed.addfile(folder)
        script = tarfile.TarInfo(START)
        script.size = len(start)
        packed.addfile(script, io.BytesIO(start))
        for name, path in command.files.items():
            with path.open("rb") as file:
                info = packed.gettarinfo(arcname=name, fileobj=file)
                info.mode = 0o700 if name == PROGRAM else 0o600
                info.uid = info.gid = 0
                info.uname = info.gname = ""
                packed.addfile(info, file)


def _unpacked(result: bytes, out: Path | None) -> dict[str, bytes] | None:
    """The files of the script by name; those that the program wrote are in ``out``. None if the
    stream is not whole."""
    found = {}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(result), mode="r:") as packed:
            for name, content in _files(packed):
                folder, _, last = name.rpartition("/")
                if folder == WRITTEN and out is not None:
                    (out / last).write_bytes(content)
                found[name] = content
    except (tarfile.TarError, EOFError):
        return None
    return found if found.keys() >= {CODE, STDOUT, STDERR} else None


def _files(packed: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for info in packed:
        file = packed.extractfile(info) if info.isfile() else None
        if file is not None:
            yield info.name, file.read()
