"""The tool as people install it: what is in the wheel is enough, and comes from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import PROJECT, Project
from tests.limits import HANG

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [pytest.mark.real_tree, pytest.mark.build]


def pip(*words: str | Path) -> None:
    argv: Sequence[str | Path] = (sys.executable, "-m", "pip", *words, "--quiet")
    subprocess.run(argv, check=True, timeout=HANG)


@pytest.fixture
def installed(tmp_path: Path, real_cache: Path) -> Project:
    """A repository of the user's, and an environment with the wheel; what that needs besides comes
    from the environment of these tests."""
    wheels, environment = tmp_path / "wheels", tmp_path / "environment"
    own = ("--no-deps", "--no-build-isolation", "--wheel-dir", wheels)
    pip("wheel", PROJECT, *own)
    (wheel,) = wheels.iterdir()
    assert wheel.name.startswith("tensorflow_selective-")
    venv.create(environment, symlinks=True, with_pip=False)
    (packages,) = environment.glob("lib/*/site-packages")
    pip("--python", environment / "bin" / "python", "install", wheel, "--no-deps")
    others = Path(pytest.__file__).parents[1]
    (packages / "others.pth").write_text(f"{others}\n", encoding="utf-8")
    home = tmp_path / "app"
    home.mkdir()
    shutil.copy(PROJECT / "models" / "digits.pb", home)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "BUILDTOOL_CACHE": str(real_cache),
    }
    return Project(root=home, env=env, program=(str(environment / "bin" / "buildtool"),))


def test_a_wheel_plans_and_generates_in_a_foreign_folder(installed: Project) -> None:
    installed.doit("init", "digits.pb", "--platform", "linux")
    ended = installed.doit("generate:linux")
    assert "plan:linux: 11 ops, 11 kernels" in ended.out
    generated = installed.folder("linux") / "generated"
    assert (generated / "native" / "CMakeLists.txt").is_file()
    assert (generated / "ops_to_register.h").is_file()
    assert str(PROJECT) not in (installed.folder("linux") / "plan.json").read_text("utf-8")
    assert installed.doit("generate:linux").out == "generate:linux: up to date\n"
