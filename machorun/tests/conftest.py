"""Programs to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from machorun.tests.macho_files import Make, compiler_in, linker_in


@pytest.fixture
def compile_macho(tmp_path: Path) -> Make:
    """Compiles text: ``compile_macho("a.o", text, target=DEVICE)``; C++ if the name says .cc.o."""
    return compiler_in(tmp_path)


@pytest.fixture
def link_macho(tmp_path: Path) -> Make:
    """Links a program as ld64.lld does for an app; ``more`` symbols come from the system."""
    return linker_in(tmp_path)
