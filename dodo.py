"""The tasks of this project; see ``buildtool/cli/steps.py``."""

from buildtool.cli.tasks import DOIT_CONFIG, task_steps

__all__ = ["DOIT_CONFIG", "task_steps"]
