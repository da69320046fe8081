"""The JSON schemas of target files, of their defaults and of what is local, for editors:
``python -m buildtool.config.schema --write``.

Writes ``targets/schema.json``, the two beside it and the reference page ``docs/targets.md``; all
stand in the repository and a test fails when they are out of date. Loading targets does not use
them.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from buildtool.config.describe import KINDS, KeyDoc, Schema, choices, documented, item_of
from buildtool.config.layers import OF_ONE_TARGET, OF_TARGETS, machine_keys
from buildtool.config.reader import keys_of
from buildtool.config.reference_page import write_reference
from buildtool.config.target import SCHEMA_VERSION, DraftTarget, Target
from buildtool.core.paths import IMPORTED_FROM, TARGETS
from buildtool.core.render import to_json, write_if_changed

DRAFT = "http://json-schema.org/draft-07/schema#"


def schema() -> Schema:
    """The schema of one target file."""
    properties = {
        each.key.name: _property(each) for each in documented(DraftTarget) + documented(Target)
    }
    properties["schema_version"]["enum"] = [SCHEMA_VERSION, None]
    always = [key.name for key in keys_of(Target).values() if key.required and not key.unless]
    either = [(key.name, key.unless) for key in keys_of(Target).values() if key.unless]
    return {
        "$schema": DRAFT,
        "title": "Target of buildtool",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        # What a child leaves out its parent may say.
        "anyOf": [
            {"required": ["extends"]},
            *({"required": [*always, name]} for pair in either for name in pair),
        ],
    }


def defaults_schema() -> Schema:
    """The schema of ``defaults.yaml``: all keys but those that say what one target is."""
    known = schema()["properties"]
    return _closed(
        {name: each for name, each in known.items() if name not in OF_ONE_TARGET},
        title="Defaults of all targets of buildtool",
    )


def local_schema() -> Schema:
    """The schema of ``local.yaml``: the keys that are one machine's, for all targets and, by their
    ids, for some."""
    known = schema()["properties"]
    found: dict[str, Schema] = {}
    for key in machine_keys():
        section, _, name = key.partition(".")
        if not name:
            found[section] = known[section]
            continue
        inner = found.setdefault(section, {**known[section], "properties": {}})
        inner["properties"][name] = known[section]["properties"][name]
    some = {
        "description": "What is for one target alone, by its id.",
        "type": ["object", "null"],
        "additionalProperties": _or_null(_closed(found)),
    }
    whole = {"schema_version": known["schema_version"], OF_TARGETS: some, **found}
    return _closed(whole, title="What is one machine's alone, for buildtool")


def _closed(properties: dict[str, Schema], title: str = "") -> Schema:
    """A mapping of these keys and no others; with a title, a whole file."""
    whole = {"$schema": DRAFT, "title": title} if title else {}
    return {**whole, "type": "object", "properties": properties, "additionalProperties": False}


# The schemas by the names of their files.
SCHEMAS = {
    "schema.json": schema,
    "defaults-schema.json": defaults_schema,
    "local-schema.json": local_schema,
}


def _property(doc: KeyDoc) -> Schema:
    made = _of_type(doc.key.type)
    made = (made if doc.key.required else _or_null(made)) | {"description": doc.text}
    default = list(doc.default) if isinstance(doc.default, tuple) else doc.default
    return made if default is None else made | {"default": default}


def _of_type(kind: Any) -> Schema:
    if dataclasses.is_dataclass(kind):
        return _section(kind)
    if item_of(kind) is not None:
        return {"type": "array", "items": _of_type(item_of(kind))}
    if choices(kind):
        return {"enum": list(choices(kind))}
    return dict(KINDS[kind].schema)


def _section(kind: Any) -> Schema:
    made: Schema = {
        "type": "object",
        "properties": {each.key.name: _property(each) for each in documented(kind)},
        "additionalProperties": False,
    }
    keys = keys_of(kind).values()
    if required := [key.name for key in keys if key.required]:
        made["required"] = required
    short = [
        _of_type(kind)
        for key in keys
        if key.shorthand
        for kind in (item_of(key.type), key.type)
        if kind is not None
    ]
    return {"anyOf": [*short, made]} if short else made


def _or_null(made: Schema) -> Schema:
    """The same, or empty: an empty value takes a key back to its default."""
    if "enum" in made:
        return made | {"enum": [*made["enum"], None]}
    if "anyOf" in made:
        return made | {"anyOf": [*made["anyOf"], {"type": "null"}]}
    return made | {"type": [made["type"], "null"]}


def main() -> None:
    """Print the schema of targets, or write all and the reference page into the project."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write into the project's folders")
    if parser.parse_args().write:
        for name, each in SCHEMAS.items():
            write_if_changed(TARGETS / name, to_json(each()))
        write_reference(IMPORTED_FROM / "docs")
    else:
        print(to_json(schema()), end="")


if __name__ == "__main__":
    main()
