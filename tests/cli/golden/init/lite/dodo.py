from buildtool.cli.tasks import DOIT_CONFIG, task_steps  # noqa: F401  (doit looks for both)
