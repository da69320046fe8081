"""C++ programs for a device run here, with a C++ library as on a device: a dynamic one."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.binary.macho import read_image
from buildtool.core.errors import ToolError
from buildtool.core.paths import LOCK
from buildtool.core.values import Toolchain
from buildtool.platforms import find_abi
from buildtool.sources import Cache, load_lock
from buildtool.tools.apple.apple_toolchain import find_apple_toolchain
from buildtool.tools.apple.emulator import find_emulator
from buildtool.tools.apple.stand_in_sdk import SOURCE, find_sdk
from tests.limits import HANG

pytestmark = pytest.mark.build

RunCxx = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    cache = Cache.of_user()
    if not any(cache.root.glob(f"trees/{SOURCE}-*.verified")):
        pytest.skip(f"needs {SOURCE} in the cache: run 'python -m buildtool.sources' once")
    abi = find_abi("ios", "arm64")[1]
    lock = load_lock(LOCK)
    try:
        sdk = find_sdk(abi, "llvm", None, lock, cache, offline=True)
        found = find_apple_toolchain(
            abi,
            compiler="llvm",
            sysroot=sdk,
            compile_flags=(),
            link_flags=(),
            probe=False,
            bitcode=False,
        )
    except ToolError as failure:
        pytest.skip(str(failure))
    emulator = find_emulator(abi, "llvm", found, lock, cache, offline=True)
    return dataclasses.replace(found, emulator=emulator)


@pytest.fixture
def run(toolchain: Toolchain, tmp_path: Path) -> RunCxx:
    """Compiles and links a program as an app is, and runs it."""

    def start(text: str) -> subprocess.CompletedProcess[str]:
        source, program = tmp_path / "app.cc", tmp_path / "app"
        source.write_text(text, encoding="utf-8")
        argv = [
            str(toolchain.cxx.path),
            *toolchain.compile_flags,
            *toolchain.link_flags,
            "-std=c++17",
        ]
        argv += ["-O1", "-framework", "Accelerate", str(source), "-o", str(program)]
        subprocess.run(argv, check=True, capture_output=True)
        assert "/usr/lib/libc++.1.dylib" in read_image(program).libraries
        argv = [*toolchain.emulator, str(program)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=HANG, check=False)

    return start


def test_exceptions_and_streams(run: RunCxx) -> None:
    done = run("""
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>
struct Traced { std::string name;
              Traced(const char* n) : name(n) { std::cout << "+" << n << "\\n"; }
              ~Traced() { std::cout << "-" << name << "\\n"; } };
static Traced global("global");
int main() {
  try { Traced local("local"); std::vector<int>().at(3); }
  catch (const std::out_of_range& error) { std::cout << "caught " << error.what() << "\\n"; }
  std::map<std::string, double> row{{"b", 2.5}, {"a", 1e9}};
  std::ostringstream text;
  for (auto& [key, value] : row) text << key << '=' << value << ' ';
  std::cout << text.str() << std::hex << 255 << ' ' << std::stod("0.125") << std::endl;
  return std::stoi("7");
}
""")
    lines = ["+global", "+local", "-local", "caught vector", "a=1e+09 b=2.5 ff 0.125", "-global"]
    assert (done.stdout.splitlines(), done.stderr) == (lines, "")
    assert done.returncode == 7


def test_uncaught_exception(run: RunCxx) -> None:
    done = run('#include <stdexcept>\nint main() { throw std::runtime_error("never caught"); }')
    assert done.returncode == 134
    assert "runtime_error: never caught" in done.stderr
    assert "_main+" in done.stderr


def test_threads(run: RunCxx) -> None:
    done = run("""
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <thread>
#include <vector>
std::mutex lock; std::condition_variable changed; int turn; std::once_flag first;
thread_local std::vector<int> own{1};
int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([i] {
    std::call_once(first, [] { std::puts("once"); });
    std::unique_lock<std::mutex> held(lock);
    changed.wait(held, [i] { return turn == i; });
    own.push_back(i);
    std::printf("%d %zu\\n", i, own.size());
    ++turn;
    changed.notify_all();
  });
  for (auto& thread : threads) thread.join();
  std::unique_lock<std::mutex> held(lock);
  bool late = changed.wait_for(held, std::chrono::milliseconds(5)) == std::cv_status::timeout;
  std::printf("%d %d\\n", std::async(std::launch::async, [] { return 42; }).get(), late);
}
""")
    assert done.stdout.splitlines() == ["once", "0 2", "1 2", "2 2", "42 1"]
    assert (done.returncode, done.stderr) == (0, "")


def test_what_accelerate_computes(run: RunCxx) -> None:
    """The one function of it that TensorFlow calls: plain, transposed and added to."""
    done = run("""
#include <cstdio>
extern "C" void cblas_sgemm(int, int, int, int, int, int, float, const float*, int, const float*,
                            int, float, float*, int);
int main() {
  const float a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, 2, 1, 0, 3}; float c[] = {10, 20, 30, 40};
  cblas_sgemm(101, 111, 111, 2, 2, 3, 1.0f, a, 3, b, 2, 0.0f, c, 2);
  std::printf("%g %g %g %g\\n", c[0], c[1], c[2], c[3]);
  cblas_sgemm(101, 112, 111, 2, 2, 3, 2.0f, a, 2, b, 2, 1.0f, c, 2);
  std::printf("%g %g %g %g\\n", c[0], c[1], c[2], c[3]);
}
""")
    assert done.stdout.splitlines() == ["5 11 14 23", "19 47 34 67"]
