"""Small Mach-O files and archives of them, made by LLVM without any SDK."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from machorun.tests.macho_files import Make, compiler_in, linker, linker_in, tool

# What a TensorFlow of any release does to register kernels, but for its names.
KERNELS = """
namespace tensorflow {
class OpKernelConstruction; class OpKernel;
struct Registrar { Registrar(bool, OpKernel* (*)(OpKernelConstruction*)); };
void Use(OpKernel* (*)(OpKernelConstruction*));
inline Registrar::Registrar(bool on, OpKernel* (*make)(OpKernelConstruction*)) {
  if (on) Use(make);
}
OpKernel* Make(OpKernelConstruction*, int);
#define REGISTER(n, on) static Registrar r##n(on, [](OpKernelConstruction* c) -> OpKernel* { \
  return Make(c, n); });
REGISTER(1, true) REGISTER(2, false) REGISTER(3, true)
}
"""


def linker_release() -> int:
    """Its release."""
    said = subprocess.run([linker(), "--version"], check=True, capture_output=True, text=True)
    return int(said.stdout.partition("LLD ")[2].partition(".")[0])


@pytest.fixture
def compile_macho(tmp_path: Path) -> Make:
    """Compiles text: ``compile_macho("a.o", text, target=DEVICE)``; C++ if the name says .cc.o."""
    return compiler_in(tmp_path)


@pytest.fixture
def link_macho(tmp_path: Path) -> Make:
    """Links a program as ld64.lld does for an app; ``more`` symbols come from the system."""
    return linker_in(tmp_path)


@pytest.fixture
def archive_macho(tmp_path: Path) -> Make:
    """Makes an archive: ``archive_macho("a.a", first, second, form="bsd")``."""

    def build(name: str, *objects: Path, form: str = "darwin", thin: bool = False) -> Path:
        archive = tmp_path / name
        archive.unlink(missing_ok=True)
        llvm_ar = tool("llvm-ar", "llvm-ar-14")
        kind = ["--thin"] if thin else [f"--format={form}"]
        argv = [llvm_ar, *kind, "rcs", str(archive), *map(str, objects)]
        subprocess.run(argv, check=True, capture_output=True)
        return archive

    return build


@pytest.fixture
def kernels() -> str:
    """C++ text that registers two of three kernels."""
    return KERNELS
