"""Stage ``config``: what does the user want built?

``targets/<id>.yaml`` to frozen :class:`Target` values, every one of which knows where it was
written. Knows nothing of TensorFlow or of tools; what the platforms and build systems are called
is theirs to say, through the checks that :func:`load_targets` is given.
"""

from buildtool.config.app_keys import App
from buildtool.config.backend_keys import Bazel, Makefile
from buildtool.config.convert_keys import Convert
from buildtool.config.load import load_targets
from buildtool.config.optimise_keys import Optimise
from buildtool.config.overrides import Overrides, parse_overrides, without_suppositions
from buildtool.config.platform_keys import Android, Ios
from buildtool.config.prepare_keys import Prepare
from buildtool.config.slices import slice_targets
from buildtool.config.target import Flags, Model, ModelInput, SizeBudget, Target
from buildtool.config.target_checks import COMMAND_LINE, missing_files, unreadable_names
from buildtool.config.unread import unread_by_backend

__all__ = [
    "COMMAND_LINE",
    "Android",
    "App",
    "Bazel",
    "Convert",
    "Flags",
    "Ios",
    "Makefile",
    "Model",
    "ModelInput",
    "Optimise",
    "Overrides",
    "Prepare",
    "SizeBudget",
    "Target",
    "load_targets",
    "missing_files",
    "parse_overrides",
    "slice_targets",
    "unread_by_backend",
    "unreadable_names",
    "without_suppositions",
]
