"""What a target is: the keys of a target file, their types, defaults and descriptions.

This is the only definition. The loader reads these dataclasses to know what a file may say; the
JSON schema and the reference page are made from them, each description from the text that stands
under its field. A field without a default is a key that must be given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from buildtool.config.app_keys import App
from buildtool.config.backend_keys import Bazel, Makefile
from buildtool.config.convert_keys import Convert
from buildtool.config.kinds import (
    NO_RESULT,
    NOT_A_KEY,
    SHORTHAND,
    Bytes,
    Count,
    DataType,
    Define,
    Dimension,
    Flag,
    NameOrPath,
    Prefix,
    Release,
    Tolerance,
)
from buildtool.config.nodes import Value
from buildtool.config.optimise_keys import Optimise
from buildtool.config.platform_keys import Android, Ios
from buildtool.config.prepare_keys import Prepare
from buildtool.config.run_keys import Run

SCHEMA_VERSION = 1


def _unless(other: str) -> Mapping[str, str]:
    """A key that must be given unless ``other`` is."""
    return {"unless": other}


@dataclass(frozen=True, kw_only=True)
class ModelInput:
    """An input of a model, for models that do not say enough about it themselves."""

    name: str = field(metadata=SHORTHAND)
    """Name of the node or tensor that is fed, such as `x` or `x:0`."""

    dtype: DataType | None = None
    """Its type, such as `float` or `int64`, where the model does not say it. One that the model
    contradicts is an error."""

    shape: tuple[Dimension, ...] | None = None
    """Its shape; -1 is a dimension that is not known."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that the library must run."""

    path: Path = field(metadata=SHORTHAND)
    """A frozen graph (`.pb`, `.pbtxt`), a SavedModel folder, a checkpoint with its graph (`.meta`,
    the `.index`, or what both begin with), or a list of ops. For TensorFlow Lite a `.tflite` file,
    or with `convert` a SavedModel folder, a Keras file (`.keras`, `.h5`) or a frozen graph."""

    name: str = ""
    """What reports call it. Unset, the file's name without its ending."""

    inputs: tuple[ModelInput, ...] = ()
    """What is fed. Unset, the model's placeholders."""

    outputs: tuple[str, ...] = ()
    """Names of the nodes or tensors that are fetched. Unset, the nodes that nothing takes, but for
    by-products; the notes of the plan name them."""

    signature: str = ""
    """The signature of a SavedModel that is to run. Unset, `serving_default`, or the only one that
    there is."""

    tags: tuple[str, ...] = ()
    """The tags of the SavedModel's graph to take, such as `[serve, gpu]`. Unset, `serve`, or those
    of the only graph that there is."""

    initialise: tuple[str, ...] = ()
    """Names of nodes that the app runs once before the model, such as `init_all_tables`. Unset,
    those that fill the lookup tables in use; the notes of the plan name them."""

    state: Literal["freeze", "keep"] = "freeze"
    """What becomes of variables that a SavedModel or a checkpoint's graph changes in each run, such
    as counters: with `keep` they stay variables, which start from their saved values; `freeze`
    refuses such a model. All other variables become constants."""

    samples: Path | None = None
    """An `.npz` file with one array for each input; strings as arrays of numpy's kind S or U, and
    bytes that end with zeros as `numpy.void(bytes)`. Where each array has one dimension more than
    its input, it holds several runs: `prepare` makes them all, verification the first. Unset,
    seeded values are fed."""

    tolerance: Tolerance = Tolerance(1e-4)
    """Largest difference from TensorFlow's own outputs that verification accepts, as a share of the
    largest magnitude in the output: with `1e-3`, 0.1 where the largest value is 100. For floats;
    those of 16 bits may always differ by 8 units of their precision, quantized values by one step,
    and all others must be equal."""

    prepare: Prepare | None = None
    """What is done with this model before it ships, in place of the target's `prepare`."""

    convert: Convert | None = None
    """What this model becomes for TensorFlow Lite, in place of the target's `convert`."""

    app: App | None = field(default=None, metadata=NO_RESULT)
    """What the app that `doit app` writes does with this model. Where a target has several, the app
    is for the only one that has this key."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.path.stem)


@dataclass(frozen=True, kw_only=True)
class SizeBudget:
    """The largest sizes that are accepted; one that is unset is not checked."""

    archive: Bytes | None = None
    """The static archives that an app links, together. Where apps get shared libraries, the key is
    refused."""

    linked: Bytes | None = None
    """The runner program, linked as an app is, or the shared libraries of one ABI as they were
    linked. With symbols."""

    stripped: Bytes | None = None
    """The same without symbols."""

    compressed: Bytes | None = None
    """The same without symbols, compressed as `gzip -9` does, which is how APK, AAR and IPA files
    are; for Android each library for itself."""


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Further flags, each list item one argument, after the flags that the tool itself chooses."""

    compile: tuple[Flag, ...] = ()
    """For every C and C++ file."""

    link: tuple[Flag, ...] = ()
    """For every link, and among the flags that an app links with."""


