"""What a platform says of itself: facts, and where its tools, its SDK and its programs are found.

A platform is an object that is a :class:`Platform`; those for GNU/Linux's and Apple's object
formats are in ``elf_platform`` and ``apple_platform``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from buildtool.config import Target
from buildtool.core.values import Abi, ElfExpectation, MachoExpectation, Toolchain
from buildtool.sources import Cache, Lock

Expectation = ElfExpectation | MachoExpectation


@dataclass(frozen=True, kw_only=True)
class SourceAccess:
    """Where sources come from: the lock file, the user's cache, and whether to stay offline."""

    lock: Lock
    cache: Cache
    offline: bool


@dataclass(frozen=True, kw_only=True)
class ProgramRunner:
    """How this machine runs a program of an ABI: ``argv`` is put before it. ``emulated`` says what
    it runs on where that is not a device's own system, ``device`` which device; ``not_run`` why it
    cannot run here at all (all empty: this machine runs it)."""

    argv: tuple[str, ...] = ()
    emulated: str = ""
    device: str = ""
    not_run: str = ""


class Platform(Protocol):
    """A platform: its name, its ABIs, and what every object and program for it needs."""

    @property
    def name(self) -> str: ...

    @property
    def abis(self) -> Mapping[str, Abi]: ...

    @property
    def link_flags(self) -> tuple[str, ...]:
        """Flags of every link for it, each its own token."""
        ...

    @property
    def ndk_build(self) -> bool:
        """Whether apps for it are built by Android's ndk-build, too."""
        ...

    @property
    def app_builds(self) -> tuple[str, ...]:
        """The ways in which apps for it are built that this tool can write: names of
        :data:`buildtool.apps.APP_BUILDS`."""
        ...

    @property
    def fixed_addresses(self) -> bool:
        """Whether it starts programs that are linked for one address."""
        ...

    @property
    def run_keys(self) -> tuple[str, ...]:
        """The keys of ``run`` with which a target says where its programs run."""
        ...

    def app_link_flags(self, target: Target, abi: Abi) -> tuple[str, ...]:
        """Those flags with what the target asks of an app's link besides."""
        ...

    @property
    def products(self) -> tuple[str, ...]:
        """What its apps can get: names of :data:`buildtool.products.PRODUCTS`, the usual one
        first."""
        ...

    @property
    def runtimes(self) -> tuple[str, ...]:
        """What runs models in its apps: values of the key ``runtime``."""
        ...

    @property
    def path_variables(self) -> tuple[str, ...]:
        """The environment variables that name folders of its tools."""
        ...

    def sdk(self, target: Target, abi: Abi, access: SourceAccess) -> Path | None:
        """The headers and libraries that are compiled against; None: the compiler brings them.

        Raises:
            DownloadError, ToolError: they cannot be had.
        """
        ...

    def toolchain(self, target: Target, abi: Abi, sysroot: Path | None) -> Toolchain:
        """The tools that compile for the ABI, verified.

        Raises:
            ToolError: they are missing, too old or do not work; all of them at once.
        """
        ...

    def compiler_stamp(self, target: Target, abi: Abi) -> str:
        """A cheap value that changes when another compiler would be used. Starts no program."""
        ...

    def expectation(self, target: Target, abi: Abi) -> Expectation:
        """What every object must say of itself."""
        ...

    def runner(
        self, target: Target, abi: Abi, toolchain: Toolchain, access: SourceAccess
    ) -> ProgramRunner:
        """Where programs of the ABI run.

        Raises:
            BuildError, DownloadError, ToolError: what they run on cannot be made.
        """
        ...

    def run_stamp(self, target: Target) -> str:
        """A cheap value that changes with what programs would run on, besides the target."""
        ...
