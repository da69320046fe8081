"""The backends' flags in the hands of a compiler for Apple's systems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.backends.common.flags import compile_flags
from buildtool.backends.native.native_flags import COMPILE_FLAGS
from buildtool.binary.macho import read_object

Make = Callable[..., Path]


@pytest.mark.parametrize("own", [(), COMPILE_FLAGS])
def test_bitcode_can_be_asked_for(compile_macho: Make, own: tuple[str, ...]) -> None:
    """Clang refuses some flags beside ``-fembed-bitcode``."""
    words = compile_flags(level="Os", bitcode=True, own=own)
    found = read_object(compile_macho("a.cc.o", "int f() { return 1; }", "-fembed-bitcode", *words))
    assert found.bitcode is not None
    assert found.bitcode > 1
    assert "-ffunction-sections" in compile_flags(level="Os", own=own)
