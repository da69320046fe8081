"""The same with OpenSSH's own server and client, on this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildtool.core.run import UNREACHED, Command, Completed, run
from buildtool.tools.board.board_run import command
from tests.conftest import PROJECT, Compile
from tests.limits import HANG

SERVER = Path("/usr/sbin/sshd")
SERVES = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/server
AuthorizedKeysFile {folder}/client.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
# ssh takes the home folder from the user database, so its settings are named.
ASKS = """\
Host board
  HostName 127.0.0.1
  Port {port}
  IdentityFile {folder}/client
  IdentityAgent none
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile none
"""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with keys of a server and of a client that know each other."""
    if not SERVER.is_file() or shutil.which("ssh") is None:
        pytest.skip("needs OpenSSH's server and client")
    if os.getuid() == 0 and not Path("/run/sshd").is_dir():
        pytest.skip("needs OpenSSH's server as it is set up: /run/sshd is not there")
    folder = tmp_path / "keys"
    folder.mkdir()
    for name in ("server", "client"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return folder


@pytest.fixture
def server(keys: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The keys, while a server runs that has them."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (keys / "serves").write_text(SERVES.format(port=port, folder=keys), encoding="utf-8")
    (keys / "asks").write_text(ASKS.format(port=port, folder=keys), encoding="utf-8")
    host_key = " ".join((keys / "server.pub").read_text(encoding="utf-8").split()[:2])
    (keys / "known").write_text(f"[127.0.0.1]:{port} {host_key}\n", encoding="utf-8")
    own = keys / "bin"
    own.mkdir()
    (own / "ssh").write_text(
        f'#!/bin/sh\nexec {shutil.which("ssh")} -F {keys}/asks "$@"\n', encoding="utf-8"
    )
    (own / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{own}{os.pathsep}{os.environ['PATH']}")
    with subprocess.Popen(
        [str(SERVER), "-D", "-f", str(keys / "serves"), "-E", str(keys / "log")]
    ) as running:
        _until(lambda: _listens(port))
        yield keys
        running.terminate()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=HANG).close()
    except ConnectionRefusedError:
        return False
    return True


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + HANG
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def start(program: Path, *words: str) -> Completed:
    line = Command(argv=(*command("board"), str(program), *words), cwd=PROJECT)
    return run(line, what="runner", check=False, timeout=HANG)


def test_a_program_runs_and_what_is_wrong_is_told(server: Path, compile_c: Compile) -> None:
    text = "#include <stdio.h>\nint main(int n, char **v) { puts(v[n - 1]); return 3; }"
    program = compile_c("program", text)
    done = start(program, "it's $HOME")
    assert (done.returncode, done.stdout, done.stderr) == (3, "it's $HOME\n", "")
    for name, what in (("client.pub", "accepts no key"), ("known", "host key that is not known")):
        (server / name).rename(server / "away")
        done = start(program)
        assert (done.returncode, what in done.stderr) == (UNREACHED, True), done.stderr
        (server / "away").rename(server / name)


def test_what_was_killed_is_cleaned_up(server: Path, tmp_path: Path) -> None:
    """The client dies with its connection; the board sees the end of its input."""
    del server
    told, program = tmp_path / "told", tmp_path / "runner"
    program.write_text(f"#!/bin/sh\npwd > {told}.new; mv {told}.new {told}; exec sleep {HANG}\n")
    running = subprocess.Popen([*command("board"), str(program)], cwd=PROJECT)
    _until(told.is_file)
    there = Path(told.read_text(encoding="utf-8").strip())
    assert there.is_dir()
    running.kill()
    running.wait(HANG)
    _until(lambda: not there.exists())
