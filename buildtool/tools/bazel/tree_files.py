"""The files at the root of a tree in which users and TensorFlow's ``configure.py`` set up Bazel."""

from __future__ import annotations

RC = ".bazelrc"
# What configure.py writes, and .bazelrc imports (1.9 to 2.14).
CONFIGURED_RC = ".tf_configure.bazelrc"
# What Bazel before 0.18 reads in place of .bazelrc.
OLD_RC = "tools/bazel.rc"
VERSION = ".bazelversion"
SETTINGS = (RC, VERSION, CONFIGURED_RC, "MODULE.bazel", "WORKSPACE", OLD_RC)
