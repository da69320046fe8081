"""Ops that give other numbers in each run: they draw them, or read the clock.

Names: ``core/ops/random_ops.cc``, ``stateful_random_ops.cc``, ``candidate_sampling_ops.cc``,
``image_ops.cc`` and ``logging_ops.cc`` of TensorFlow 2.14.1.
"""

from __future__ import annotations

import re

RANDOM = re.compile(
    r"Random(?!ShuffleQueue)\w+|(Parameterized|Stateful)?TruncatedNormal|Multinomial"
    r"|Stateful(Uniform|StandardNormal|RandomBinomial)\w*"
    r"|\w+CandidateSampler|SampleDistortedBoundingBox\w*|Timestamp"
)
