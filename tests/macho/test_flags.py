"""The backends' flags in the hands of a compiler for Apple's systems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from buildtool.backends.makefile import makefile_flags as makefile
from buildtool.backends.native import native_flags as native
from buildtool.binary.macho import read_object

Make = Callable[..., Path]


@pytest.mark.parametrize("flags", [makefile, native])
def test_bitcode_can_be_asked_for(compile_macho: Make, flags: ModuleType) -> None:
    """Clang refuses some flags beside ``-fembed-bitcode``."""
    words = flags.compile_flags(level="Os", bitcode=True)
    found = read_object(compile_macho("a.cc.o", "int f() { return 1; }", "-fembed-bitcode", *words))
    assert found.bitcode is not None
    assert found.bitcode > 1
    assert "-ffunction-sections" in flags.compile_flags(level="Os")
