"""What the makefile of TensorFlow 1.x calls each platform: facts in ``data/makefile.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.decode import from_json
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA

TABLE = DATA / "makefile.yaml"


@dataclass(frozen=True, kw_only=True)
class MakefilePlatform:
    """One platform: ``target`` is the makefile's ``TARGET``; ``variables`` are set besides it for
    every ABI, ``abis`` for one; ``{sysroot}`` and ``{minimum_os}`` in them stand for what they say.
    Without ``abis``, all ABIs are the same to the makefile."""

    target: str
    variables: Mapping[str, str] = field(default_factory=dict)
    abis: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def makefile_variables(
    platform: str, abi: str, *, where: str, data: Path = TABLE
) -> dict[str, str]:
    """The makefile's variables that choose a platform and its ABI. ``where`` is the place in the
    target that asks for this backend.

    Raises:
        ConfigError: the makefile compiles for no such platform or ABI.
    """
    table = read_table(data)
    if platform not in table:
        what, known = platform, table
    else:
        found = from_json(MakefilePlatform, table[platform])
        if not found.abis or abi in found.abis:
            return {**found.variables, **found.abis.get(abi, {}), "TARGET": found.target}
        what, known = f"{abi} of {platform}", found.abis
    raise ConfigError(
        Problem(
            where=where,
            what=f"backend: TensorFlow's makefile does not compile for {what}",
            todo=f"{data.name} says what it can compile for: {', '.join(sorted(known))}; set "
            "'backend: auto', or take another tree",
        )
    )
