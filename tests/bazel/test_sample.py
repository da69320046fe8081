"""A real compile and link through Bazel's Android crosstool, and what caches do for the next one.

The NDK is a stand-in with Debian's C library behind it (:mod:`tests.bazel.stand_in`), so this shows
Bazel's path and is no build for Android: what comes out runs under qemu.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from buildtool.backends.bazel.trimming import trim_groups
from buildtool.core.run import Command, Completed, run
from buildtool.platforms.android import PLATFORM
from buildtool.tools.android.bazel_rules import Generation, place, read_declared
from buildtool.tools.android.compatibility import KitRequest, find_kit
from buildtool.tools.bazel.events import FLAG, BuildOutcome, EventFile
from buildtool.tools.bazel.release_flags import flags
from tests.android.conftest import make_sdk
from tests.bazel.conftest import Bazel
from tests.bazel.sample import BENCHMARK, LIBRARY, Sample, make_sample
from tests.bazel.stand_in import CPUS, LLVM, make_stand_in
from tests.bazel.web_server import web_server
from tests.makefile.conftest import SUMS

pytestmark = [pytest.mark.network, pytest.mark.build]

ABI = "arm64-v8a"
ANDROID = ("-c", "opt", "--config=android_arm64")
KERNELS = "tensorflow/core/kernels/BUILD"
CPP = "CppCompile"
# Calls into the library as Java would.
CALLER = """
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char** words) {
  void* library = dlopen(words[1], RTLD_NOW);
  if (library == NULL) return puts(dlerror()), 1;
  int (*ops)(void*, void*) = dlsym(library, words[2]);
  printf("%d ops\\n", ops(NULL, NULL));
  return 0;
}
"""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """The sample, told where SDK and NDK are, and a Bazel for it."""

    bazel: Bazel
    sample: Sample
    ndk: Path
    cache: str

    def __call__(self, command: str, *words: str, output: str = "") -> Completed:
        """Run a command of Bazel."""
        rc = self.sample.rc
        return self.bazel(self.sample.root, command, *words, rc=rc, output=output, cores=2)

    def build(self, *words: str, output: str = "") -> tuple[BuildOutcome, dict[str, int]]:
        """Build for Android: what the event stream says, and how many processes ran where."""
        path = self.sample.root.parent / "events.json"
        path.unlink(missing_ok=True)
        own = (*ANDROID, *flags(self.bazel.version, {"events": str(path)}), FLAG)
        done = self("build", *own, *words, output=output)
        assert done.returncode == 0, done.stderr[-3000:]
        line = re.findall(r"^INFO: \d+ process(?:es)?: (.*)\.$", done.stderr, re.MULTILINE)
        return EventFile(path).end(), {
            kind: int(count) for count, kind in re.findall(r"(\d+) ([a-z -]+)", line[-1])
        }

    def emulated(self, *argv: str | Path) -> Completed:
        """Run a program of that processor."""
        cpu = CPUS[ABI]
        libraries = self.ndk / "platforms/android-21" / cpu.folder / "usr/lib"
        words = (*cpu.emulator, "-E", f"LD_LIBRARY_PATH={libraries}")
        return run(Command(argv=(*words, *map(str, argv))), what=str(argv[0]), check=False)


@pytest.fixture(scope="module")
def workplace(bazel_1x: Bazel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """One for all tests, with one Bazel and one web server as its cache."""
    if shutil.which(CPUS[ABI].emulator[0]) is None:
        pytest.skip(f"needs {CPUS[ABI].emulator[0]}")
    folder = tmp_path_factory.mktemp("sample")
    sample = make_sample(folder)
    ndk = make_stand_in(folder / "it's an NDK", (ABI,))
    asked = KitRequest(sdk=make_sdk(folder / "sdk"), ndk=ndk)
    kit = find_kit(
        asked,
        abis=[PLATFORM.abis[ABI]],
        tree=sample.root,
        tensorflow="1.8.0",
        bazel=bazel_1x.version,
        env={},
    )
    workspace = sample.root / "WORKSPACE"
    text = workspace.read_text(encoding="utf-8")
    placed = place(text, kit, Generation.RULES, read_declared(text, path="W"), path="W")
    workspace.write_text(placed.text, encoding="utf-8")
    mend_linker_script(sample.root)
    with web_server(folder / "nginx") as (address, _):
        yield Workplace(bazel=bazel_1x, sample=sample, ndk=ndk, cache=address)


@dataclass(frozen=True, kw_only=True)
class BuiltSample:
    """The first build: of the library and of a program."""

    ended: BuildOutcome
    processes: dict[str, int]

    def output(self, label: str) -> Path:
        """The file of a target."""
        (path,) = self.ended.outputs[label]
        return path


@pytest.fixture(scope="module")
def built(workplace: Workplace) -> BuiltSample:
    words = flags(workplace.bazel.version, {"http_cache": workplace.cache})
    ended, processes = workplace.build(*words, LIBRARY, BENCHMARK)
    return BuiltSample(ended=ended, processes=processes)


def mend_linker_script(root: Path) -> None:
    """Old trees name the linker's script by its label alone, which no Bazel since 0.17.1 expands:
    see test_real_bazel.py."""
    path = root / "tensorflow/contrib/android/BUILD"
    text = path.read_text(encoding="utf-8")
    old = '"-Wl,--version-script",\n        LINKER_SCRIPT,'
    new = old.replace("LINKER_SCRIPT,", '"$(location {})".format(LINKER_SCRIPT),')
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_is_linked_is_for_the_processor_and_has_what_java_calls(built: BuiltSample) -> None:
    with built.output(LIBRARY).open("rb") as file:
        elf = ELFFile(file)
        assert (elf["e_machine"], elf["e_type"]) == ("EM_AARCH64", "ET_DYN")
        dynamic, symbols = (elf.get_section_by_name(name) for name in (".dynamic", ".dynsym"))
        assert isinstance(dynamic, DynamicSection)
        assert isinstance(symbols, SymbolTableSection)
        needed = {vars(tag)["needed"] for tag in dynamic.iter_tags("DT_NEEDED")}
        assert {"liblog.so", "libandroid.so"} <= needed
        assert "libstdc++.so.6" not in needed  # an NDK's is in the library, too
        exported = {
            each.name for each in symbols.iter_symbols() if each["st_shndx"] != "SHN_UNDEF"
        } - {"", "VERS_1.0"}
    assert exported == {
        f"Java_org_tensorflow_contrib_android_Inference_{name}"
        for name in ("allocate", "countOps", "delete")
    }


def test_it_runs(built: BuiltSample, workplace: Workplace, tmp_path: Path) -> None:
    """A program with the library in it computes; the library itself does what Java asks for."""
    proto = "tensorflow/core/framework/graph.proto"
    (tmp_path / "model.pbtxt").write_text(SUMS, encoding="utf-8")
    with (tmp_path / "model.pbtxt").open("rb") as text, (tmp_path / "model.pb").open("wb") as out:
        argv = ("protoc", "--encode=tensorflow.GraphDef", proto)
        subprocess.run(argv, stdin=text, stdout=out, check=True, cwd=workplace.sample.root)
    words = (built.output(BENCHMARK), f"--graph={tmp_path}/model.pb")
    done = workplace.emulated(*words, "--target=y")
    assert (done.returncode, done.stdout.split(": ")[1]) == (0, "OK\n")
    done = workplace.emulated(*words, "--target=z")
    assert (done.returncode, done.stdout.split(": ")[2]) == (1, "there is no node z\n")

    (tmp_path / "caller.c").write_text(CALLER, encoding="utf-8")
    compiler = ("clang", f"--target={CPUS[ABI].debian}", "caller.c", "-o", "caller")
    run(Command(argv=compiler, cwd=tmp_path), what="compiling the caller")
    name = "Java_org_tensorflow_contrib_android_Inference_countOps"
    done = workplace.emulated(tmp_path / "caller", built.output(LIBRARY), name)
    assert done.stdout == "31 ops\n", done.stderr


def test_all_of_it_went_through_the_crosstool_of_the_ndk(built: BuiltSample) -> None:
    compiles = [each for each in built.ended.actions if each.type == CPP]
    assert len(compiles) > 120
    for action in compiles:
        words = action.command
        assert words[0] == f"external/androidndk/ndk/{LLVM}/bin/clang"
        assert words[words.index("-target") + 1] == CPUS[ABI].android
        assert "--sysroot=external/androidndk/ndk/platforms/android-21/arch-arm64" in words


def test_a_second_machine_takes_all_from_the_web_server(
    built: BuiltSample, workplace: Workplace
) -> None:
    """Another output base is what another machine has."""
    assert set(built.processes) == {"local"}
    words = flags(workplace.bazel.version, {"http_cache": workplace.cache})
    ended, processes = workplace.build(*words, LIBRARY, BENCHMARK, output="-second")
    assert processes == {"remote cache hit": built.processes["local"]}
    for label in (LIBRARY, BENCHMARK):
        (path,) = ended.outputs[label]
        assert path != built.output(label)
        assert path.read_bytes() == built.output(label).read_bytes()


def test_a_second_build_takes_all_from_the_disk(workplace: Workplace) -> None:
    """A part of the tree is enough for it."""
    some = ("//tensorflow/core:proto_text", "@nsync//:nsync_cpp")
    folder = workplace.sample.root.parent / "disk"
    words = flags(workplace.bazel.version, {"disk_cache": str(folder)})
    workplace("clean", output="-second")
    _, first = workplace.build(*words, *some, output="-second")
    assert set(first) == {"local"}
    workplace("clean", output="-second")
    _, second = workplace.build(*words, *some, output="-second")
    assert second == {"remote cache hit": sum(first.values())}


def test_trimmed_groups_compile_fewer_files(workplace: Workplace) -> None:
    """Comes last: it changes the tree."""
    words = ("--output=text", *ANDROID, f"deps({LIBRARY})")
    before = kernels(workplace("aquery", *words).stdout)
    path = workplace.sample.root / KERNELS
    groups = [f"android_extended_ops_group{number}" for number in (1, 2)]
    trimmed = trim_groups(
        path.read_text(encoding="utf-8"),
        [*groups, "android_core_ops"],
        {"constant_op.cc", "function_ops.cc", "no_op.cc", "segment_reduction_ops.cc"},
        path=KERNELS,
    )
    path.write_text(trimmed.text, encoding="utf-8")
    after = kernels(workplace("aquery", *words).stdout)
    assert (len(before), len(after)) == (26, 4)
    assert after < before


def kernels(actions: str) -> set[str]:
    """The files of kernels that are compiled."""
    return set(re.findall(r"^action 'Compiling (tensorflow/core/kernels/[^']+)'", actions, re.M))
