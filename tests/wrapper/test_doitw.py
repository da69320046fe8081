"""The wrapper script, on machines made of small programs that note how they are called."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

DOITW = Path(__file__).resolve().parents[2] / "doitw"
SYSTEM = (
    "sh",
    "cat",
    "cksum",
    "cp",
    "dirname",
    "env",
    "flock",
    "grep",
    "mkdir",
    "readlink",
    "tail",
    "true",
)
TOOLS = (
    *("clang++", "ld.lld", "llvm-ar", "cmake", "ninja", "ccache", "g++", "git", "protoc"),
    *("arm-linux-gnueabihf-g++", "aarch64-linux-gnu-g++", "qemu-arm-static"),
)
# A Python that can make an environment, which is a copy of itself, and "install" into it.
PYTHON = """\
case "$*" in
    '-m venv --clear '*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
    *-m\\ pip*'[tensorflow'*) [ ! -e "$MACHINE/no-tensorflow" ] ;;
    *-m\\ pip*) [ ! -e "$MACHINE/no-network" ] || { echo 'no way to the index'; exit 1; } ;;
esac
"""


@dataclass(frozen=True)
class Machine:
    """A machine whose programs are those in ``bin``; ``project`` holds the script."""

    folder: Path
    project: Path

    def program(self, name: str, body: str = "") -> None:
        """Install a program that notes its call, and then does what ``body`` says."""
        path = self.folder / "bin" / name
        note = f'echo "{name} $*" >> "$MACHINE/calls"'
        path.write_text(f"#!/bin/sh\n{note}\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.folder / "bin"), "MACHINE": str(self.folder)}
        return subprocess.run(
            [str(self.project / "doitw"), *words],
            env=environment | variables,
            cwd=self.folder,
            text=True,
            capture_output=True,
            check=False,
        )

    def calls(self, *kinds: str) -> list[str]:
        """What was called since the last time; only calls that hold one of ``kinds``."""
        path = self.folder / "calls"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in lines if any(kind in line for kind in kinds)]


@pytest.fixture(params=["plain", "with spaces"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """A machine of root's that has Python and apt-get, and nothing else."""
    project = tmp_path / request.param
    project.mkdir()
    shutil.copy(DOITW, project)
    (project / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    machine = Machine(folder=tmp_path, project=project)
    (tmp_path / "bin").mkdir()
    for name in SYSTEM:
        found = shutil.which(name)
        assert found, f"no {name} here"
        (tmp_path / "bin" / name).symlink_to(found)
    machine.program("python3", PYTHON)
    machine.program("apt-get")
    machine.program("sleep")
    machine.program("id", "echo 0")
    return machine


@pytest.fixture
def machine(bare: Machine) -> Machine:
    """A machine that has all the tools."""
    for name in TOOLS:
        bare.program(name)
    return bare


def test_a_fresh_machine_is_set_up_once(bare: Machine) -> None:
    first = bare.run("build:pi", "model=a b.pb")
    assert first.returncode == 0, first.stderr
    said = first.stderr.splitlines()
    assert said[0].startswith("doitw: installing with apt-get: clang lld llvm cmake ninja-build")
    assert said[1:] == [
        "doitw: making a Python environment in .venv",
        "doitw: installing with pip into .venv: buildtool[tensorflow] and what it needs",
    ]
    calls = bare.calls("apt-get", "-m ")
    packages = said[0].partition("apt-get: ")[2]
    assert calls[:2] == [
        "apt-get update",
        f"apt-get install -y --no-install-recommends {packages}",
    ]
    assert calls[-1] == "python3 -I -m buildtool build:pi model=a b.pb"
    for name in TOOLS:
        bare.program(name)
    second = bare.run("build:pi")
    assert (second.stderr, bare.calls("")) == ("", ["python3 -I -m buildtool build:pi"])


def test_only_what_is_missing_is_installed(machine: Machine) -> None:
    (machine.folder / "bin" / "ccache").unlink()
    (machine.folder / "bin" / "qemu-arm-static").rename(machine.folder / "bin" / "qemu-arm")
    machine.run("build:pi")
    assert machine.calls("apt-get")[1].endswith("--no-install-recommends ccache")


def test_listing_needs_no_compilers(bare: Machine) -> None:
    done = bare.run("list", "--all")
    assert done.returncode == 0, done.stderr
    calls = bare.calls("apt-get", "-m pip", "buildtool list")
    assert len(calls) == 2
    assert calls[0].endswith(f"--editable {bare.project}")
    assert calls[1] == "python3 -I -m buildtool list --all"


def test_what_looks_for_compilers_does_not_install_them(bare: Machine) -> None:
    for word in ("doctor", "doctor:pi"):
        assert bare.run(word).returncode == 0
        assert bare.calls("apt-get", "buildtool doctor") == [f"python3 -I -m buildtool {word}"]


def test_a_changed_project_file_installs_again(machine: Machine) -> None:
    machine.run("build:pi")
    machine.calls()
    (machine.project / "pyproject.toml").write_text("[project] # new\n", encoding="utf-8")
    machine.run("build:pi")
    assert len(machine.calls("-m pip")) == 1
    machine.run("build:pi")
    assert machine.calls("-m pip") == []


def test_a_project_that_moved_gets_a_new_environment(machine: Machine) -> None:
    machine.run("list")
    machine.calls()
    moved = Machine(
        folder=machine.folder, project=machine.project.rename(machine.folder / "elsewhere")
    )
    moved.run("list")
    assert moved.calls("-m venv") == [f"python3 -m venv --clear {moved.project}/.venv"]


@pytest.mark.parametrize("sudo", ["exit 1", None])
def test_without_root_the_packages_are_named(machine: Machine, sudo: str | None) -> None:
    machine.program("id", "echo 1000")
    if sudo:
        machine.program("sudo", sudo)
    for name in ("clang++", "git"):
        (machine.folder / "bin" / name).unlink()
    done = machine.run("build:pi")
    assert done.returncode == 4
    assert done.stderr == (
        "doitw: packages are missing, and only root may install them:\n"
        "    apt-get install clang git\n"
        "doitw: do that as root, then repeat this command\n"
    )
    assert machine.calls("apt-get", "-m ") == []


def test_sudo_installs_where_it_asks_for_no_password(machine: Machine) -> None:
    machine.program("id", "echo 1000")
    machine.program("sudo", 'shift; exec "$@"')
    (machine.folder / "bin" / "git").unlink()
    assert machine.run("build:pi").returncode == 0
    (update,) = (call for call in machine.calls("sudo") if call.endswith("apt-get update"))
    assert update.startswith("sudo -n env ")


def _apt(update: int, install: int) -> Callable[[Machine], None]:
    body = f'[ "$1" = update ] && exit {update}; echo "E: no such package"; exit {install}'
    return lambda machine: machine.program("apt-get", body)


@pytest.mark.parametrize(
    ("arrange", "code", "said"),
    [
        (_apt(100, 0), 0, "installing with apt-get: git"),
        (_apt(0, 100), 4, "E: no such package\ndoitw: apt-get could not install them, see "),
        (lambda m: (m.folder / "bin" / "apt-get").unlink(), 4, "there is no apt-get here"),
    ],
)
def test_what_apt_may_answer(
    machine: Machine, arrange: Callable[[Machine], None], code: int, said: str
) -> None:
    (machine.folder / "bin" / "git").unlink()
    arrange(machine)
    done = machine.run("build:pi")
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


LOCKED = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt-get)"


