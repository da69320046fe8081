"""Ops that draw other numbers in each run; the stateless ones do not.

Names: ``core/ops/random_ops.cc`` and ``stateful_random_ops.cc`` of TensorFlow 2.14.1.
"""

from __future__ import annotations

import re

RANDOM = re.compile(
    r"Random(?!ShuffleQueue)\w+|(Parameterized|Stateful)?TruncatedNormal|Multinomial"
    r"|Stateful(Uniform|StandardNormal|RandomBinomial)\w*"
)
