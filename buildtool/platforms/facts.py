"""What a platform module states: facts only, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from buildtool.core.values import Abi

# The usual artefact: static archives, which an app links.
ARCHIVES = "archives"


class Platform(Protocol):
    """A platform: its name, its ABIs, and what every object and program for it needs."""

    @property
    def name(self) -> str: ...

    @property
    def abis(self) -> Mapping[str, Abi]: ...

    @property
    def link_flags(self) -> tuple[str, ...]: ...

    @property
    def package(self) -> str:
        """What the slices of a target are packed into: a name of ``packaging.FORMATS``; empty where
        each library stays by itself."""
        ...

    @property
    def artefact(self) -> str:
        """What an app gets: a name of :data:`buildtool.products.artefacts.ARTEFACTS`."""
        ...


@dataclass(frozen=True, kw_only=True)
class ElfPlatform:
    """A platform whose programs are ELF files linked against a C library of GNU/Linux."""

    name: str
    abis: Mapping[str, Abi]
    link_flags: tuple[str, ...] = ("-pthread", "-ldl", "-lm")
    package: str = ""
    artefact: str = ARCHIVES


@dataclass(frozen=True, kw_only=True)
class MachoPlatform:
    """A platform whose programs are Mach-O files linked against Apple's libraries: ``frameworks``
    and ``libraries`` are those that an app names."""

    name: str
    abis: Mapping[str, Abi]
    frameworks: tuple[str, ...]
    libraries: tuple[str, ...]
    package: str
    artefact: str = ARCHIVES

    @property
    def link_flags(self) -> tuple[str, ...]:
        """Each flag its own token."""
        frameworks = (word for name in self.frameworks for word in ("-framework", name))
        return (*frameworks, *(f"-l{name}" for name in self.libraries))
