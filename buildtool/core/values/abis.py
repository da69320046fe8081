"""Facts of one ABI of a platform."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class OsVersions:
    """The releases of the system that an ABI can be built for, such as ``12.0``.

    ``default`` is what a target gets that names none; ``oldest`` and ``newest`` (empty: any) limit
    what it may name. Where no device runs a release older than ``least``, that one is built for
    instead of an older one that is named for all ABIs of a target together.
    """

    default: str
    oldest: str
    newest: str = ""
    least: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AppleFacts:
    """What Apple's tools call an ABI.

    ``cpu`` is the word for ``-arch``; ``platform`` what a Mach-O file must say that it is for
    (a name of :class:`~buildtool.core.values.MachoExpectation`);
    ``sdk`` what ``xcrun --sdk`` takes,
    ``folder`` the name of the SDK's folder without ``.sdk``; ``tbd`` the word for the ABI in text
    stubs of libraries.
    """

    cpu: str
    platform: str
    sdk: str
    folder: str
    tbd: str


@dataclass(frozen=True, kw_only=True)
class Abi:
    """One ABI of a platform.

    ``triple`` is the GNU triple of the cross tools, and what clang takes as ``--target``; where
    the release of the system is part of it, ``{minimum_os}`` stands there until a target has said
    which. ``cpu_flags`` are the compiler's flags for the least CPU that the ABI promises.
    ``machine`` and ``bits`` are what the header of every object must say;
    ``arm_architecture`` (the value of Tag_CPU_arch, 0 where it does not apply) is the newest ARM
    architecture, and ``neon`` and ``hard_float`` what the attributes may and must say.
    ``emulators`` are programs of qemu's user mode, best first; ``sysroot`` is where Debian's
    cross packages put the target's C library; ``packages`` are the Debian packages that give
    compilers for this ABI. ``os_versions`` is None where objects are not made for a release of the
    system; ``minimum_os`` is the one that a target has named. ``system_macros`` are what the
    system's headers say of it: sources are read without these headers to learn what they register.
    """

    name: str
    triple: str
    cpu_flags: tuple[str, ...]
    machine: str
    bits: int
    emulators: tuple[str, ...]
    sysroot: str
    packages: tuple[str, ...]
    arm_architecture: int = 0
    neon: bool = False
    hard_float: bool = False
    os_versions: OsVersions | None = None
    minimum_os: str = ""
    system_macros: tuple[str, ...] = ()
    apple: AppleFacts | None = None

    @property
    def object_format(self) -> str:
        """``macho`` or ``elf``."""
        return "macho" if self.apple else "elf"
