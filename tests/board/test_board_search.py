"""A board that a target names is tried before anything is compiled."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.config import load_targets, parse_overrides
from buildtool.core.errors import ToolError
from buildtool.core.values import Abi
from buildtool.platforms import linux, platform_problems, raspberrypi, run_problems
from buildtool.tools.board.board_facts import BoardFacts, read_facts
from buildtool.tools.board.board_search import Board, BoardRequest, find_board
from buildtool.tools.board.board_visit import visit
from buildtool.tools.compilers import find_toolchain
from buildtool.tools.sent_command import SentCommand

MakeBoard = Callable[..., Path]


def asked(abi: Abi, **more: str) -> BoardRequest:
    """Without a toolchain."""
    given = {"host": "pi@board", "where": "t:1", "identity": "", **more}
    return BoardRequest(abi=abi, toolchain=None, **given)


def said(abi: Abi) -> list[str]:
    with pytest.raises(ToolError) as caught:
        find_board(asked(abi))
    assert all((each.where, bool(each.todo)) == ("t:1", True) for each in caught.value.problems)
    return [problem.what for problem in caught.value.problems]


def uname(machine: str) -> dict[str, str]:
    script = f'case "$1" in -m) echo {machine} ;; *) echo Linux 6.1.21-v8+ ;; esac'
    return {"uname": script, "getconf": "echo glibc 2.36"}


def test_what_the_board_is(board: MakeBoard) -> None:
    board(scripts=uname("aarch64"))
    found = find_board(asked(raspberrypi.AARCH64))
    assert found == Board(host="pi@board", text="board pi@board, aarch64, Linux 6.1, glibc 2.36")


@pytest.mark.parametrize(
    ("machine", "abi", "runs"),
    [
        ("armv6l", raspberrypi.ARMV6, True),
        ("armv7l", raspberrypi.ARMV6, True),
        ("armv6l", raspberrypi.ARMV7_NEON, False),
        ("armv8l", raspberrypi.ARMV7_NEON, True),
        ("aarch64", raspberrypi.ARMV7_NEON, True),  # a program then tells what its system is
        ("armv7l", raspberrypi.AARCH64, False),
        ("x86_64", raspberrypi.ARMV6, False),
        ("i686", linux.X86_64, False),
    ],
)
def test_processors(board: MakeBoard, machine: str, abi: Abi, runs: bool) -> None:
    board(scripts={**uname(machine), "grep": "exit 0"})
    if runs:
        assert machine in find_board(asked(abi)).text
    else:
        assert said(abi) == [
            f"pi@board has another processor ({machine}); the target's ABI is {abi.name}"
        ]


def test_no_neon(board: MakeBoard) -> None:
    board(scripts={**uname("armv7l"), "grep": "exit 1"})
    assert said(raspberrypi.ARMV7_NEON) == [
        "the processor of pi@board (armv7l) has no NEON; the target's ABI is armv7-neon"
    ]


@pytest.fixture(scope="module")
def own() -> BoardRequest:
    """A board with this machine's processor, and its toolchain."""
    if platform.machine() != "x86_64":
        pytest.skip("needs x86_64")
    chain = find_toolchain(linux.X86_64, compiler="gcc")
    return BoardRequest(
        host="a", where="t:1", abi=linux.X86_64, identity=chain.identity, toolchain=chain
    )


def test_a_small_program_is_tried(board: MakeBoard, own: BoardRequest) -> None:
    board()
    assert find_board(own).text.startswith("board a, x86_64, Linux")


def test_a_small_program_does_not_run(board: MakeBoard, own: BoardRequest) -> None:
    """What keeps it from running keeps the library from it."""
    board(scripts={"env": "kill -ILL $$"})
    with pytest.raises(ToolError, match="with SIGILL, an instruction that its processor"):
        find_board(own)


def test_a_board_that_hangs(board: MakeBoard) -> None:
    board(ssh="exec sleep 3600")
    nothing = SentCommand(line="true", files={}, out=None)
    with pytest.raises(ToolError, match="t:1: a has not run a small program within 1 s"):
        visit("a", nothing, where="t:1", timeout=1)


def test_what_a_board_prints() -> None:
    said = b"\nwelcome\nboard-says machine armv7l\n\xff\nboard-says libc \nboard-says begun\n"
    assert read_facts(said) == BoardFacts(machine="armv7l", begun=True)
    assert read_facts(b"welcome").silent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Target files: one whose board is named, one without, and two of other platforms."""
    made = tmp_path / "targets"
    made.mkdir()
    start = "models: [m.pb]\nplatform: "
    (made / "pc.yaml").write_text(f"{start}linux\nabi: x86_64\nrun: {{host: one}}\n")
    (made / "pi.yaml").write_text(f"{start}raspberrypi\nabi: armv6\n")
    (made / "robot.yaml").write_text(f"{start}android\nabi: x86\nrun: {{device: any}}\n")
    return made


def test_the_word_of_the_command_line(folder: Path, tmp_path: Path) -> None:
    """It is for the target that is built; the others are not told of it."""
    words = parse_overrides({"host": "two"}, cwd=tmp_path)
    targets = load_targets(folder, overrides=words, checks=(platform_problems,))
    assert [each.run.host for each in targets.values()] == ["two", "two", "two"]
    assert targets["pc"].where("run.host") == "command line"
    assert targets["robot"].where("run.device") == "targets/robot.yaml:4"
    assert [*run_problems(targets["pi"])] == []
    (problem,) = run_problems(targets["robot"])
    assert problem.what == (
        "run.host: only targets of the platform linux or raspberrypi have it, and this one's is "
        "'android'"
    )


def test_no_board_on_the_command_line(folder: Path, tmp_path: Path) -> None:
    words = parse_overrides({"host": ""}, cwd=tmp_path)
    assert load_targets(folder, overrides=words, checks=())["pc"].run.host == ""


def test_where_programs_run_decides_nothing_that_is_built(folder: Path, tmp_path: Path) -> None:
    words = parse_overrides({"host": "two"}, cwd=tmp_path)
    one = load_targets(folder, checks=())["pc"]
    two = load_targets(folder, overrides=words, checks=())["pc"]
    assert one.canonical() == two.canonical()
    assert linux.PLATFORM.run_stamp(one) != linux.PLATFORM.run_stamp(two)
