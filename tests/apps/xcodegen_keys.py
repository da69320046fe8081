"""Keys of XcodeGen's ``project.yml`` that apps use, and what their values are (XcodeGen 2.45,
``Docs/ProjectSpec.md``: Project, Options, Target, Target Source, Config Files, Settings)."""

from __future__ import annotations

STRING = {"type": "string", "minLength": 1}
TARGET_SOURCE = {
    "type": "object",
    "properties": {
        "path": STRING,
        "buildPhase": {"enum": ["sources", "resources", "headers", "none"]},
    },
    "required": ["path"],
    "additionalProperties": False,
}
TARGET = {
    "type": "object",
    "properties": {
        "type": {"const": "application"},
        "platform": {"enum": ["iOS", "macOS", "tvOS", "visionOS", "watchOS"]},
        "configFiles": {
            "type": "object",
            # The configurations that a project has which names none.
            "properties": {"Debug": STRING, "Release": STRING},
            "additionalProperties": False,
        },
        "sources": {"type": "array", "items": TARGET_SOURCE},
        "settings": {
            "type": "object",
            "properties": {"base": {"type": "object", "additionalProperties": STRING}},
            "additionalProperties": False,
        },
    },
    "required": ["type", "platform"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": STRING,
        "options": {
            "type": "object",
            "properties": {
                "deploymentTarget": {
                    "type": "object",
                    "properties": {"iOS": {"type": "string", "pattern": r"^\d+\.\d+$"}},
                    "additionalProperties": False,
                }
            },
            "additionalProperties": False,
        },
        "targets": {"type": "object", "additionalProperties": TARGET},
    },
    "required": ["name", "targets"],
    "additionalProperties": False,
}