@dataclass(frozen=True, kw_only=True)
class OwnSource:
    """A copy of a dependency's sources on this machine, used instead of a download."""

    name: str
    """Its name in the lock file, with its version or without: `protobuf`, `nsync-1.29.2`."""

    path: Path
    """A folder, an archive, or a git repository that has the locked commit."""


@dataclass(frozen=True, kw_only=True)
class DraftTarget:
    """One target file as the user wrote it, before its parents are merged in."""

    id: str = field(metadata=NOT_A_KEY)
    file: str = field(metadata=NOT_A_KEY)
    settings: Value = field(metadata=NOT_A_KEY)
    origins: Mapping[str, str] = field(metadata=NOT_A_KEY)

    schema_version: int = SCHEMA_VERSION
    """Version of this format."""

    extends: str | None = None
    """Id of another target whose settings this one starts from: one of the same `targets/`, or one
    that comes with this tool, such as `buildtool/pi`, of which all counts but its models and its
    `size_budget`."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One target, resolved: parents merged, defaults filled in, paths absolute, sizes in bytes.

    ``root`` is the project's folder, the one that holds the folder of target files; ``is_slice``
    says that this is one ABI of a target of several.
    """

    id: str = field(metadata=NOT_A_KEY)
    root: Path = field(metadata=NOT_A_KEY)
    origins: Mapping[str, str] = field(metadata=NOT_A_KEY, compare=False, repr=False)
    is_slice: bool = field(default=False, metadata=NOT_A_KEY)

    description: str = ""
    """One line that says what this target is."""

    platform: str
    """The platform that is built for, such as `raspberrypi` or `linux`."""

    abi: str = field(default="", metadata=_unless("slices"))
    """Its processor and calling convention, such as `armv7-neon` or `aarch64`."""

    slices: tuple[str, ...] = ()
    """Several ABIs instead of one. Each is a target of its own, called after this one and the ABI,
    such as `ios-arm64`; this one builds them all and packs them together."""

    glibc: Release | None = None
    """The glibc of the oldest device, such as `"2.28"`. Verification fails if the linked program
    asks for a newer one, and names the symbols that do. Unset, it is reported only."""

    cpu_flags: tuple[str, ...] = ()
    """Compiler flags that narrow the processor down further than the ABI does."""

    runtime: Literal["full", "lite", "lite-flex"] = "full"
    """What runs the models: all of TensorFlow (`full`), or TensorFlow Lite (`lite`), which runs
    `.tflite` models; `lite-flex` runs those that have ops of TensorFlow's own, too (Select TF ops).
    See [lite.md](lite.md)."""

    backend: str = "auto"
    """The build system that compiles TensorFlow: `native` a tree of 2.14, `makefile` one of 1.x by
    its own makefile, `bazel` any tree, for Android. `auto`: the one that the platform and the tree
    were made for."""

    product: str = "auto"
    """What an app gets: `static` archives that it links; `shared`, one library with TensorFlow's C
    API, or those that TensorFlow Lite's builds give; `java-library`, the archives with the library
    and classes by which Java uses them; for iOS `xcframework`, the archives of all slices packed
    together; for Android `prefab`, the shared libraries of all slices in an AAR, or `aar`,
    libraries that Java calls, of the backend `bazel`. `auto`: the platform's usual one; for Android
    `aar` if the tree is of 1.x."""

    exports: tuple[str, ...] = ()
    """Functions of TensorFlow's C API, or patterns such as `TF_Operation*`, that a shared library
    exports besides those that load a graph and run it."""

    compiler: NameOrPath = "clang"
    """`clang`, `gcc`, a prefix such as `arm-linux-gnueabihf-`, or the path of a compiler. For iOS:
    `xcode`, `llvm` (any machine), or `clang` for the one that is usual here."""

    sysroot: Path | None = None
    """The device's headers and libraries, or the platform's SDK. Unset, those that the compiler
    brings, or what the environment variable `SDKROOT` names."""

    tensorflow: NameOrPath = "tensorflow-2.14.1"
    """A source tree: its name in the lock file, or the path of a folder."""

    sources: tuple[OwnSource, ...] = field(default=(), metadata=NO_RESULT)
    """Your own copies of dependencies' sources. They must be what the lock file says, to the
    byte. A folder named by the environment variable `BUILDTOOL_SOURCES` with one entry for each,
    by name, does the same for all targets."""

    models: tuple[Model, ...] = ()
    """The models that the library must run; it holds what any of them needs."""

    rewrites: tuple[str, ...] = ()
    """Rewrites that bring models of a newer release of TensorFlow to the tree that is built, each
    by its name, or `all`; they compute the same. The rewritten models are in `dist/models/`. See
    [older-runtimes.md](older-runtimes.md)."""

    prepare: Prepare = Prepare()
    """What is done with the models before they ship: steps that make them smaller or faster. The
    prepared models are in `dist/models/`. See [prepare.md](prepare.md)."""

    convert: Convert | None = None
    """With a runtime of TensorFlow Lite: what models become that are none of its own (SavedModels,
    Keras files, frozen graphs), by TensorFlow's converter. The converted models are in
    `dist/models/`. See [lite.md](lite.md#models-that-are-not-converted-yet)."""

    types: Literal["model", "slim", "full"] = "model"
    """Tensor types that kernels are compiled for: just those that the models use, TensorFlow's
    slim mobile set, or all."""

    kernels: Literal["optimised", "reference"] = "optimised"
    """Which of TensorFlow Lite's kernels are linked, where it has two for an op: `reference` ones
    are plain loops, smaller and many times slower. See [lite.md](lite.md#reference-kernels)."""

    registration: Literal["selective", "all"] = "selective"
    """Kernels that the library holds: those that the models need, or all of the tree's."""

    file_list: Literal["trimmed", "additions", "stock"] = "trimmed"
    """Files that the backends `makefile` and `bazel` take: those that the models and the runtime
    need; all that the tree's own list or groups name, and what the models need besides; or the
    tree's own alone. `native` always takes those that are needed."""

    optimise: Optimise = Optimise()
    """What the compiler and linker optimise for."""

    size_budget: SizeBudget = SizeBudget()
    """The largest sizes that are accepted; one that is unset is not checked. They are for the
    models named here: other models on the command line set them aside."""

    defines: tuple[Define, ...] = ()
    """Further preprocessor macros, `NAME` or `NAME=VALUE`. They also decide what is registered."""

    flags: Flags = Flags()
    """Further flags, each list item one argument, after the flags that the tool itself chooses."""

    patches: tuple[Path, ...] = ()
    """Patch files for the TensorFlow tree, applied in this order to the build's own copy."""

    protobuf_prefix: Prefix | None = None
    """Start of other names for the library's protobuf, for apps that have one of their own: with
    `ours`, the namespace `google::protobuf` becomes `ours_google::protobuf`, and its headers move
    to `ours_google/protobuf/`. Unset, nothing is renamed."""

    app_protobuf: Path | None = None
    """The folder of the protobuf that the app itself has, with `google/protobuf/` in it, its
    `include` or its `src`. It is only looked at: a library that clashes with it is an error."""

    ios: Ios = Ios()
    """For the platform `ios`: the oldest system, what objects hold, and what the package is
    called."""

    android: Android = Android()
    """For the platform `android`: the SDK and NDK, what is built, and what the package is
    called."""

    run: Run = Run()
    """What programs are run on, to verify the library and to profile models: a board, a device, or
    an Android's libraries."""

    makefile: Makefile = Makefile()
    """For the backend `makefile`: what a tree of TensorFlow 1.x is built with."""

    bazel: Bazel = Bazel()
    """For the backend `bazel`: which Bazel, and with which settings."""

    jobs: Count | None = field(default=None, metadata=NO_RESULT)
    """Compilers that run at once. Unset, as many as processors and memory allow."""

    launcher: Literal["auto", "ccache", "sccache", "distcc", "none"] = field(
        default="auto", metadata=NO_RESULT
    )
    """What starts the compilers. `auto`: ccache where it is installed."""

    def where(self, key: str) -> str:
        """Where the value of ``key`` was written, such as ``targets/pi.yaml:14``.

        Keys are written as in messages: ``size_budget.stripped``, ``models[0].path``. For a value
        that nobody wrote it is the nearest thing around it that somebody did, at last the file.
        """
        while key and key not in self.origins:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return self.origins[key]

    def canonical(self) -> dict[str, object]:
        """All that decides what is built, JSON-able and the same wherever the project stands.

        Paths inside the project are relative to its root. The description is left out, as are the
        places where values were written, and keys that make no difference to the result.
        """
        skipped = {"description", "is_slice", "origins", "root"}
        return {
            each.name: _plain(getattr(self, each.name), self.root)
            for each in dataclasses.fields(self)
            if each.name not in skipped and each.metadata.get("decides", True)
        }


def _plain(value: object, root: Path) -> object:
    """``value`` in types that JSON has."""
    if dataclasses.is_dataclass(value):
        fields = (each for each in dataclasses.fields(value) if each.metadata.get("decides", True))
        return {each.name: _plain(getattr(value, each.name), root) for each in fields}
    if isinstance(value, tuple):
        return [_plain(item, root) for item in value]
    if isinstance(value, Path):
        return (value.relative_to(root) if value.is_relative_to(root) else value).as_posix()
    return value
