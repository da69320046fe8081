"""The steps that prepare a model before it ships, in the order in which they are done.

Unlike rewrites they do not depend on the tree that is built: they make a model smaller or faster
wherever it runs. Each is asked for by its name in a target file (``prepare.steps``).
"""

from __future__ import annotations

from collections.abc import Mapping

from buildtool.model.transforms.exact.add_default_attributes import ADD_DEFAULT_ATTRIBUTES
from buildtool.model.transforms.exact.fold_batch_norms import FOLD_BATCH_NORMS
from buildtool.model.transforms.exact.fold_constants import FOLD_CONSTANTS
from buildtool.model.transforms.exact.loading_order import CLEAR_DEVICES
from buildtool.model.transforms.exact.merge_duplicates import MERGE_DUPLICATES
from buildtool.model.transforms.exact.obfuscate_names import OBFUSCATE_NAMES
from buildtool.model.transforms.exact.remove_nodes import REMOVE_NODES
from buildtool.model.transforms.exact.sort import SORT
from buildtool.model.transforms.exact.strip import STRIP
from buildtool.model.transforms.lossy.quantize_activations import QUANTIZE_ACTIVATIONS
from buildtool.model.transforms.lossy.quantize_weights import QUANTIZE_WEIGHTS
from buildtool.model.transforms.lossy.round_weights import ROUND_WEIGHTS
from buildtool.model.transforms.transform import Transform

# What removes nodes comes first, then what computes, what merges, what changes weights, which is
# right only once they are folded, and at last what only orders and renames.
PREPARATIONS: tuple[Transform, ...] = (
    STRIP,
    REMOVE_NODES,
    FOLD_CONSTANTS,
    FOLD_BATCH_NORMS,
    MERGE_DUPLICATES,
    ROUND_WEIGHTS,
    QUANTIZE_WEIGHTS,
    QUANTIZE_ACTIVATIONS,
    SORT,
    ADD_DEFAULT_ATTRIBUTES,
    CLEAR_DEVICES,
    OBFUSCATE_NAMES,
)
DEPLOY = "deploy"
# What each recipe does: names of the steps above, in their order.
RECIPES: Mapping[str, tuple[str, ...]] = {
    DEPLOY: (
        *("strip", "remove-nodes", "fold-constants", "fold-batch-norms", "merge-duplicates"),
        *("sort", "clear-devices"),
    ),
}
