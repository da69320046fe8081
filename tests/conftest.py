"""What all tests share: golden files, and the real inputs where this machine has them."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from buildtool.core.errors import DownloadError
from buildtool.core.paths import LOCK
from buildtool.core.run import Command, run
from buildtool.sources import Cache, Progress, fetch_all, load_lock
from tests.limits import HANG

pytest_plugins = ("tests.cpu_times", "tests.skips", "tests.workers")

PROJECT = Path(__file__).resolve().parent.parent
OLD_PROTOBUF, NEW_PROTOBUF = "protobuf-3.5.0", "protobuf-3.21.12"
# Of protobuf, what struct.proto, any.proto and text format have no use for.
UNUSED = re.compile(
    r"test|mock|/(util|compiler|testing)/|_win32|_msvc|gzip|printer|statusor"
    r"|/(api|duration|empty|field_mask|source_context|timestamp|type|wrappers)\.pb\.cc"
)
# Of protobuf, what most of its files include.
READ_OFTEN = ("message.h", "descriptor.pb.h", "dynamic_message.h", "wire_format.h")
DEFINE = "-DHAVE_PTHREAD"
# The tool itself, and what is the user's in a checkout.
TOOL = ("buildtool", "machorun", "templates", "runner", "java")
PARTS = (*TOOL, "models", "targets", "dodo.py")


@dataclass(frozen=True, kw_only=True)
class CommandResult:
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
    ) -> CommandResult:
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
            timeout=HANG,
        )
        ended = CommandResult(
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="write golden files instead of comparing; runs the tests that have some, and no other",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--rewrite-golden"):
        rest = [item for item in items if "golden" not in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in rest]
        config.hook.pytest_deselected(items=rest)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares text with a golden file, or writes the file under ``--rewrite-golden``."""

    def compare(path: Path, actual: str) -> None:
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
        if not path.is_file():
            pytest.fail(f"{path} is not there; run pytest with --rewrite-golden and read it")
        assert actual == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def real_tree() -> Path:
    """The root of the TensorFlow 2.14.1 sources."""
    return (
        _given("BUILDTOOL_TEST_TREE")
        or _cached("tensorflow-2.14.1")
        or _skip("needs the TensorFlow 2.14.1 sources: set BUILDTOOL_TEST_TREE, or build once")
    )


@pytest.fixture(scope="session")
def trees_1x() -> dict[str, Path]:
    """The roots of TensorFlow 1.x source trees by their release (``1.8``). No package archive has
    one: ``BUILDTOOL_TEST_TF1`` names a folder that has one in each of its folders."""
    folder = _given("BUILDTOOL_TEST_TF1") or _skip(
        "needs source trees of TensorFlow 1.x: set BUILDTOOL_TEST_TF1 to a folder of them"
    )
    found = {}
    for version in sorted(folder.glob("*/tensorflow/core/public/version.h")):
        numbers = dict(re.findall(r"define TF_(M\w+)_VERSION (\d+)", version.read_text("utf-8")))
        found[f"{numbers['MAJOR']}.{numbers['MINOR']}"] = version.parents[3]
    return found


@pytest.fixture(scope="session")
def tree_1x(trees_1x: dict[str, Path]) -> Path:
    """The root of a TensorFlow 1.8 source tree."""
    return trees_1x.get("1.8") or _skip("needs TensorFlow 1.8 in the folder BUILDTOOL_TEST_TF1")


@pytest.fixture(scope="session")
def old_protobuf() -> Path:
    """The sources of protobuf 3.5.0, the one that generated code in namespaces of file names."""
    return _fetched(OLD_PROTOBUF)


@pytest.fixture(scope="session")
def new_protobuf() -> Path:
    """The sources of protobuf 3.21.12, the one that has port_def.inc and descriptor tables."""
    return _fetched(NEW_PROTOBUF)


@dataclass(frozen=True, kw_only=True)
class AppCompiler:
    """Compiles protobuf for this machine, as an app would have it; or for another one."""

    compiler: Sequence[str]
    ar: str = "ar"

    def objects(self, sources: Iterable[Path], root: Path, folder: Path, *flags: str) -> list[Path]:
        """An object of each source, below ``folder``. ``root`` is the folder of includes."""

        def compile_one(source: Path) -> Path:
            place = folder / source.relative_to(root).with_suffix(".o")
            place.parent.mkdir(parents=True, exist_ok=True)
            self._compile(root, *flags, "-c", str(source), "-o", str(place))
            return place

        with ThreadPoolExecutor(os.cpu_count()) as workers:
            return list(workers.map(compile_one, sources))

    def protobuf(self, root: Path, archive: Path) -> Path:
        """The part of protobuf that struct.proto, any.proto and text format use."""
        folder = next(root.glob("*google/protobuf/message.cc")).parent
        files = sorted(folder.rglob("*.cc"))
        sources = [file for file in files if not UNUSED.search(str(file.relative_to(root)))]
        # Reading headers would be three quarters of the time.
        prefix = archive.with_suffix(".h")
        prefix.write_text("".join(f'#include "{folder / header}"\n' for header in READ_OFTEN))
        words = ("-x", "c++-header", str(prefix), "-o", f"{prefix}.gch")
        self._compile(root, DEFINE, *words)
        made = archive.with_suffix("")
        objects = self.objects(sources, root, made, DEFINE, "-include", str(prefix))
        argv = (self.ar, "qc", str(archive), *map(str, objects))
        run(Command(argv=argv), what="archiving protobuf")
        return archive

    def _compile(self, root: Path, *words: str) -> None:
        argv = (*self.compiler, "-std=c++14", "-w", "-O0", f"-I{root}", *words)
        run(Command(argv=argv), what=f"compiling for {words[-1]}")


