"""The step ``compile``: the generated files become a library, and what an app gets of it."""

from __future__ import annotations

from buildtool.backends.fingerprint_object import add_fingerprint
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Compile what the plan needs and put the product together. Returns a line.

    Raises:
        BuildError: something does not compile or link.
    """
    library = work.backend.build(work.job, work.plan)
    add_fingerprint(work.job, work.plan, library.archives)
    return work.product.maker(work.target).assemble(work, library)
