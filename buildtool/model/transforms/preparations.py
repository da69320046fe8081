"""The steps that prepare a model before it ships, in the order in which they are done.

Unlike rewrites they do not depend on the tree that is built: they make a model smaller or faster
wherever it runs. Each is asked for by its name in a target file (``prepare.steps``).
"""

from __future__ import annotations

from buildtool.model.transforms.transform import Transform

# What removes nodes comes first, then what computes, what merges, and at last what only renames.
PREPARATIONS: tuple[Transform, ...] = ()