@pytest.fixture(scope="session")
def app_compiler() -> AppCompiler:
    """A compiler of this machine: clang, which takes half of GCC's time for protobuf."""
    found = shutil.which("clang++") or shutil.which("g++")
    if found is None:
        pytest.skip("needs clang++ or g++")
    return AppCompiler(compiler=(found,))


@pytest.fixture(scope="session")
def wheel_dir() -> Path:
    """The folder that holds the ``tensorflow`` package of the 2.14.1 wheel."""
    return (
        _given("BUILDTOOL_TEST_WHEEL")
        or _cached("tensorflow-cpu-2.14.1")
        or _installed()
        or (_skip("needs the tensorflow-cpu 2.14.1 wheel: set BUILDTOOL_TEST_WHEEL, or install it"))
    )


@pytest.fixture(scope="session")
def made_models() -> Path:
    """A folder of frozen models of many kinds, made by TensorFlow in a process of its own; kept."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs an importable tensorflow: pip install -e '.[tensorflow]'")
    script = PROJECT / "tests" / "models" / "make_models.py"
    key = hashlib.sha256(script.read_bytes()).hexdigest()[:12]
    folder = PROJECT / ".cache" / "test-models" / key
    command = Command(argv=(sys.executable, str(script), str(folder)))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:  # against other workers
        fcntl.flock(lock, fcntl.LOCK_EX)
        run(command, what="making models to test with", timeout=HANG)
    return folder


@pytest.fixture(scope="session")
def make_project() -> Callable[..., Project]:
    """Copies the project: ``make_project(folder, cache=...)``. With ``own`` also the tool itself,
    for tests that change it, or to which its folder's name matters; else there are links to it."""

    def make(root: Path, *, cache: Path, own: bool = False) -> Project:
        root.mkdir(parents=True)
        for part in PARTS:
            source = PROJECT / part
            if part in TOOL and not own:
                (root / part).symlink_to(source)
            elif source.is_dir():
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


Compile = Callable[..., Path]


def _compiler(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs the compiler {name}")
    return found


@pytest.fixture
def compile_c(tmp_path: Path) -> Compile:
    """Compiles C text: ``compile_c("a.o", text, "-c", compiler="gcc")``."""

    def build(name: str, text: str, *flags: str, compiler: str = "cc") -> Path:
        source = tmp_path / f"{name}.c"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text, encoding="utf-8")
        output = tmp_path / name
        argv = [_compiler(compiler), *flags, str(source), "-o", str(output)]
        subprocess.run(argv, check=True, capture_output=True)
        return output

    return build


@pytest.fixture
def make_archive(tmp_path: Path) -> Callable[..., Path]:
    """Makes an archive with the host's ``ar``, members as often as they are given."""

    def build(name: str, *objects: Path, modifiers: str = "qc") -> Path:
        archive = tmp_path / name
        ar = _compiler("ar")
        for item in objects:
            subprocess.run([ar, modifiers, str(archive), str(item)], check=True)
        return archive

    return build


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


def _given(variable: str) -> Path | None:
    """The folder that an environment variable names; one that is not there is a mistake."""
    value = os.environ.get(variable)
    if value and not Path(value).is_dir():
        pytest.fail(f"{variable}: there is no folder {value}")
    return Path(value) if value else None


def _cached(name: str) -> Path | None:
    """A verified tree in one of the places where sources are cached."""
    for home in (PROJECT / ".cache" / "buildtool", Cache.of_user().root):
        for stamp in sorted(home.glob(f"trees/{name}-*.verified")):
            return stamp.with_suffix("")
    return None


def _installed() -> Path | None:
    """Where Python has TensorFlow 2.14.1, found without importing it."""
    found = importlib.util.find_spec("tensorflow")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent.parent
    return folder if any(folder.glob("tensorflow*-2.14.1.dist-info")) else None


def _skip(reason: str) -> Path:
    pytest.skip(reason)


def _fetched(name: str) -> Path:
    try:
        trees = fetch_all(
            load_lock(LOCK),
            [name],
            cache=Cache.of_user(),
            offline=True,
            progress=Progress.of_process(),
        )
    except DownloadError:
        pytest.skip(f"needs the sources of {name}: python -m buildtool.sources {name}")
    return trees[name].path
