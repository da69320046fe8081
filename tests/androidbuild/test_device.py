"""A device that adb knows; adb is a script that answers as the real one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import VerificationError
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.tools.android.adb import Device, benchmark, find_device, has_shapes, statistics

# Two devices; the second one is for 64-bit ARM.
ADB = """
printf '%s\\n' "$*" >> "$0.log"
case "$*" in
  devices) printf 'List of devices attached\\nA\\tunauthorized\\nB\\tdevice\\nC\\tdevice\\n\\n' ;;
  "-s B shell getprop ro.product.cpu.abilist") echo "x86_64,x86" ;;
  "-s C shell getprop ro.product.cpu.abilist") echo "arm64-v8a,armeabi-v7a,armeabi" ;;
  "-s C shell getprop ro.product.model") echo "Pixel 3" ;;
  "-s C shell chmod"*) RUN ;;
esac
"""
STATISTICS = """
cat <<'END'
native : benchmark_model.cc:1 Runs for at most 1 time, without detailed stat logging
native : benchmark_model.cc:2 count=1 curr=9000
native : benchmark_model.cc:1 Runs for at most 10 s, without detailed stat logging
native : benchmark_model.cc:2 count=10 first=2500 curr=2000 min=1900 max=2600 avg=2100.5 std=12
native : benchmark_model.cc:1 Runs for at most 10 s, with detailed stat logging
native : benchmark_model.cc:2 count=10 first=3500 curr=3000 min=2900 max=3600 avg=3100.5 std=12
native : stat_summarizer.cc:3 Timings (microseconds): count=10 first=33 curr=3 avg=3 std=1
Memory (bytes): count=10 first=800 curr=800 min=790 max=800 avg=799 std=2
buildtool-exit=0
END
"""
MODEL = ModelInfo(
    name="m",
    path=Path("m.pb"),
    sha256="",
    inputs=(
        TensorInfo(name="x:0", dtype="DT_FLOAT", shape=(-1, 224, 3)),
        TensorInfo(name="n:0", dtype="DT_INT32", shape=()),
    ),
    outputs=(TensorInfo(name="y:0", dtype="DT_FLOAT", shape=None),),
    node_count=3,
)


@pytest.fixture
def adb(tools: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts adb on the path; ``run`` is what happens when the program is started."""

    def make(run: str) -> Path:
        folder = tools(without=("adb",), scripts={"adb": ADB.replace("RUN", run)})
        monkeypatch.setenv("PATH", str(folder))
        return folder / "adb"

    return make


def test_the_device_of_that_abi(adb: Callable[[str], Path], tmp_path: Path) -> None:
    program = adb(":")
    found = find_device("arm64-v8a", sdk=None, log=tmp_path / "log")
    assert found.device == Device(adb=program, serial="C", name="Pixel 3")
    none = find_device("mips", sdk=None, log=tmp_path / "log")
    assert none.device is None
    assert none.reason == (
        "no device: adb knows none for mips (A is unauthorized; B is for x86_64,x86; "
        "Pixel 3 is for arm64-v8a,armeabi-v7a,armeabi)"
    )


def test_no_adb(
    tools: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tools(without=("adb",))))
    found = find_device("x86", sdk=tmp_path, log=tmp_path / "log")
    assert (found.device, found.reason) == (None, "no device: there is no adb here")


def test_a_model_is_run(adb: Callable[[str], Path], tmp_path: Path) -> None:
    program = adb(STATISTICS)
    device = Device(adb=program, serial="C", name="Pixel 3")
    made = tmp_path / "benchmark_model"
    log = tmp_path / "log"
    assert has_shapes(MODEL)
    times = benchmark(device, made, MODEL, tmp_path / "frozen.pb", log=log)
    assert times == {  # those without the profiler
        "count": 10, "first": 2.5, "min": 1.9, "max": 2.6, "avg": 2.1005, "std": 0.012
    }  # fmt: skip
    said = Path(f"{program}.log").read_text(encoding="utf-8").splitlines()
    place = "/data/local/tmp/buildtool"
    assert said[-3:-1] == [
        f"-s C push {made} {place}/benchmark_model",
        f"-s C push {tmp_path}/frozen.pb {place}/m.pb",
    ]
    for word in (
        f"--graph={place}/m.pb",
        "--input_layer=x:0,n:0",
        "--input_layer_shape=1,224,3:",
        "--input_layer_type=float,int32",
        "--output_layer=y:0",
    ):
        assert word in said[-1].replace(";", " ").split(), word


def test_a_slow_model_has_one_run() -> None:
    text = "... without detailed stat logging, ...\ncount=1 curr=11000000\n"
    assert statistics(text) == {"count": 1, "avg": 11000.0}


def test_times_of_a_program_that_always_profiles() -> None:
    text = "Timings (microseconds): count=3 curr=5(all same)\nMemory (bytes): count=3 avg=7\n"
    assert statistics(text) == {"count": 3, "avg": 0.005}
    assert statistics("Initialized session in 0.1s\n") == {}


def test_a_device_without_times_is_a_failure(adb: Callable[[str], Path], tmp_path: Path) -> None:
    program = adb("echo 'nothing'; echo buildtool-exit=0")
    device = Device(adb=program, serial="C", name="Pixel 3")
    with pytest.raises(VerificationError):
        benchmark(device, tmp_path / "b", MODEL, tmp_path / "m.pb", log=tmp_path / "log")


def test_an_adb_that_does_not_work(
    tools: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = "echo 'cannot start the server' >&2; exit 1"
    monkeypatch.setenv("PATH", str(tools(without=("adb",), scripts={"adb": script})))
    found = find_device("x86", sdk=None, log=tmp_path / "log")
    assert found.device is None
    assert found.reason.startswith("no device: adb devices failed with ")
    assert "cannot start the server" in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_model_that_does_not_run(adb: Callable[[str], Path], tmp_path: Path) -> None:
    program = adb("echo 'No session factory registered'; echo buildtool-exit=1")
    device = Device(adb=program, serial="C", name="Pixel 3")
    with pytest.raises(VerificationError) as failure:
        benchmark(device, tmp_path / "b", MODEL, tmp_path / "m.pb", log=tmp_path / "log")
    (problem,) = failure.value.problems
    assert problem.where == "m on Pixel 3"
    assert "No session factory registered" in problem.what
