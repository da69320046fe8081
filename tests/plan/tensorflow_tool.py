"""Run by its path: the (op, class) pairs that TensorFlow's own selective tool gives, as JSON.

``python tensorflow_tool.py GRAPH.pb ...`` prints, for each model, what
``print_selective_registration_header --graphs=GRAPH.pb`` writes into its header, before it is
written: the header itself no longer says which class belongs to which op.
"""

from __future__ import annotations

import json
import sys

from tensorflow.python.tools.selective_registration_header_lib import get_ops_and_kernels

DEFAULT_OPS = "NoOp:NoOp,_Recv:RecvOp,_Send:SendOp"  # the default of the tool's --default_ops

if __name__ == "__main__":
    pairs = {path: get_ops_and_kernels("rawproto", [path], DEFAULT_OPS) for path in sys.argv[1:]}
    print(json.dumps(pairs))
