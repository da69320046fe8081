"""What to do about a model that TensorFlow itself cannot run: the likeliest remedy by its words.

The words are those of TensorFlow 2.14.1, from ``core/kernels``, ``core/common_runtime`` and
``core/framework``, where a session runs a graph.
"""

from __future__ import annotations

import re

SAMPLES = "give inputs that fit as 'samples', an .npz file"
ASSERTED = "the model itself checks what it is fed: "
_BEHIND = "name a tensor behind that node under the model's 'inputs'"

_REMEDIES = (
    (
        r"(Stride|stride|[Ww]indow|[Kk]size|[Dd]ilation|[Ff]ilter)\w* (must|should|strides? )"
        r"|Cannot parse tensor from proto|Type mismatch between value|nodes in a cycle",
        "the model is wrong there, whatever it is fed: export it again",
    ),
    (
        r"failed with signal (6|11)",
        "TensorFlow itself crashes on it, most often on a function that calls itself or on a "
        "damaged file: export the model again",
    ),
    (
        r"^Error parsing message",
        "the file is cut off or damaged: download or export it again",
    ),
    (
        r"You must feed a value for placeholder tensor '(?P<name>[^']+)'",
        "name '{name}' under the model's 'inputs', too; or name 'outputs' that do not need it",
    ),
    (
        r"iterator has not been initialized",
        f"{_BEHIND}, so that the app feeds it; or the node that starts the iterator under "
        "'initialise'",
    ),
    (
        r"uninitialized|Table not initialized|Error while reading resource variable",
        "name the node that fills it under the model's 'initialise'; or freeze the model, so that "
        "its variables are constants",
    ),
    (
        r"No OpKernel was registered to support|supports? (only )?(the )?NHWC|on the CPU",
        "no CPU kernel does it: export the model for a CPU (channels last, types that its kernels "
        "take), or set 'rewrites: [all]', which turns channels that come first",
    ),
    (
        r"Retval\[\d+\] does not have value|The tensor returned for \S+ was not valid",
        "an output is in a branch that these inputs do not take: name the Merge that joins the "
        f"branches under 'outputs'; or {SAMPLES}",
    ),
    (
        r"(?P<path>[^\s'\"]+); No such file|No such file or directory|NewRandomAccessFile failed",
        f"the model opens a file that is not there, nor on a device: {_BEHIND}, or export it with "
        "the file's content inside",
    ),
    (
        r"assertion failed:",
        ASSERTED + "give inputs that pass as 'samples', an .npz file; or export it without its "
        "assertions",
    ),
    (
        r"Unknown image file|Expected image \(|Invalid (JPEG|PNG|GIF|BMP)|Header mismatch|RIFF"
        r"|parse example|correctly convert string|base64|Input to DecodeRaw|Invalid UTF-8"
        r"|DecodeCSV|Could not decode|Error parsing|JSON",
        f"it takes encoded data, such as an image: give some as 'samples', an .npz file; or "
        f"{_BEHIND}",
    ),
    (
        r"is not in \[|does not index into|outside the valid range|out of (range|bounds)"
        r"|seq_lens\(|read from index|division by zero|Dimension -?\d+ must be >= 0"
        r"|must be positive|must be non-negative|Expected (size|begin)\["
        r"|but the requested shape has",
        "what is fed serves as an index, a length or a size, and made-up values do not fit: give "
        "some as 'samples', an .npz file",
    ),
    (
        r"Tensor had (NaN|Inf)|-?(NaN|Inf) values",
        "give inputs of the range that the model was made for as 'samples', an .npz file",
    ),
    (
        r"OOM when allocating|bad_alloc|SIGKILL|out of memory",
        "it takes more memory than there is: state a smaller 'shape' under the model's 'inputs'",
    ),
)


def likely_remedy(said: str) -> str:
    """What to do, empty if the words are of none of these kinds: most others are about shapes that
    do not fit."""
    for pattern, todo in _REMEDIES:
        if match := re.search(pattern, said):
            return todo.format(**match.groupdict(default=""))
    return ""
