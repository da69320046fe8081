"""The ``graph`` stage: which ops, with which types, do the models run on the device?

It reads frozen GraphDefs (binary or text), SavedModels and op lists, follows every function that
is reached, and gives an :class:`~buildtool.core.values.OpSet` together with everything it found
wrong.
It knows no platform and never imports TensorFlow.
"""

from buildtool.model.loading import ModelSource
from buildtool.model.reading import Reading, read_models
from buildtool.model.runtime_facts import RuntimeFacts, read_runtime_facts
from buildtool.model.transforms import chosen_rewrites

__all__ = [
    "ModelSource",
    "Reading",
    "RuntimeFacts",
    "chosen_rewrites",
    "read_models",
    "read_runtime_facts",
]
