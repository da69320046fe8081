"""Small graphs as text."""

from __future__ import annotations

FLOAT = 'attr { key: "dtype" value { type: DT_FLOAT } }'
T = 'attr { key: "T" value { type: DT_FLOAT } }'


def placeholder(name: str, *sizes: int) -> str:
    dims = " ".join(f"dim {{ size: {size} }}" for size in sizes)
    shape = f'attr {{ key: "shape" value {{ shape {{ {dims} }} }} }}'
    return f'node {{ name: "{name}" op: "Placeholder" {FLOAT} {shape} }}\n'


def weight(name: str, *sizes: int) -> str:
    dims = " ".join(f"dim {{ size: {size} }}" for size in sizes)
    value = f"tensor {{ dtype: DT_FLOAT float_val: 0.5 tensor_shape {{ {dims} }} }}"
    return (
        f'node {{ name: "{name}" op: "Const" {FLOAT} '
        f'attr {{ key: "value" value {{ {value} }} }} }}\n'
    )


def node(name: str, op: str, *inputs: str, attrs: str = T) -> str:
    taken = " ".join(f'input: "{each}"' for each in inputs)
    return f'node {{ name: "{name}" op: "{op}" {taken} {attrs} }}\n'


STRIDES = 'attr { key: "strides" value { list { i: 1 i: 2 i: 2 i: 1 } } }'
SAME = 'attr { key: "padding" value { s: "SAME" } }'
# A convolution, a depthwise one and a dense layer, each in a scope of its own.
NETWORK = "".join(
    (
        placeholder("image", -1, 8, 8, 3),
        weight("first/weights", 3, 3, 3, 4),
        node("first/Conv2D", "Conv2D", "image", "first/weights", attrs=T + STRIDES + SAME),
        weight("second/weights", 3, 3, 4, 2),
        node(
            "second/depthwise",
            "DepthwiseConv2dNative",
            "first/Conv2D",
            "second/weights",
            attrs=T + STRIDES + SAME,
        ),
        'node { name: "axes" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } attr { key:'
        ' "value" value { tensor { dtype: DT_INT32 int_val: 1 int_val: 2 tensor_shape { dim { '
        "size: 2 } } } } } }\n",
        node("Mean", "Mean", "second/depthwise", "axes"),
        weight("dense/weights", 8, 10),
        node("dense/MatMul", "MatMul", "Mean", "dense/weights"),
        node("probabilities", "Softmax", "dense/MatMul"),
        node("debug/summary", "HistogramSummary", "dense/MatMul", "dense/MatMul"),
        node("late", "Relu", "image", "^probabilities"),
        "versions { producer: 1575 }",
    )
)
