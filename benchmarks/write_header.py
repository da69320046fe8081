"""From a model to ``ops_to_register.h``, nothing else: the process that the benchmark measures.

``python write_header.py TREE CACHE HEADER_FOLDER PREPROCESSOR MODEL``
"""

from __future__ import annotations

import sys
from pathlib import Path

from buildtool.catalogue.kernels import make_catalogue
from buildtool.core.render import Renderer
from buildtool.model import ModelSource, read_models, read_runtime_facts
from buildtool.plan.selection import deciding_attrs, select


def main(tree: Path, cache: Path, folder: Path, preprocessor: str, model: Path) -> int:
    """Write the header; give the number of kernel classes in it."""
    catalogue = make_catalogue(
        tree,
        defines=(),
        preprocessor=(preprocessor, "-E"),
        cache=cache,
        tree_digest=str(tree),
    )
    reading = read_models(
        [ModelSource(path=model)],
        definitions=catalogue.definitions,
        registered_ops=[place.op for place in catalogue.ops],
        deciding=deciding_attrs(catalogue),
        facts=read_runtime_facts(tree),
        cache=cache,
    )
    selection = select(reading.opset, catalogue)
    problems = [*reading.problems, *selection.problems]
    if problems:
        sys.exit("\n".join(map(str, problems)))
    kernels = {chosen.registration.kernel_class for chosen in selection.kernels}
    Renderer(folder).render(
        "ops_to_register.h",
        "ops_to_register.h.j2",
        target=model.stem,
        version="benchmark",
        defines=catalogue.defines,
        ops=[op for op, _ in selection.ops],
        kernels=sorted(kernels),
    )
    return len(kernels)


if __name__ == "__main__":
    tree, cache, folder, preprocessor, model = sys.argv[1:]
    print(main(Path(tree), Path(cache), Path(folder), preprocessor, Path(model)))
