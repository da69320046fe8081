"""What is set on the makefile's command line, and the folder of the objects."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.backends.common.flags import CUT_TYPE_DEFINES
from buildtool.backends.makefile.file_lists import DOWNLOADS, FOLDER
from buildtool.backends.makefile.libraries import Libraries
from buildtool.backends.makefile.make import shell_words
from buildtool.backends.makefile.makefile_flags import LITE
from buildtool.backends.makefile.makefile_overlay import MADE
from buildtool.backends.makefile.makefile_platforms import makefile_variables
from buildtool.core.own_files import stamp_of
from buildtool.core.render import write_if_changed
from buildtool.core.run import program_state
from buildtool.core.values import BuildPlan, Toolchain
from buildtool.plan.selecting_macros import SLIM_TYPES
from buildtool.tools.launcher import Launcher

# What each compiler calls a precompiled header, and what it needs to make one that does not depend
# on times (clang's users manual, "Precompiled Headers").
PCH = {
    "clang": (".pch", ("-Xclang", "-fno-pch-timestamp", "-fpch-instantiate-templates")),
    "gcc": (".gch", ()),
}
# proto_text is narrowed to what needs no zlib where the system's symbols can be read.
HOST_LIBRARIES = {
    "elf": ("-lstdc++", "-lm", "-ldl", "-pthread"),
    "macho": ("-lc++", "-lz"),
}
HOST_FLAGS = ("--std=c++11", "-w")
# The folders of what is made for the target and for this machine; each has a file with its key.
TARGET_FOLDER, HOST_FOLDER = "target", "host"
KEY = "key.txt"
LIBRARY = "libtensorflow-core.a"
BITCODE = "-fembed-bitcode"


def question_variables(platform: Mapping[str, str]) -> dict[str, str]:
    """Settings under which the makefile tells what it would do for ``TARGET``, without a build's
    own flags. ``platform`` are the settings that choose it, ``TARGET`` among them. An empty
    ``ANDROID_TYPES`` would count as unset."""
    return {
        **platform,
        "ANDROID_TYPES": " ",
        "GENDIR": f"{MADE}/asked/",
        "MAKEFILE_DIR": FOLDER,
        "OPTFLAGS": "",
    }


def platform_variables(job: Job) -> dict[str, str]:
    """Settings that choose the platform and its ABI.

    Raises:
        ConfigError: the makefile compiles for no such platform or ABI.
    """
    values = {"sysroot": str(job.toolchain.sysroot or ""), "minimum_os": job.abi.minimum_os}
    chosen = makefile_variables(job.platform.name, job.abi.name, where=job.target.where("backend"))
    return {name: text.format(**values) for name, text in chosen.items()}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides what make does with one plan. ``platform`` are the settings that
    choose the platform; ``prefix`` the text of the prefix header; ``folder`` is where make runs."""

    platform: Mapping[str, str]
    types: str
    plan: BuildPlan
    toolchain: Toolchain
    host: Toolchain
    libraries: Libraries
    launcher: Launcher
    prefix: str
    folder: Path

    @property
    def keys(self) -> dict[str, str]:
        """What decides, besides the files' own content, what is in the folders of what is made: the
        value of each changes with it, so that nothing stale is ever linked. It is no part of the
        folder's name, which compilers are told: it holds paths of this machine."""
        return {TARGET_FOLDER: self.key, HOST_FOLDER: self._host_key}

    @property
    def key(self) -> str:
        """Of objects: changes with the compiler, flags, macros and headers. What a single file
        registers is not part of it: make knows the headers that each object was made from."""
        parts = (
            # Files of another tree may be older than what was made of this one's.
            self.plan.tree_digest,
            self.toolchain.identity,
            program_state(self.toolchain.cxx.path),
            *self.plan.compile_flags,
            *self.plan.defines,
            *map(str, self.libraries.includes),
            *self._placeless(),
            *(f"{name}={path}" for name, path in sorted(self.libraries.downloads.items())),
            str(self.libraries.protoc),
            str(self.launcher.pch),
            self.prefix,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def gendir(self) -> str:
        """Where target files are made, below the folder that make runs in."""
        return f"{MADE}/{TARGET_FOLDER}/"

    @property
    def host_made(self) -> str:
        """Where what runs on this machine is made."""
        return f"{MADE}/{HOST_FOLDER}/"

    @property
    def archive(self) -> str:
        """The archive that the makefile's own rule makes."""
        return f"{self.gendir}lib/{LIBRARY}"

    def variables(self) -> dict[str, str]:
        """The command line: what the makefile knows, and (``BUILDTOOL_``) what selection.mk
        does."""
        made = self.host_made
        pch, pch_flags = PCH[self.toolchain.kind] if self.launcher.pch else ("", ())
        flags = (*self.toolchain.compile_flags, *self.plan.compile_flags)
        defines = [f"-D{define}" for define in self.plan.defines]
        types = [f"-D{define}" for define in CUT_TYPE_DEFINES[self.types]]
        return {
            **self.platform,
            "ANDROID_TYPES": shell_words(types),
            "AR": shell_words([str(self.toolchain.ar.path)]),
            # New, without dates, users and paths, and with an index.
            "ARFLAGS": self.toolchain.archive_flags,
            "CC": self._launched(self.toolchain.cc.path),
            "CXX": self._launched(self.toolchain.cxx.path),
            # The makefile would put some targets' in folders below these.
            "BINDIR": f"{self.gendir}bin/",
            "DEPDIR": f"{self.gendir}dep/",
            "LIBDIR": f"{self.gendir}lib/",
            "OBJDIR": f"{self.gendir}obj/",
            "GENDIR": self.gendir,
            "HOST_BINDIR": f"{made}bin/",
            "HOST_CXX": self._launched(self.host.cxx.path),
            "HOST_CXXFLAGS": shell_words(HOST_FLAGS),
            "HOST_GENDIR": f"{made}obj/",
            "HOST_LDOPTS": "",
            "HOST_LIBS": shell_words(
                [
                    *map(str, self.libraries.host_archives),
                    *HOST_LIBRARIES[self.host.object_format],
                ]
            ),
            "HOST_OBJDIR": f"{made}obj/",
            "LDFLAGS": "",
            "LIBFLAGS": "",
            "LIBS": shell_words(list(map(str, self.libraries.archives))),
            "MAKEFILE_DIR": FOLDER,
            "OPTFLAGS": shell_words([*flags, *defines, *self._placeless()]),
            "PROTOCFLAGS": shell_words(self._protoc_flags()),
            "PROTOC": shell_words([str(self.libraries.protoc)]),
            "BUILDTOOL_DROPPED": shell_words(self._dropped()),
            "BUILDTOOL_HOST_INCLUDES": self._includes(self.libraries.host_includes),
            "BUILDTOOL_INCLUDES": self._includes(self.libraries.includes),
            "BUILDTOOL_PCH": pch,
            "BUILDTOOL_PCH_FLAGS": shell_words(pch_flags),
        }

    @property
    def _host_key(self) -> str:
        """Of what is made for this machine."""
        archives = map(str, self.libraries.host_archives)
        protoc = str(self.libraries.protoc)
        parts = (self.plan.tree_digest, program_state(self.host.cxx.path), *archives, protoc)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def _placeless(self) -> list[str]:
        """``__FILE__`` of the libraries' headers, which gets into the library by protobuf's checks,
        is what includes say; debug information, where the flags ask for it, names no folder of this
        machine. ccache takes the last of these flags for the same, whatever it maps."""
        maps = [f"-ffile-prefix-map={self._link(each)}/=" for each in self.libraries.includes]
        if self.toolchain.kind == "clang":
            return [*maps, "-fdebug-compilation-dir=."]
        flags = (*self.toolchain.compile_flags, *self.plan.compile_flags)
        debug = any(flag.startswith("-g") for flag in flags)
        return [*maps, *([f"-fdebug-prefix-map={self.folder}=."] if debug else [])]

    def _link(self, folder: Path) -> str:
        """The name of a folder of the libraries below the folder that make runs in, which has links
        to them: the same wherever they are."""
        for name, tree in self.libraries.downloads.items():
            if folder.is_relative_to(tree):
                return str(Path(DOWNLOADS, name) / folder.relative_to(tree))
        return str(folder)

    def _includes(self, folders: Sequence[Path]) -> str:
        return shell_words([f"-I{self._link(folder)}" for folder in folders])

    def _dropped(self) -> list[str]:
        """What the makefile sets by itself and the target decides."""
        types = [] if self.types == "slim" else [f"-D{SLIM_TYPES}"]
        wanted = self.toolchain.object_format == "elf" or BITCODE in self.toolchain.compile_flags
        return types if wanted else [*types, BITCODE]

    def _protoc_flags(self) -> list[str]:
        lite = ["--cpp_opt=lite"] if LITE in self.plan.defines else []
        return ["-I.", *(f"-I{folder}" for folder in self.libraries.host_includes), *lite]

    def _launched(self, program: Path) -> str:
        words = [self.launcher.program] if self.launcher.program else []
        return shell_words([*words, str(program)])


def keep_only(folder: Path, keys: Mapping[str, str]) -> None:
    """Remove what was made below ``folder`` under other settings. ``keys`` are the folders' names
    and what theirs are now."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and (path.name not in keys or stamp_of(path / KEY) != keys[path.name]):
            shutil.rmtree(path)
    for name, key in keys.items():
        write_if_changed(folder / name / KEY, key)
