"""How the native backend compiles each runtime: a :class:`Flavour` for each value of the key
``runtime`` that it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from buildtool.backends.common.flags import TYPE_DEFINES
from buildtool.backends.common.selection_header import PREFIX_HEADERS
from buildtool.backends.native import native_flags as flags
from buildtool.core.lite_names import is_lite_file
from buildtool.core.paths import ARCHIVE_NAMES, FLEX_ARCHIVE, LITE_ARCHIVE
from buildtool.starlark.buildfiles import (
    BuildGraph,
    Candidate,
    flex_candidates,
    lite_candidates,
    mobile_candidates,
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Those of TensorFlow's files, ``takes`` says which, that go into the last archive: they are
    linked as dependencies are. ``name`` is what CMake calls them, ``prefix`` and
    ``prefix_headers`` are as in a :class:`Flavour`."""

    name: str
    takes: Callable[[str], bool]
    prefix: str
    prefix_headers: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Flavour:
    """What the project of one runtime is made of.

    ``defines`` are the macros of all files, to which those of the type policy come; ``candidates``
    finds the tree's files that may be linked. ``archives`` are what CMake makes, TensorFlow's own
    objects in the first, those of the dependencies in the last. ``prefix`` is the template of the
    header that is read before each of TensorFlow's files, with ``prefix_headers`` in it, and
    ``dependency_headers`` are those of the C++ library that come before dependencies' files.
    ``shims`` are headers that stand for others in ``templates/native/include``, ``lite_shims`` more
    of them where messages are lite; ``has_protos`` says
    whether protoc makes some of its files, ``selects`` whether ``ops_to_register.h`` is read,
    ``resolves`` whether a resolver of TensorFlow Lite's ops is written for it. ``part`` are
    TensorFlow's files that are no dependencies, but archived with them.
    """

    runtime: str
    defines: tuple[str, ...]
    type_defines: Mapping[str, tuple[str, ...]]
    candidates: Callable[[BuildGraph, Iterable[str]], tuple[Candidate, ...]]
    archives: tuple[str, ...]
    prefix: str
    prefix_headers: Sequence[str]
    dependency_headers: Sequence[str]
    shims: tuple[str, ...]
    has_protos: bool
    selects: bool
    resolves: bool
    lite_shims: tuple[str, ...] = ()
    part: Part | None = None

    def all_defines(self, *, types: str, extra: Sequence[str] = ()) -> tuple[str, ...]:
        """All macros, sorted; ``types`` is the target's type policy."""
        return tuple(sorted({*self.defines, *self.type_defines.get(types, ()), *extra}))


FULL = Flavour(
    runtime="full",
    defines=flags.DEFINES,
    type_defines=TYPE_DEFINES,
    candidates=mobile_candidates,
    archives=ARCHIVE_NAMES,
    prefix="native/tensorflow_prefix.h.j2",
    prefix_headers=PREFIX_HEADERS,
    dependency_headers=flags.DEPENDENCY_HEADERS,
    shims=(
        "tensorflow/core/framework/attr_value.pb_text.h",
        "tensorflow/core/framework/tensor.pb_text.h",
        "tensorflow/core/framework/types.pb_text.h",
        "tensorflow/core/framework/registration/options.h",
    ),
    lite_shims=("tensorflow/core/framework/attr_value_reader.h",),
    has_protos=True,
    selects=True,
    resolves=False,
)
LITE = Flavour(
    runtime="lite",
    defines=flags.LITE_DEFINES,
    type_defines={},
    candidates=lite_candidates,
    archives=(LITE_ARCHIVE,),
    prefix="native/lite_prefix.h.j2",
    prefix_headers=(
        *flags.LITE_HEADERS,
        "tensorflow/lite/schema/schema_generated.h",
        "tensorflow/lite/core/subgraph.h",
        "tensorflow/lite/kernels/kernel_util.h",
    ),
    dependency_headers=flags.LITE_HEADERS,
    shims=("pthreadpool.h",),
    has_protos=False,
    selects=False,
    resolves=True,
)
# Both halves have the same macros: what they make of Eigen's templates meets in one program.
LITE_FLEX = replace(
    FULL,
    runtime="lite-flex",
    defines=(*FULL.defines, *LITE.defines),
    candidates=flex_candidates,
    archives=(FLEX_ARCHIVE, LITE_ARCHIVE),
    shims=(*FULL.shims, *LITE.shims),
    resolves=True,
    part=Part(
        name="lite", takes=is_lite_file, prefix=LITE.prefix, prefix_headers=LITE.prefix_headers
    ),
)
FLAVOURS = {flavour.runtime: flavour for flavour in (FULL, LITE, LITE_FLEX)}
