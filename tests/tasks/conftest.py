"""A copy of the project in a folder of its own, and doit run there as people run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
PARTS = ("buildtool", "templates", "runner", "models", "targets", "dodo.py")
# What shells, CMake, Ninja, Jinja and format strings would make something of.
ODD = 'it\'s an "odd" $HOME %d {{ 7*7 }} pläce'
ODD_MODEL = "odd 'n' \"{{ 7*7 }}\" $HOME %d <b>"
# Of what the default model has, it lacks BiasAdd and Softmax, whose kernels stand in files of
# their own, and whose ops stand in nn_ops.cc as Relu does.
SMALL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: 3 } dim { size: 4 } } } } }
node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: 0.5
              tensor_shape { dim { size: 4 } dim { size: 2 } } } } } }
node { name: "m" op: "MatMul" input: "x" input: "w" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Relu" input: "m" attr { key: "T" value { type: DT_FLOAT } } }
versions { producer: 1575 }
"""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a finished command gave."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What the steps said at their ends: the lines that name their time."""
        return [line for line in self.out.splitlines() if line.endswith(" s)")]

    @property
    def steps(self) -> list[str]:
        """The steps that were done."""
        return [line.partition(": ")[0] for line in self.lines]


@dataclass(frozen=True, kw_only=True)
class Project:
    """A copy of the project. ``env`` is all that its commands see of an environment; ``program``
    is what takes doit's words."""

    root: Path
    env: Mapping[str, str] = field(default_factory=dict)
    program: Sequence[str] = (sys.executable, "-m", "doit")

    def doit(
        self,
        *words: str,
        code: int = 0,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        prefix: Sequence[str] = (),
    ) -> Ended:
        """Run doit to its end; it must end with ``code`` and without a traceback."""
        done = subprocess.run(
            [*prefix, *self.program, *words],
            cwd=cwd or self.root,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=1200,
        )
        ended = Ended(
            code=done.returncode,
            out=done.stdout,
            err=done.stderr,
        )
        shown = f"{' '.join(words)}: {ended.code}\n{ended.out}\n{ended.err}"
        assert "Traceback" not in ended.out + ended.err, shown
        assert ended.code == code, shown
        return ended

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start doit in a process group of its own; its output comes through one pipe."""
        # What runs in the background of a shell has that signal ignored, and passes this on.
        return subprocess.Popen(
            ["/usr/bin/env", "--default-signal=INT", *self.program, *words],
            cwd=self.root,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def folder(self, target: str) -> Path:
        """What belongs to a target."""
        return self.root / "build" / target

    def target(self, name: str, text: str) -> None:
        """Write a target file."""
        (self.root / "targets" / f"{name}.yaml").write_text(text, encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Built:
    """The project, and what its first build said and made."""

    project: Project
    first: Ended
    archive: bytes

    @property
    def folder(self) -> Path:
        return self.project.folder("pi")

    def objects(self) -> dict[str, int]:
        """The object files, and when they were made."""
        found = (self.folder / "native" / "CMakeFiles").rglob("*.o")
        return {str(path): path.stat().st_mtime_ns for path in found}

    def remade(self, before: Mapping[str, int]) -> set[str]:
        """Sources of the objects that were there and are others now. New ones do not count: what
        builds of other projects learn at the same time may be tried here too."""
        now = self.objects()
        return {Path(path).stem for path in before if now.get(path) != before[path]}

    def files(self) -> dict[str, int]:
        """All that is reported, generated or shipped, and when it was written."""
        tops = [path for path in self.folder.iterdir() if path.is_file()]
        below = [p for top in ("generated", "dist") for p in (self.folder / top).rglob("*")]
        return {
            str(path.relative_to(self.folder)): path.stat().st_mtime_ns
            for path in (*tops, *below)
            if path.is_file()
        }

    def kernels(self) -> set[tuple[str, str]]:
        plan = json.loads((self.folder / "plan.json").read_text("utf-8"))
        found = (kernel["registration"] for kernel in plan["kernels"])
        return {(kernel["op"], kernel["kernel_class"]) for kernel in found}

    @property
    def library(self) -> bytes:
        return (self.folder / "dist" / "lib" / "libtensorflow.a").read_bytes()

    def model(self, name: str, text: str) -> Path:
        path = self.project.root.parent / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def make_project() -> Callable[..., Project]:
    """Copies the project: ``make_project(folder, cache=...)``."""

    def make(root: Path, *, cache: Path) -> Project:
        for part in PARTS:
            source = PROJECT / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, root / part, ignore=ignored)
            else:
                shutil.copy(source, root / part)
        home = root.parent / "home"
        home.mkdir(exist_ok=True)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "BUILDTOOL_CACHE": str(cache),
        }
        return Project(root=root, env=env)

    return make


@pytest.fixture
def project(tmp_path: Path, make_project: Callable[..., Project]) -> Project:
    """A fresh copy in an oddly named folder, with a cache that is empty."""
    return make_project(tmp_path / ODD, cache=tmp_path / "cache")


@pytest.fixture
def real_project(tmp_path: Path, make_project: Callable[..., Project], real_cache: Path) -> Project:
    """A fresh copy in an oddly named folder, with the real sources."""
    return make_project(tmp_path / ODD, cache=real_cache)


@pytest.fixture(scope="session")
def real_cache(real_tree: Path) -> Path:
    """The cache that holds the real sources, all of them verified."""
    cache = real_tree.parent.parent
    if real_tree.parent.name != "trees" or not (cache / "archives").is_dir():
        pytest.skip("needs the sources in the cache: run 'python -m buildtool.sources' once")
    return cache


@pytest.fixture
def tools(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of the real tools of PATH, some missing, some replaced by scripts:
    ``tools(without=("clang*",), scripts={"ninja": "exit 1"})``."""

    def make(*, without: Sequence[str] = (), scripts: Mapping[str, str] | None = None) -> Path:
        folder = tmp_path / "tools"
        folder.mkdir()
        for place in os.environ["PATH"].split(os.pathsep):
            for tool in sorted(Path(place).glob("*")):
                hidden = any(tool.match(pattern) for pattern in without)
                if not hidden and not (folder / tool.name).is_symlink():
                    (folder / tool.name).symlink_to(tool)
        for name, script in (scripts or {}).items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (folder / name).chmod(0o755)
        return folder

    return make


