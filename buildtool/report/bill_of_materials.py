"""What a library is made of, for those who must know: a bill of materials in CycloneDX's format.

CycloneDX 1.5 as JSON, by the package ``cyclonedx-python-lib``. It says neither when it was made nor
where, so that the same library has the same bill everywhere.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from buildtool.core.render import to_json

# Names of properties begin with the name of who defines them (CycloneDX, "Property taxonomy").
TOOL = "buildtool"


@dataclass(frozen=True, kw_only=True)
class Material:
    """A source of which something is in the library. ``licence`` is an SPDX expression, empty where
    only the texts are known; ``repository`` is ``OWNER/NAME@REVISION`` on GitHub, if it is there;
    ``tree`` the hash of its files, as ``sources.lock.yaml`` has it."""

    name: str
    version: str = ""
    licence: str = ""
    repository: str = ""
    tree: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What a target's library is made of. ``models`` are those that it was built for, with the
    SHA-256 of each; ``facts`` further properties, such as the compiler."""

    target: str
    release: str
    materials: Sequence[Material]
    models: Mapping[str, str]
    facts: Mapping[str, str] = field(default_factory=dict)


def bill_text(bill: Bill) -> str:
    """The bill as CycloneDX's JSON: the same text for the same bill."""
    library = Component(
        name=f"TensorFlow for {bill.target}",
        version=bill.release,
        type=ComponentType.LIBRARY,
        bom_ref="library",
        properties=_properties(bill.facts),
    )
    parts = [*map(_material, bill.materials), *map(_model, sorted(bill.models.items()))]
    bom = Bom(components=parts)
    bom.metadata.component = library
    bom.register_dependency(library, parts)
    written = json.loads(JsonV1Dot5(bom).output_as_string())
    del written["metadata"]["timestamp"], written["serialNumber"]
    number = uuid.uuid5(uuid.NAMESPACE_URL, to_json(written))
    return to_json({**written, "serialNumber": number.urn})


def _material(material: Material) -> Component:
    facts = {"tree": material.tree, "licence texts": ", ".join(material.texts)}
    return Component(
        name=material.name,
        version=material.version or None,
        type=ComponentType.LIBRARY,
        bom_ref=material.name,
        licenses=[LicenseFactory().make_from_string(material.licence)] if material.licence else (),
        purl=_purl(material.repository),
        properties=_properties({name: text for name, text in facts.items() if text}),
    )


def _purl(repository: str) -> PackageURL | None:
    place, _, revision = repository.partition("@")
    owner, _, name = place.partition("/")
    return PackageURL("github", owner, name, revision) if name else None


def _model(model: tuple[str, str]) -> Component:
    name, digest = model
    return Component(
        name=name,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )


def _properties(facts: Mapping[str, str]) -> list[Property]:
    return [Property(name=f"{TOOL}:{name}", value=value) for name, value in sorted(facts.items())]
