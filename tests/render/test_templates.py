"""Every template is in a golden file, and golden files are the same on every machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import PARTS, PROJECT

TOOLS = ("clang", "cmake", "g++", "ld.lld", "ninja")
DATE = r"\b20\d\d-\d\d-\d\d\b"


def golden_files(root: Path) -> list[Path]:
    """The golden files of a checkout; the reference page is one, too."""
    found = (path for path in (root / "tests").rglob("golden/**/*") if path.is_file())
    return [*sorted(found), root / "docs/targets.md"]


def text_of(path: Path) -> str:
    """The content of a file; some are not in UTF-8, for tests of just that."""
    return path.read_text(encoding="utf-8", errors="replace")


def test_every_template_is_in_a_golden_file(tmp_path: Path) -> None:
    """In a copy of the project each template starts with a mark of its own. The golden tests write
    their files anew, and each mark must get into one: so a template was rendered, and what came of
    it is compared."""
    project = tmp_path / "project"
    for part in (*PARTS, "docs", "pyproject.toml", "tests"):
        (project / part).parent.mkdir(exist_ok=True)
        if (PROJECT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / part, project / part, ignore=ignored)
        else:
            shutil.copy(PROJECT / part, project / part)
    templates = sorted((project / "templates").rglob("*.j2"))
    marks = {path: f"template {number} is here" for number, path in enumerate(templates)}
    for path, mark in marks.items():
        path.write_text(f"{mark}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    said = rewrite_golden_files(project, tmp_path / "tests")
    texts = "".join(map(text_of, golden_files(project)))
    missing = [path.relative_to(project) for path, mark in marks.items() if mark not in texts]
    assert templates
    assert not missing, f"in no golden file: {', '.join(map(str, missing))}\n{said}"


def rewrite_golden_files(project: Path, temporary: Path) -> str:
    """Run the golden tests of a checkout so that they write their files; what pytest said."""
    tests = sorted((project / "tests").rglob("test_*.py"))
    with_golden = [path for path in tests if "golden:" in path.read_text(encoding="utf-8")]
    argv = [
        *(sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "--rewrite-golden"),
        *(f"--basetemp={temporary}", "-m", "not build and not network", *map(str, with_golden)),
    ]
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": str(project)}
    done = subprocess.run(argv, cwd=project, env=env, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def of_this_machine() -> re.Pattern[str]:
    """What paths of this machine look like in a text, and versions of its tools."""
    folders = [PROJECT, Path.home(), Path(tempfile.gettempdir())]
    folders += [Path(sys.prefix)] if sys.prefix != sys.base_prefix else []
    paths = [rf"(?<![\w.}}-]){re.escape(str(each))}\b" for each in folders if each != Path("/")]
    said = [
        subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
        for tool in TOOLS
        if shutil.which(tool)
    ]
    found = [match[0] for text in said if (match := re.search(r"\d+\.\d+\.\d+", text))]
    return re.compile("|".join([*paths, *(rf"\b{re.escape(each)}\b" for each in found), DATE]))


def test_golden_files_are_the_same_on_every_machine_and_day() -> None:
    own = of_this_machine()
    texts = {path.relative_to(PROJECT): text_of(path) for path in golden_files(PROJECT)}
    found = {str(path): own.findall(text) for path, text in texts.items()}
    assert {path: words for path, words in found.items() if words} == {}
