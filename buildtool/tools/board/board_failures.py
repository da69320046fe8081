"""Why a board could not be reached, or a program not be started there, and what to do about it.

The words are those of OpenSSH (``ssh.c``, ``sshconnect.c``, ``clientloop.c``, ``misc.c``), of GNU's
and BusyBox's tools, and of glibc's loader (``elf/dl-load.c``, ``elf/dl-version.c``).
"""

from __future__ import annotations

import re

from buildtool.tools.board.board_facts import BoardFacts

LOST = 255  # what ssh itself ends with
TAIL_LINES = 6
# What env says of a program that it does not start. One for another processor it hands to a shell
# (execvp(3)), which reads it as a script, or sees that it is none.
_NOT_STARTED = re.compile(r"env: |\./program: (line )?\d+: |.*cannot execute binary file")
_BY_HAND = "try it by hand: ssh {host} true"
# Of what ssh says before a board has said anything, the most telling first.
_NO_WAY: tuple[tuple[str, str, str], ...] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "has another host key than it had",
        "if the board was set up anew, forget the old key and connect once by hand: "
        "ssh-keygen -R {name} && ssh {host}; if not, it may be another machine",
    ),
    (
        r"Host key verification failed|key is known for .* and you have requested strict checking",
        "has a host key that is not known here",
        "connect once by hand, and compare the fingerprint that is shown: ssh {host}",
    ),
    (
        r"Could not resolve hostname",
        "is not a name that is known here",
        "mend the name, write the board's address instead, or give it a Host entry in "
        "~/.ssh/config; Raspberry Pi OS is found as NAME.local",
    ),
    (
        r"Connection refused",
        "refuses the connection: no ssh server listens at that port",
        "start it there (sudo systemctl enable --now ssh), or say another Port in ~/.ssh/config",
    ),
    (
        r"timed out|No route to host|Network is unreachable|Host is down",
        "does not answer",
        "switch it on, and look whether both are in one network: ping {name}",
    ),
    (
        r"Permission denied|Too many authentication failures|No more authentication methods",
        "does not let us in: it accepts no key that is here, and no password is asked for",
        "copy your key there: ssh-copy-id {host}; a key with a passphrase must be in the agent: "
        "ssh-add",
    ),
    (
        r"Bad configuration option|Bad owner or permissions|terminating, \d+ bad|: line \d+:",
        "is not reached: ssh does not take its own settings",
        "mend ~/.ssh/config; " + _BY_HAND,
    ),
)


NO_SSH = (
    "programs are to run on a board, and there is no ssh here",
    "on Debian or Ubuntu: apt-get install openssh-client",
)


def unanswered(host: str, seconds: float) -> tuple[str, str]:
    """That a visit took too long, and what to do."""
    return (
        f"{host} has not run a small program within {seconds:.0f} s",
        f"look whether it hangs, and how fast the network to it is: ssh {host} uptime",
    )


def failed_visit(
    host: str, facts: BoardFacts, *, size: int, code: int, stderr: str
) -> tuple[str, str]:
    """Why a visit gave no result, and what to do. ``size`` are the bytes that the board is sent,
    ``code`` and ``stderr`` are ssh's."""
    if facts.silent and code == LOST:
        what, todo = _no_way(host, stderr)
    elif facts.silent:
        what = "runs no commands for that user" + _tail(stderr)
        todo = f"give the user a shell such as /bin/sh; {_BY_HAND.format(host=host)}"
    elif facts.lacks:
        what = f"has no {', '.join(facts.lacks)}, with which programs are brought there"
        todo = "install them there: apt-get install coreutils grep tar"
    elif facts.begun or code == LOST:
        at = "ran" if facts.begun else "was sent"
        what = f"lost the connection while the program {at}" + _tail(stderr)
        todo = (
            "run the same again; if it happens again, look at the board's power, memory (dmesg) "
            "and network"
        )
    else:
        what, todo = _not_brought(facts, size, stderr)
    return f"{host} {what}", todo


def _no_way(host: str, stderr: str) -> tuple[str, str]:
    name = host.removeprefix("ssh://").rpartition("@")[2].rstrip("/")
    for pattern, what, todo in _NO_WAY:
        if re.search(pattern, stderr):
            said = "" if "HAS CHANGED" in pattern else _tail(stderr)
            return what + said, todo.format(host=host, name=name)
    return f"cannot be reached{_tail(stderr)}", _BY_HAND.format(host=host)


def _not_brought(facts: BoardFacts, size: int, stderr: str) -> tuple[str, str]:
    folder = facts.folder or "its /tmp"
    if re.search(r"No space left|quota exceeded", stderr, re.IGNORECASE):
        free = f"; {facts.room / 1000:.1f} MB are free" if facts.room >= 0 else ""
        what = f"has too little room for {size / 1e6:.1f} MB in {folder}{free}"
        return what + _tail(stderr), "free some, or set TMPDIR in the board's /etc/environment"
    todo = "mend its permissions, or set TMPDIR in the board's /etc/environment"
    return f"takes no program in {folder}{_tail(stderr)}", todo


def failed_start(host: str, facts: BoardFacts, *, code: int, stderr: str) -> tuple[str, str] | None:
    """What keeps a program from starting there that has ended so, and what to do; None if it has
    started."""
    newer = sorted({*re.findall(r"version `((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found", stderr)})
    if newer:
        has = facts.libc or "older libraries"
        return (
            f"{host} has {has}; the program asks for {', '.join(newer)}",
            "set 'sysroot' to a copy of the board's /usr and /lib, or update the board's system",
        )
    if lacking := re.search(r"error while loading shared libraries: ([^:\s]+): cannot", stderr):
        return f"{host} has no {lacking[1]}, which the program needs", "install its package there"
    if not code or not _NOT_STARTED.match(stderr):
        return None
    for pattern, what, todo in _STARTS:
        if re.search(pattern, stderr, re.IGNORECASE):
            return f"{host} {what.format(folder=facts.folder)}", todo
    return f"{host} does not start the program{_tail(stderr)}", _BY_HAND.format(host=host)


# By what is said of a program that is there.
_STARTS: tuple[tuple[str, str, str], ...] = (
    (
        r"exec format error|cannot execute binary|^\./program: (line )?\d+: ",
        "cannot run such programs: they are for another processor",
        "name a board of the target's ABI, or build for the board's",
    ),
    (
        r"no such file|not found",
        "has no loader for such programs: its system is of another ABI than its kernel",
        "build for its system's ABI, which dpkg --print-architecture tells there, or install the "
        "C and C++ libraries of the target's ABI there",
    ),
    (
        r"permission denied",
        "starts no program in {folder}: it is mounted with noexec",
        "set TMPDIR in the board's /etc/environment to a folder where programs may be started",
    ),
)


def _tail(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return "".join(f"\n    {line}" for line in lines[-TAIL_LINES:])
