"""An SDK of Apple's: where it is, what it is for, which libraries it names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.values import AppleFacts

SETTINGS = "SDKSettings.json"
# Where text stubs of libraries stand in an SDK, below its root.
LIBRARIES = "usr/lib"
FRAMEWORKS = "System/Library/Frameworks"
CXX_HEADERS = "usr/include/c++/v1"
TODO = (
    "set SDKROOT, or 'sysroot:' in the target, to an SDK of Xcode's: the folder that "
    "'xcrun --sdk {sdk} --show-sdk-path' prints on a Mac, or a copy of it"
)


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """An SDK: its root folder, its version (``17.2``) and Apple's name for it (``iphoneos17.2``).
    ``stands_in`` says what it is if it is none of Apple's; empty for a real one."""

    path: Path
    version: str
    name: str
    stands_in: str = ""

    def stubs(self, facts: tuple[str, ...]) -> tuple[Path, ...]:
        """The text stubs of the C library and of the libraries and frameworks of these names."""
        libraries = self.path / LIBRARIES
        places = [libraries / "libSystem.tbd", *sorted((libraries / "system").glob("*.tbd"))]
        for name in facts:
            places += [
                libraries / f"lib{name}.tbd",
                libraries / f"lib{name}abi.tbd",
                self.path / FRAMEWORKS / f"{name}.framework" / f"{name}.tbd",
                *sorted((self.path / FRAMEWORKS / f"{name}.framework").glob("**/lib*.tbd")),
            ]
        return tuple(dict.fromkeys(place for place in places if place.is_file()))


def read_sdk(path: Path, facts: AppleFacts) -> Sdk:
    """What an SDK says of itself.

    Raises:
        ToolError: there is none, or it is for another platform.
    """
    todo = TODO.format(sdk=facts.sdk)
    try:
        settings = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
        name, version = str(settings["CanonicalName"]), str(settings["Version"])
    except (OSError, ValueError, KeyError, TypeError):
        what = f"is not an SDK: it has no {SETTINGS} with its name"
        raise ToolError(Problem(where=str(path), what=what, todo=todo)) from None
    if not name.startswith(facts.sdk):
        what = f"is an SDK of another platform: {name}, but {facts.sdk} is needed"
        raise ToolError(Problem(where=str(path), what=what, todo=todo))
    stands_in = str(settings.get("StandsIn", ""))
    return Sdk(path=path, version=version, name=name, stands_in=stands_in)