@pytest.fixture(scope="session")
def odd_model() -> str:
    """What the default model of the built project is called."""
    return ODD_MODEL


@pytest.fixture(scope="session")
def small_model() -> str:
    """A text model that needs some of what the default model needs."""
    return SMALL


@pytest.fixture(scope="session")
def pi_tools() -> None:
    """Skips where this machine cannot build and run programs for the Raspberry Pi."""
    for tool in ("clang++", "ld.lld", "cmake", "ninja", "ccache", "protoc", "qemu-arm-static"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    if not Path("/usr/arm-linux-gnueabihf/lib").is_dir():
        pytest.skip("needs the C library of g++-arm-linux-gnueabihf")


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    real_cache: Path,
    pi_tools: None,  # noqa: ARG001  (it skips where there are none)
) -> Built:
    folder = tmp_path_factory.mktemp("built") / 'it\'s an "odd" $HOME %d {{ 7*7 }} pläce'
    project = make_project(folder, cache=real_cache)
    # The default model under an odd name, which reports show.
    odd = project.root / "models" / f"{ODD_MODEL}.pb"
    (project.root / "models" / "digits.pb").rename(odd)
    for target in (project.root / "targets").glob("*.yaml"):
        text = target.read_text(encoding="utf-8")
        text = text.replace("models/digits.pb", json.dumps(f"models/{odd.name}"))
        target.write_text(text, encoding="utf-8")
    first = project.doit("build:pi")
    built = Built(project=project, first=first, archive=b"")
    return replace(built, archive=built.library)


@pytest.fixture
def as_it_was(built: Built) -> Iterator[None]:
    """After the test, the next run simply builds what was there at first."""
    yield
    built.project.doit("build:pi")
    assert built.library == built.archive
