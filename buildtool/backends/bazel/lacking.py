"""Files of kernels that a link lacks although the tree's BUILD files name them nowhere, or name
them only for what registers other kernels: found by the symbols that the linker misses, and kept
for the next build."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.backends.bazel.groups import KERNELS, OF_GPUS, trims
from buildtool.backends.bazel.trimming import SOURCES
from buildtool.catalogue.definers import DefinerIndex
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import BuildPlan, FileKind, PlannedFile
from buildtool.plan.build_plan import TENSORFLOW
from buildtool.tools.bazel.events import BuildOutcome
from buildtool.tools.linkers import UNDEFINED

LINKING = "CppLink"
_NOT_BUILT = (*OF_GPUS, "_test.cc", "_test_utils.cc")


@dataclass(kw_only=True)
class LackingFiles:
    """``files`` with the symbol that each was taken for. ``planned_paths`` are compiled anyway."""

    job: Job
    path: Path
    planned_paths: frozenset[str]
    files: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, job: Job, plan: BuildPlan) -> LackingFiles:
        """What earlier builds of this tree with the same kernels found."""
        kernels = sorted({item.registration.source for item in plan.kernels})
        digest = hashlib.sha256("\n".join((plan.tree_digest, *kernels)).encode()).hexdigest()
        path = job.cache.folder("needs") / f"bazel-{digest[:16]}.json"
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        planned = frozenset(file.path for file in plan.files)
        found = known.items() if isinstance(known, dict) and trims(job.target) else ()
        files = {str(name): str(symbol) for name, symbol in found if name not in planned}
        return cls(job=job, path=path, planned_paths=planned, files=files)

    def learn(self, output: str, ended: BuildOutcome) -> bool:
        """Look for what the linker missed; whether any file was found for it, and can be added."""
        if not trims(self.job.target) or not any(action.type == LINKING for action in ended.failed):
            return False
        symbols = sorted(set(UNDEFINED.findall(output)))
        index = self._index() if symbols else None
        before = len(self.files)
        for symbol in symbols:
            for path in index.candidates(symbol) if index else ():
                name = path.relative_to(self.job.tree.path).as_posix()
                if name not in self.planned_paths:
                    self.files.setdefault(name, symbol)
                    break
        return len(self.files) > before

    def keep(self) -> None:
        """Remember what was found, now that the library is linked with it."""
        if self.files:
            write_if_changed(self.path, to_json(self.files))

    def planned(self) -> list[PlannedFile]:
        """The files as a plan has them."""
        return [
            PlannedFile(
                root=TENSORFLOW,
                path=path,
                kind=FileKind.RUNTIME,
                reason=f"defines {symbol}, which the link lacked",
                required=True,
            )
            for path, symbol in sorted(self.files.items())
        ]

    def _index(self) -> DefinerIndex:
        folder = self.job.tree.path / KERNELS
        files = [
            (TENSORFLOW, path)
            for path in sorted(folder.rglob("*"))
            if path.suffix in SOURCES and not path.name.endswith(_NOT_BUILT)
        ]
        return DefinerIndex.build(files, self.job.cache.root / "definers")
