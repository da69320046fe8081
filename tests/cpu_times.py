"""What a run spends its processors on: ``--cpu-times=COUNT``.

The clock says little where several workers and compilers share the cores: a test is slow because
others compile. So the seconds of processor are counted, those of a test's commands with its own:
for each fixture, and for each test without its fixtures. And when each worker had nothing left to
do, with what: the last one should not be alone for long.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Generator
from typing import Any

import pytest

OPTION = "--cpu-times"
PROPERTY = "cpu_times"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, type=int, metavar="COUNT", help="show what took most processor time")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption(OPTION):
        config.pluginmanager.register(CpuTimes(config.getoption(OPTION)))


def spent() -> float:
    """Seconds of processor that this process and its finished children have used."""
    users = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(user)[:2]) for user in users)


class CpuTimes:
    """Counts in each worker; the reports carry the seconds to the process that sums them up."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._inner = [0.0]  # of what runs inside of what is measured, for each that is open
        self._found: list[tuple[str, float]] = []
        self._sums: dict[str, float] = {}
        self._last: dict[str, tuple[float, str]] = {}  # by worker, when it ended which test
        self._begun = time.time()

    def _measured(self, name: str) -> Generator[None, Any, Any]:
        before = spent()
        self._inner.append(0.0)
        try:
            return (yield)
        finally:
            whole = spent() - before
            self._found.append((name, whole - self._inner.pop()))
            self._inner[-1] += whole

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        place = fixturedef.baseid or "tests"
        return (yield from self._measured(f"{place} fixture {fixturedef.argname}"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from self._measured(_test(item.nodeid)))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        report.user_properties.append((PROPERTY, self._found))
        self._found = []
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        worker = getattr(report, "worker_id", "")
        self._last[worker] = (report.stop, _test(report.nodeid))
        for key, found in report.user_properties:
            if key == PROPERTY and isinstance(found, list):
                for name, seconds in found:
                    self._sums[name] = self._sums.get(name, 0.0) + seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section(f"seconds of processor, {sum(self._sums.values()):.0f} in all")
        most = sorted(self._sums.items(), key=lambda pair: -pair[1])[: self._count]
        for name, seconds in most:
            terminalreporter.write_line(f"{seconds:8.1f}  {name}")
        for ended, name in sorted(self._last.values()):
            terminalreporter.write_line(
                f"a worker ended after {ended - self._begun:.0f} s with {name}"
            )


def _test(nodeid: str) -> str:
    """A test without its parameters and group."""
    return nodeid.partition("[")[0].partition("@")[0]
