"""The step ``plan``: everything is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from buildtool.config import Target
from buildtool.core.errors import ModelError
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import KernelCatalogue, SourceTree
from buildtool.model import ModelSource, chosen_rewrites, read_models, read_runtime_facts
from buildtool.plan.build_plan import make_plan, plan_to_json
from buildtool.plan.runtime import runtime_roots
from buildtool.plan.selection import deciding_attrs, select
from buildtool.platforms.facts import ARCHIVES
from buildtool.products import dist
from buildtool.starlark.buildfiles import load_packages
from buildtool.workflow.kept import write_models
from buildtool.workflow.workspace import Inputs, Workspace, find_inputs, target_catalogue


def plan(work: Workspace) -> str:
    """Decide everything, and write ``plan.json``. Returns what was decided, in one line.

    Raises:
        ModelError: the models cannot run on such a library; every reason at once.
    """
    rewrites = chosen_rewrites(work.target.rewrites, work.target.where("rewrites"))
    inputs = find_inputs(work)
    backend, job, target = inputs.backend, inputs.job, work.target
    work.say("reading the kernels and ops of the tree")
    catalogue = target_catalogue(work, inputs, backend.defines(job, target.types))
    reading = read_models(
        _model_sources(work.target),
        definitions=catalogue.definitions,
        registered_ops=[place.op for place in catalogue.ops],
        deciding=deciding_attrs(catalogue),
        cache=work.cache.root,
        facts=read_runtime_facts(inputs.tree.path),
        rewrites=rewrites,
    )
    graph = load_packages(
        inputs.tree.path,
        backend.conditions(job),
        work.cache.folder("buildfiles", inputs.tree.digest[:16]),
    )
    selection = select(
        reading.opset,
        catalogue,
        others=_OtherCatalogues(work, inputs),
        portable=backend.portable(job, graph),
    )
    problems = [
        *reading.problems,
        *selection.problems,
        *backend.foreign_problems(job, catalogue.defines, selection.kernels),
    ]
    if problems:
        raise ModelError(problems)
    work.say("reading the tree's BUILD files")
    offers = backend.offers(job, graph, [k.registration.source for k in selection.kernels])
    graph.save()
    built = make_plan(
        target=target.id,
        version=inputs.tree.version,
        models=reading.opset.models,
        catalogue=catalogue,
        kernels=selection.kernels,
        ops=[op for op, _ in selection.ops],
        types=selection.types,
        roots=runtime_roots(inputs.tree.version),
        offers=offers,
        compile_flags=backend.compile_flags(job),
        link_flags=_link_flags(inputs),
        notes=[
            *reading.notes,
            *selection.notes,
            *_tree_notes(inputs.tree),
            *(job.renaming.notes if job.renaming else ()),
            *backend.notes(job),
            *job.toolchain.notes,
        ],
    )
    write_if_changed(work.folder / "plan.json", to_json(plan_to_json(built)))
    write_models(work, reading.opset.models)
    required = sum(file.required for file in built.files)
    return (
        f"{len(built.ops)} ops, {len(built.kernels)} kernels, {required} files to compile in any "
        f"case, {len(built.files) - required} if symbols ask for them"
    )


def _link_flags(inputs: Inputs) -> tuple[str, ...]:
    """Of an app's final link, where apps link the library; else of the library's own."""
    job, own = inputs.job, inputs.backend.link_flags(inputs.job)
    if inputs.backend.artefact != ARCHIVES:
        return (*own, *job.target.flags.link)
    return dist.app_link_flags(
        own,
        job.platform.link_flags,
        job.target.flags.link,
        object_format=job.toolchain.object_format,
    )


class _OtherCatalogues(Mapping[str, KernelCatalogue]):
    """Catalogues under the other type policies, made only if an error message asks."""

    def __init__(self, work: Workspace, inputs: Inputs) -> None:
        self._work, self._inputs = work, inputs
        self._names = {
            f"types: {policy}": policy
            for policy in inputs.backend.type_policies
            if policy != work.target.types
        }

    def __getitem__(self, name: str) -> KernelCatalogue:
        defines = self._inputs.backend.defines(self._inputs.job, self._names[name])
        return target_catalogue(self._work, self._inputs, defines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _model_sources(target: Target) -> list[ModelSource]:
    return [
        ModelSource(
            path=model.path,
            name=model.name,
            inputs=tuple(given.name for given in model.inputs),
            outputs=model.outputs,
            shapes={given.name: given.shape for given in model.inputs if given.shape is not None},
            dtypes={given.name: given.dtype for given in model.inputs if given.dtype is not None},
            places={
                given.name: target.where(f"models[{index}].inputs[{place}].dtype")
                for place, given in enumerate(model.inputs)
            },
        )
        for index, model in enumerate(target.models)
    ]


def _tree_notes(tree: SourceTree) -> list[str]:
    if not tree.local_changes:
        return []
    shown = ", ".join(tree.local_changes[:5])
    return [f"the tree has local changes, which are built as they are: {shown}"]
