from __future__ import annotations

import io

import pytest

from buildtool.sources import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def watch(progress: Progress, clock: Clock, seconds: int) -> None:
    for second in range(seconds + 1):
        clock.now = 100.0 + second
        progress.update("lib", second * 1_000_000, 20_000_000)


def test_a_short_fetch_says_nothing() -> None:
    out, clock = io.StringIO(), Clock()
    watch(Progress(out, live=True, clock=clock), clock, 1)
    assert out.getvalue() == ""


def test_plain_lines_come_seldom() -> None:
    out, clock = io.StringIO(), Clock()
    watch(Progress(out, clock=clock), clock, 14)
    assert out.getvalue() == "lib: 2.0 of 20.0 MB (10 %)\nlib: 12.0 of 20.0 MB (60 %)\n"


def test_a_terminal_sees_one_line_that_is_cleared_at_the_end() -> None:
    out, clock = Terminal(), Clock()
    progress = Progress(out, live=True, clock=clock)
    watch(progress, clock, 3)
    progress.end("lib")
    progress.note("lib: verified")
    clear = "\r" + " " * 26 + "\r"
    line = "lib: {} of 20.0 MB ({} %)".format
    assert out.getvalue() == (line("2.0", 10) + clear + line("3.0", 15) + clear + "lib: verified\n")


def test_an_unknown_size() -> None:
    out, clock = io.StringIO(), Clock()
    progress = Progress(out, clock=clock)
    progress.update("lib", 0, None)
    clock.now += 3
    progress.update("lib", 5_500_000, None)
    assert out.getvalue() == "lib: 5.5 MB\n"


@pytest.mark.parametrize(
    ("environment", "live"), [({}, True), ({"CI": "true"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_only_a_free_terminal_is_written_over(environment: dict[str, str], live: bool) -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress.of_process(terminal, environment)
    progress._clock = clock
    watch(progress, clock, 3)
    assert ("\r" in terminal.getvalue()) is live
    assert ("\r" in terminal.getvalue()) or terminal.getvalue().count("\n") == 1


def test_silence() -> None:
    clock = Clock()
    progress = Progress(clock=clock)
    watch(progress, clock, 30)
    progress.note("nothing")
