"""Non-maximum suppression with a score threshold, by that without one.

Boxes are looked at by falling score, and one only suppresses those after it. So what the threshold
would leave is the front of what is selected without it.
"""

from __future__ import annotations

from buildtool.model.attributes import Attr
from buildtool.model.encoding import float_attr, ints_attr, make_node, type_attr
from buildtool.model.graphdef import Node
from buildtool.model.transforms.exact.newer_ops import element_type
from buildtool.model.transforms.transform import View, controls, node_transform, plain_inputs

_INT64, _INT32, _FLOAT = type_attr("DT_INT64"), type_attr("DT_INT32"), type_attr("DT_FLOAT")


def _suppress(node: Node, view: View) -> tuple[Node, ...] | str | None:
    if view.knows("NonMaxSuppressionV3"):
        return None
    if {element_type(node), element_type(node, "T_threshold")} - {"", "DT_FLOAT"}:
        return "it is not of type float"
    boxes, scores, most, overlap, threshold = plain_inputs(node)
    op, inputs, attrs = "NonMaxSuppressionV2", [boxes, scores, most, overlap], {}
    if not view.knows(op):
        number = view.value(overlap)
        if number is None or number.size != 1:
            return "its iou_threshold is not a constant"
        op, inputs = "NonMaxSuppression", [boxes, scores, most]
        attrs = {"iou_threshold": float_attr(float(number.ravel()[0]))}
    made = [make_node(view.fresh(f"{node.name}/all"), op, inputs, **attrs)]

    def add(part: str, kind: str, *given: str, **types: Attr) -> str:
        made.append(make_node(view.fresh(f"{node.name}/{part}"), kind, given, **types))
        return made[-1].name

    whole = made[0].name
    theirs = add("scores", "Gather", scores, whole, Tparams=_FLOAT, Tindices=_INT32)
    above = add("above", "Greater", theirs, threshold, T=_FLOAT)
    places = add("places", "Where", above)
    flat = add("flat", "Squeeze", places, T=_INT64, squeeze_dims=ints_attr([1]))
    last = make_node(
        *(node.name, "Gather", (whole, flat, *controls(node))), Tparams=_INT32, Tindices=_INT64
    )
    return (*made, last._replace(rest=node.rest))


NON_MAX_SUPPRESSION = node_transform(
    "non-max-suppression",
    "`NonMaxSuppressionV3` becomes the release before it, and leaves out afterwards what the score "
    "threshold forbids.",
    ["NonMaxSuppressionV3"],
    _suppress,
)
