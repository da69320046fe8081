"""What the runtime of each release cannot start without."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.plan.runtime_roots import runtime_roots

TABLE = """\
"2.14":
  - {path: session.cc, reason: registers it}
  - {path: device.cc, reason: registers it, runtimes: [full, lite-flex]}
  - {path: delegate.cc, reason: is it, runtimes: [lite-flex]}
"1":
  - {path: session.cc, reason: registers it}
  - {path: late.cc, reason: later, since: "1.12"}
  - {path: short.cc, reason: once, since: "1.4", until: "1.8", ops: [While]}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "runtime.yaml"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.0.0", ["session.cc"]),
        ("1.4.0", ["session.cc", "short.cc"]),
        ("1.8.0-rc1", ["session.cc", "short.cc"]),
        ("1.9.0", ["session.cc"]),
        ("1.12.3", ["session.cc", "late.cc"]),
        ("1.15.5", ["session.cc", "late.cc"]),
        ("2.14.1", ["session.cc", "device.cc"]),
    ],
)
def test_entries_hold_for_some_releases(data: Path, version: str, expected: list[str]) -> None:
    assert [root.path for root in runtime_roots(version, data=data)] == expected


def test_entries_hold_for_some_runtimes(data: Path) -> None:
    roots = runtime_roots("2.14.1", runtime="lite-flex", data=data)
    assert [root.path for root in roots] == ["device.cc", "delegate.cc"]


def test_ops_limit_an_entry(data: Path) -> None:
    assert [root.ops for root in runtime_roots("1.8.0", data=data)] == [(), ("While",)]


def test_an_unknown_release(data: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        runtime_roots("2.15.0", data=data)
    assert "'2.15'" in failure.value.problems[0].todo
