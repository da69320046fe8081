"""Text of files is data on a terminal, and a message does not grow with what it is about."""

from __future__ import annotations

import pytest

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.terminal import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc ü 漢", "a\tb\nc ü 漢"),
        ("\x1b[2J\x1b]0;x\x07", "\\x1b[2J\\x1b]0;x\\x07"),
        ("\r\x7f\x9b2J", "\\x0d\\x7f\\x9b2J"),
        ("\u202e\u2066\u2028\ufeff", "\\u202e\\u2066\\u2028\\ufeff"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert one_line(text) == shown.replace("\n", "\\n")


def test_a_name_with_an_end_of_line_begins_no_line_of_ours() -> None:
    problem = Problem(where="a\nb", what="op x\nplan:pi failed\n    the last line", todo="c\nd")
    assert str(problem) == "a\\nb: op x\\nplan:pi failed\n    the last line\n    c\\nd"


def test_a_message_does_not_grow_with_a_name() -> None:
    text = str(Problem(where="a", what="x" * 10_000_000))
    assert text.endswith("xxx... (9998000 characters more)")
    assert len(text) < 2100


def test_of_many_problems_the_first_are_told() -> None:
    text = str(ConfigError(Problem(where=f"line {n}", what="is wrong") for n in range(1000)))
    assert text.startswith("line 0: is wrong\nline 1: is wrong\n")
    assert text.endswith("\n... and 950 more problems; mend these first")
