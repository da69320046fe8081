"""The fingerprint: what a library says of itself, a few hundred bytes of text that stay in every
program that is linked with it.

It names contents alone, no place and no date, so that the same plan has the same fingerprint
everywhere. In the file it stands between a mark and a null byte, so that it is found in any kind of
file: an object, an archive, a program, several of them in one.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from buildtool.core.release import tool_release

FORMAT = 1
# The symbol, and the name of the object that has it.
SYMBOL = "buildtool_fingerprint"
_MARK = b"buildtool-fingerprint "
_WHOLE = re.compile(re.escape(_MARK) + rb"(\d{1,4})\n([^\0]{1,2048})\0")
_MODELS, _NAME = 6, 40  # so many models are named, with so many letters
_DIGEST, _PLAN = 16, 32  # hexadecimal digits
_END = "end"


class NewerFingerprintError(ValueError):
    """A fingerprint in a format of a later release of this tool; the text is its number."""


@dataclass(frozen=True, kw_only=True)
class MarkedModel:
    """A model that a library was made for: its name and the first digits of its SHA-256."""

    name: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """What made a library. ``tool`` is the release of this tool, ``tree`` the first digits of the
    hash of TensorFlow's tree, ``plan`` those of ``plan.json``; ``more`` counts the models that are
    not named."""

    tool: str
    target: str
    release: str
    tree: str
    plan: str
    models: tuple[MarkedModel, ...]
    more: int = 0


def make_fingerprint(
    *, target: str, release: str, tree: str, plan: str, models: Sequence[tuple[str, str]]
) -> Fingerprint:
    """That of a build; ``models`` are names and SHA-256, ``tree`` and ``plan`` are hashes."""
    return Fingerprint(
        tool=tool_release(),
        target=_plain(target),
        release=_plain(release),
        tree=tree[:_DIGEST],
        plan=plan[:_PLAN],
        models=tuple(
            MarkedModel(name=_plain(name), digest=digest[:_DIGEST])
            for name, digest in models[:_MODELS]
        ),
        more=len(models[_MODELS:]),
    )


def fingerprint_text(of: Fingerprint) -> str:
    """What stands in the library: ASCII, at most some 600 bytes."""
    lines = [
        f"{_MARK.decode()}{FORMAT}",
        f"tool {of.tool}",
        f"target {of.target}",
        f"tensorflow {of.release} {of.tree}",
        f"plan {of.plan}",
        *(f"model {model.digest} {model.name}" for model in of.models),
        *([f"more {of.more}"] if of.more else []),
        _END,
    ]
    return "".join(f"{line}\n" for line in lines)


def find_fingerprints(data: bytes | mmap.mmap | memoryview) -> tuple[Fingerprint, ...]:
    """The fingerprints in a file's bytes, each once, in their order; what is damaged is none.

    Raises:
        NewerFingerprintError: one is in a later format.
    """
    found: dict[Fingerprint, None] = {}
    for match in _WHOLE.finditer(data):
        if int(match[1]) > FORMAT:
            raise NewerFingerprintError(match[1].decode())
        found.update(dict.fromkeys(_parsed(match[2].decode("ascii", "replace"))))
    return tuple(found)


def _parsed(text: str) -> Iterator[Fingerprint]:
    lines = text.split("\n")
    if lines[-2:] != [_END, ""]:
        return
    rows = [line.partition(" ")[::2] for line in lines[:-2]]
    said = dict(rows)
    release, _, tree = said.get("tensorflow", "").rpartition(" ")
    more = said.get("more", "0")
    if not {"tool", "target", "tensorflow", "plan"} <= said.keys() or not more.isdecimal():
        return
    models = [text.partition(" ") for kind, text in rows if kind == "model"]
    yield Fingerprint(
        tool=said["tool"],
        target=said["target"],
        release=release,
        tree=tree,
        plan=said["plan"],
        models=tuple(MarkedModel(name=name, digest=digest) for digest, _, name in models),
        more=int(more),
    )


def _plain(text: str) -> str:
    """Text in a line of printable ASCII; names in targets may hold anything."""
    return "".join(each if " " <= each <= "~" else "?" for each in text)[:_NAME]
