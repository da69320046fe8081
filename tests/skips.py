"""A run in which every skipped test must be listed: ``--listed-skips=FILE``.

On a machine that ``doitw`` has set up, the whole suite ends as failed where more tests are skipped
than the file says, or for another reason: so a tool that is missing hides no test. A line of the
file is a count and a reason; ``*`` in a reason stands for any text, ``#`` starts a comment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

OPTION = "--listed-skips"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, metavar="FILE", help="fail where a skip is not listed in FILE")


def pytest_configure(config: pytest.Config) -> None:
    # Workers of pytest-xdist hand their reports on to the one process that counts.
    if (path := config.getoption(OPTION)) and not hasattr(config, "workerinput"):
        allowed = read_allowed(Path(path).read_text(encoding="utf-8"))
        config.pluginmanager.register(SkipCount(allowed))


def read_allowed(text: str) -> dict[str, int]:
    """How many tests may be skipped, by a pattern of the reason."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    return {pattern: int(count) for count, pattern in pairs}


def too_many(allowed: Mapping[str, int], reasons: Iterable[str]) -> list[str]:
    """What is skipped and not listed, in lines for people."""
    found = Counter(
        next((pattern for pattern in allowed if fnmatchcase(reason, pattern)), reason)
        for reason in reasons
    )
    return [
        f"{count} skipped, {allowed.get(reason, 0)} listed: {reason}"
        for reason, count in sorted(found.items())
        if count > allowed.get(reason, 0)
    ]


class SkipCount:
    """Counts the skips of a run, and lets it fail."""

    def __init__(self, allowed: Mapping[str, int]) -> None:
        self._allowed = allowed
        self._reasons: list[str] = []

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            said = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            self._reasons.append(str(said).removeprefix("Skipped: "))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if too_many(self._allowed, self._reasons) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        lines = too_many(self._allowed, self._reasons)
        if lines:
            terminalreporter.section("skips that are not listed", sep="=", red=True)
            for line in lines:
                terminalreporter.write_line(line)
