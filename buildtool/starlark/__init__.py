"""A tree's BUILD files and workspace.bzl, evaluated as the Starlark that they are."""
