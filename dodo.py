"""The tasks of this project; see ``buildtool/cli/tasks.py``."""

from buildtool.cli.tasks import (
    DOIT_CONFIG,
    task_build,
    task_compile,
    task_generate,
    task_package,
    task_plan,
    task_size,
    task_verify,
)

__all__ = [
    "DOIT_CONFIG",
    "task_build",
    "task_compile",
    "task_generate",
    "task_package",
    "task_plan",
    "task_size",
    "task_verify",
]