@pytest.mark.parametrize("word", ["update", "install"])
def test_another_apt_is_waited_for(machine: Machine, word: str) -> None:
    """As automatic updates are at work on a fresh machine."""
    (machine.folder / "bin" / "git").unlink()
    busy = f'[ "$1" = {word} ] && [ ! -e "$MACHINE/third" ]'
    count = 'if [ -e "$MACHINE/second" ]; then : >"$MACHINE/third"; fi; : >"$MACHINE/second"'
    machine.program("apt-get", f"if {busy}; then {count}; echo '{LOCKED}'; exit 100; fi")
    done = machine.run("build:pi")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("another program installs packages; waiting until it ends") == 1
    calls = machine.calls(f"apt-get {word}", "sleep")
    assert [call.split()[0] for call in calls] == [
        "apt-get",
        "sleep",
        "apt-get",
        "sleep",
        "apt-get",
    ]


def test_an_apt_that_never_ends_is_told(machine: Machine) -> None:
    (machine.folder / "bin" / "git").unlink()
    machine.program("apt-get", f"[ $1 = update ] || {{ echo '{LOCKED}'; exit 100; }}")
    done = machine.run("build:pi")
    assert done.returncode == 4
    assert f"{LOCKED}\ndoitw: apt-get could not install them, see " in done.stderr
    assert machine.calls("sleep").count("sleep 5") == 119


def test_tensorflow_is_a_thing_to_do_without(machine: Machine) -> None:
    (machine.folder / "no-tensorflow").touch()
    done = machine.run("build:pi")
    assert done.returncode == 0
    assert "TensorFlow could not be installed" in done.stderr
    machine.calls()
    machine.run("build:pi")
    assert machine.calls("") == ["python3 -I -m buildtool build:pi"], "it is not tried each time"


def test_no_way_to_the_index(machine: Machine) -> None:
    for name in ("no-tensorflow", "no-network"):
        (machine.folder / name).touch()
    done = machine.run("build:pi")
    assert done.returncode == 4
    assert "no way to the index\ndoitw: pip could not install them, see " in done.stderr
    (machine.folder / "no-network").unlink()
    assert machine.run("build:pi").returncode == 0, "the next run simply works"


def test_a_python_that_is_too_old(machine: Machine) -> None:
    machine.program("python3.9", "case $* in --version) echo Python 3.9.2;; *info*) exit 1;; esac")
    done = machine.run("list", PYTHON="python3.9")
    assert done.returncode == 4
    assert "python3.9: Python 3.9.2 here, but 3.10 or newer is needed" in done.stderr
