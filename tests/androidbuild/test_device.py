"""A device that adb knows; adb is a script that answers as the real one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.android.device import Device, benchmark, find_device, has_shapes
from buildtool.errors import VerificationError
from buildtool.values import ModelInfo, TensorInfo

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
native : benchmark_model.cc:473 Running benchmark for max 10 iterations
native : benchmark_model.cc:630 count=10 first=2500 curr=2000 min=1900 max=2600 avg=2100.5 std=12
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
    assert times == {
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
        assert word in said[-1].split(), word


def test_a_model_that_does_not_run(adb: Callable[[str], Path], tmp_path: Path) -> None:
    program = adb("echo 'No session factory registered'; echo buildtool-exit=1")
    device = Device(adb=program, serial="C", name="Pixel 3")
    with pytest.raises(VerificationError) as failure:
        benchmark(device, tmp_path / "b", MODEL, tmp_path / "m.pb", log=tmp_path / "log")
    (problem,) = failure.value.problems
    assert problem.where == "m on Pixel 3"
    assert "No session factory registered" in problem.what
