"""Where the parts of this project stand, and what a build leaves where below its folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# The folder from which Python takes this package: a checkout, or that of all installed packages.
IMPORTED_FROM = PACKAGE.parent
MACHORUN = IMPORTED_FROM / "machorun"
# What comes with the code: in a checkout beside the package, in an installed package within it.
_INSTALLED = PACKAGE / "shipped"
SHIPPED = _INSTALLED if _INSTALLED.is_dir() else IMPORTED_FROM
DATA = PACKAGE / "data"
# Targets that users' own ones may start from.
TARGETS = SHIPPED / "targets"
TEMPLATES = SHIPPED / "templates"
RUNNERS = SHIPPED / "runner"
RUNNER = RUNNERS / "runner.cc"
LITE_RUNNER = RUNNERS / "lite_runner.cc"
LITE_C_RUNNER = RUNNERS / "lite_c_runner.c"
C_API_RUNNER = RUNNERS / "c_api_runner.c"
JAVA = SHIPPED / "java"
LOCK = DATA / "sources.lock.yaml"

# The archives of a static library: TensorFlow's own objects, which an app links whole, and all
# that they depend on.
WHOLE_ARCHIVE = "libtensorflow.a"
DEPENDENCY_ARCHIVE = "libtensorflow_deps.a"
ARCHIVE_NAMES = (WHOLE_ARCHIVE, DEPENDENCY_ARCHIVE)
# That of TensorFlow Lite, with all that it depends on: nothing in it registers itself.
LITE_ARCHIVE = "libtensorflow-lite.a"
# TensorFlow's own ops for it and the delegate that runs them, which an app links whole.
FLEX_ARCHIVE = "libtensorflow-lite-flex.a"
# The same as shared libraries, by the names that TensorFlow's own builds give them.
LITE_LIBRARY, FLEX_LIBRARY = "libtensorflowlite_c.so", "libtensorflowlite_flex.so"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The files of one target: ``folder`` is ``build/<target id>``. It may be relative, and with
    an empty path all are relative to that folder (:data:`WITHIN`)."""

    folder: Path

    @property
    def plan(self) -> Path:
        """The build plan."""
        return self.folder / "plan.json"

    @property
    def models(self) -> Path:
        """Where the frozen models of this machine lie."""
        return self.folder / "models.json"

    @property
    def catalogue(self) -> Path:
        """What the tree registers under the plan's macros."""
        return self.folder / "catalogue.json.gz"

    @property
    def prepared(self) -> Path:
        """Which models were prepared, and where the graphs lie that take their places."""
        return self.folder / "prepared.json"

    @property
    def preparation(self) -> Path:
        """The report on what was done to the models, as a page; the text and the JSON stand beside
        it."""
        return self.folder / "prepare.html"

    @property
    def converted(self) -> Path:
        """Which models were converted, and where the files lie that take their places."""
        return self.folder / "converted.json"

    @property
    def conversion(self) -> Path:
        """The report on what the converter did, as a page; the text and the JSON stand beside
        it."""
        return self.folder / "convert.html"

    def result(self, name: str) -> Path:
        """What a step has found, such as ``verification`` or ``size``."""
        return self.folder / f"{name}.json"

    @property
    def report(self) -> Path:
        """The report as a page; the text and the JSON stand beside it."""
        return self.folder / "report.html"

    @property
    def overlay(self) -> Path:
        """TensorFlow's tree with the target's patches."""
        return self.folder / "overlay"

    @property
    def renamed(self) -> Path:
        """TensorFlow's tree and protobuf's with another name for protobuf."""
        return self.folder / "renamed"

    @property
    def generated(self) -> Path:
        """What the build reads, and is the same on any machine."""
        return self.folder / "generated"

    @property
    def manifest(self) -> Path:
        """The list of the generated files."""
        return self.generated / "manifest.json"

    @property
    def link_set(self) -> Path:
        """The files that are linked, each with its reason."""
        return self.generated / "files.json"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def log(self, name: str) -> Path:
        """The output of the programs of one step: ``compile``, ``device``, ``package``."""
        return self.logs / f"{name}.log"

    @property
    def runner(self) -> Path:
        """The folder where the runner is linked with the library."""
        return self.folder / "runner"

    @property
    def program(self) -> Path:
        """The runner, linked with the library."""
        return self.runner / "runner"

    @property
    def verify(self) -> Path:
        """The inputs and outputs of the models that were run."""
        return self.folder / "verify"

    @property
    def inspect(self) -> Path:
        """What was found in the models, by name."""
        return self.folder / "inspect"

    @property
    def show(self) -> Path:
        """The target as it is after all files are read."""
        return self.folder / "show"

    @property
    def explain(self) -> Path:
        """The last answers of the step ``explain``."""
        return self.folder / "explain"

    @property
    def what_if(self) -> Path:
        """What was last supposed, and what it would change."""
        return self.folder / "what-if"

    @property
    def diff(self) -> Path:
        """What changed, as the step ``diff`` has found it."""
        return self.folder / "diff"

    @property
    def last(self) -> Path:
        """The reports of the last builds, for comparing."""
        return self.folder / "last"

    @property
    def profile(self) -> Path:
        """How long each model took, node by node, as text, JSON and page."""
        return self.folder / "profile"

    @property
    def size(self) -> Path:
        """The stripped copies that were measured."""
        return self.folder / "size"

    @property
    def package(self) -> Path:
        """Packages that were not yet checked."""
        return self.folder / "package"

    @property
    def dist(self) -> Path:
        """What an app gets."""
        return self.folder / "dist"

    def archives(self, names: Iterable[str]) -> tuple[Path, ...]:
        """The archives of a static library."""
        return tuple(self.dist / "lib" / name for name in names)

    @property
    def headers(self) -> Path:
        """The headers that an app may include."""
        return self.dist / "include"

    @property
    def licences(self) -> Path:
        """The licences of everything that is in the library, a folder for each source."""
        return self.dist / "licences"

    @property
    def bill(self) -> Path:
        """The list of all that is in the library."""
        return self.dist / "sbom.cdx.json"

    @property
    def rewritten_models(self) -> Path:
        """The models that were changed to run with this library."""
        return self.dist / "models"


# The same below any target's folder, for lists of names.
WITHIN = Layout(folder=Path())
