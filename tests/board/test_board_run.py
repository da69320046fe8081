"""Programs that run on a board: what is brought there, what comes home, and what goes wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.run import UNREACHED, Command, Completed, run
from buildtool.tools.board.board_run import command, main
from tests.conftest import PROJECT, Compile
from tests.limits import HANG

Board = Callable[..., Path]
Failure = Callable[..., list[str]]
HOST = "pi@board"


def script(folder: Path, text: str) -> Path:
    """A program that is a script."""
    path = folder / "runner"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    return path


def start(program: Path, *words: str) -> Completed:
    env = {"TF_CPP_MIN_LOG_LEVEL": "2"}
    line = Command(argv=(*command(HOST), str(program), *words), cwd=PROJECT, env=env)
    return run(line, what="runner", check=False, timeout=HANG)


@pytest.fixture
def failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Failure:
    """What is said where a program was not run: a script, or one that is given."""

    def said(text: str = ":", *, program: Path | None = None) -> list[str]:
        assert main((HOST, str(program or script(tmp_path, text)))) == UNREACHED
        out, err = capsys.readouterr()
        assert out == ""
        return err.splitlines()

    return said


def test_it_runs_as_if_it_were_here(board: Board, tmp_path: Path) -> None:
    there = board()
    model, out = tmp_path / "a 'model'.pb", tmp_path / "out"
    model.write_bytes(b"\0weights\xff")
    program = script(
        tmp_path, 'echo "$TF_CPP_MIN_LOG_LEVEL $1 $5"; cat "$2" > "$4/0.bin"; echo bad >&2; exit 3'
    )
    odd = "it's $HOME\n!" + "/long" * 1000  # as a node may be called
    done = start(program, "--run", str(model), "--out", str(out), odd)
    assert (done.returncode, done.stdout, done.stderr) == (3, f"2 --run {odd}\n", "bad\n")
    assert (out / "0.bin").read_bytes() == b"\0weights\xff"
    assert [*there.iterdir()] == []


def test_only_passwords_and_the_wait_are_said_to_ssh(board: Board, tmp_path: Path) -> None:
    """All else is the user's: nothing of ``~/.ssh/config`` is set aside."""
    board()
    start(script(tmp_path, ":"))
    said = (Path(shutil.which("ssh") or "").with_name("ssh.log")).read_text(encoding="utf-8")
    *options, _, _ = said.splitlines()
    assert options == ["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "--"]


@pytest.mark.parametrize("shell", ["bash -c", "sh -c 'echo; echo welcome'; sh -c"])
def test_other_shells_and_talkative_ones(board: Board, tmp_path: Path, shell: str) -> None:
    board(ssh=f'for command; do :; done\n{shell} "$command"')
    assert start(script(tmp_path, "echo yes")).stdout == "yes\n"


def test_a_crash_is_told_as_shells_do(board: Board, compile_c: Compile) -> None:
    board()
    program = compile_c("crash", "#include <stdlib.h>\nint main(void) { abort(); }")
    assert start(program).returncode == 128 + signal.SIGABRT


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_what_was_interrupted(
    board: Board, tmp_path: Path, ended_by: signal.Signals
) -> None:
    there = board()
    pid = tmp_path / "pid"
    program = script(tmp_path, f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep {HANG:.0f}")
    shown = ["/usr/bin/env", "--default-signal=INT", *command(HOST), str(program)]
    running = subprocess.Popen(shown, cwd=PROJECT, stderr=subprocess.DEVNULL)
    _until(pid.is_file)
    running.send_signal(ended_by)
    running.wait(HANG)
    _until(lambda: not [*there.iterdir()])
    _until(lambda: not Path("/proc", pid.read_text().strip()).exists())


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + HANG
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_connection_is_lost(board: Board, failure: Failure) -> None:
    board()
    what, *_ = failure("kill -9 $PPID; sleep 1")
    assert what == f"{HOST} lost the connection while the program ran"


def test_the_board_is_full(board: Board, failure: Failure) -> None:
    tar = "echo 'tar: file-1: Cannot write: No space left on device' >&2; exit 2"
    df = "echo 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/x y 9 7 1500 77% /tmp'"
    there = board(scripts={"tar": tar, "df": df})
    what, said, todo = failure()
    assert what.startswith(f"{HOST} has too little room for 0.0 MB in {there};")
    assert what.endswith("; 1.5 MB are free")
    assert "No space left" in said
    assert todo.strip().startswith("free some")
    assert [*there.iterdir()] == []


def test_a_folder_that_cannot_be_written(board: Board, failure: Failure) -> None:
    board(scripts={"mktemp": "echo 'mktemp: Read-only file system' >&2; exit 1"})
    what, said, _ = failure()
    assert (what, said.strip()) == (
        f"{HOST} takes no program in its /tmp", "mktemp: Read-only file system"
    )  # fmt: skip


def test_what_comes_home_cannot_be_written(board: Board, tmp_path: Path) -> None:
    board()
    (tmp_path / "file").touch()
    done = start(script(tmp_path, ":"), "--out", str(tmp_path / "file/out"))
    assert (done.returncode, done.stdout) == (UNREACHED, "")
    assert done.stderr.startswith(f"{tmp_path}/file/out: cannot be used: Not a directory")


def test_no_tar(board: Board, failure: Failure) -> None:
    board(without=("tar", "head"))
    what, todo = failure()
    assert what == f"{HOST} has no head, tar, with which programs are brought there"
    assert "apt-get install" in todo


def test_no_shell(board: Board, failure: Failure) -> None:
    board(ssh="echo 'This account is currently not available.'; exit 1")
    assert failure()[0] == f"{HOST} runs no commands for that user"


def test_no_ssh(board: Board, failure: Failure) -> None:
    board(without=("ssh",))
    what, todo = failure()
    assert "there is no ssh here" in what
    assert "apt-get install openssh-client" in todo


@pytest.mark.parametrize(
    ("said", "what", "todo"),
    [
        ("ssh: Could not resolve hostname board: Name or service not known",
         "is not a name that is known here", "Host entry"),
        ("ssh: connect to host board port 22: Connection refused",
         "refuses the connection", "systemctl enable --now ssh"),
        ("ssh: connect to host board port 22: Connection timed out",
         "does not answer", "ping board"),
        ("ssh: connect to host board port 22: No route to host", "does not answer", "ping board"),
        ("pi@board: Permission denied (publickey,password).",
         "accepts no key that is here", "ssh-copy-id pi@board"),
        ("No ED25519 host key is known for board and you have requested strict checking.\n"
         "Host key verification failed.", "is not known here", "ssh pi@board"),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
         "has another host key", "ssh-keygen -R board && ssh pi@board"),
        ("/root/.ssh/config: line 3: Bad configuration option: por",
         "does not take its own settings", "mend ~/.ssh/config"),
        ("kex_exchange_identification: read: Connection reset by peer",
         "cannot be reached", "ssh pi@board true"),
    ],
)  # fmt: skip
def test_no_way_to_the_board(
    board: Board, said: str, what: str, todo: str, failure: Failure
) -> None:
    board(ssh=f"cat >&2 <<'END'\n{said}\nEND\nexit 255")
    lines = failure()
    assert what in lines[0]
    assert todo in lines[-1]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("./program: /lib/libc.so.6: version `GLIBC_2.38' not found (required by ./program)\n"
         "./program: /lib/libc.so.6: version `GLIBC_2.34' not found (required by ./program)",
         "; the program asks for GLIBC_2.34, GLIBC_2.38"),
        ("./program: error while loading shared libraries: libatomic.so.1: cannot open shared "
         "object file: No such file or directory",
         "has no libatomic.so.1, which the program needs"),
    ],
)  # fmt: skip
def test_the_boards_libraries_do_not_do(
    board: Board, said: str, what: str, failure: Failure
) -> None:
    board()
    first, _ = failure(f"cat >&2 <<'END'\n{said}\nEND\nexit 1")
    assert first.startswith(HOST)
    assert first.endswith(what)


def test_a_program_for_another_processor(
    board: Board, compile_c: Compile, failure: Failure
) -> None:
    board()
    made = compile_c("other", "int main(void) { return 0; }")
    content = bytearray(made.read_bytes())
    content[18] = 0xF7  # e_machine: one that no board has
    made.write_bytes(content)
    assert (
        failure(program=made)[0]
        == f"{HOST} cannot run such programs: they are for another processor"
    )


def test_a_program_without_its_loader(board: Board, compile_c: Compile, failure: Failure) -> None:
    """As one of 32 bits on a kernel of 64 whose system has no libraries for it."""
    board()
    flag = "-Wl,--dynamic-linker=/lib/ld-none.so.3"
    made = compile_c("other", "int main(void) { return 0; }", flag)
    what, todo = failure(program=made)
    assert what.startswith(f"{HOST} has no loader for such programs")
    assert "dpkg --print-architecture" in todo


def test_a_folder_without_programs(board: Board, failure: Failure) -> None:
    said = "echo \"env: './program': Permission denied\" >&2; exit 126"
    board(scripts={"env": said})
    what, _ = failure()
    assert what.endswith("it is mounted with noexec")
    assert os.environ["TMPDIR"] in what
