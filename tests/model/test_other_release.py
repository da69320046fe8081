"""A graph whose ops had other outputs and inputs in the release that made it: real definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from buildtool.catalogue.opdefs import OpDefinitions, read_definitions
from buildtool.core.values import OpDefinition
from buildtool.model import ModelSource, RuntimeFacts, read_models

pytestmark = pytest.mark.real_tree

FLOAT = "attr { key: 'T' value { type: DT_FLOAT } }"
KIND = "attr { key: 'dtype' value { type: DT_FLOAT } }"
GIVEN = "".join(f"node {{ name: '{name}' op: 'Placeholder' {KIND} }}" for name in "xms")
NORM = f"""node {{ name: 'n' op: 'FusedBatchNormV3' input: 'x' input: 'm' input: 'm' input: 'm'
  input: 'm' {FLOAT} attr {{ key: 'U' value {{ type: DT_FLOAT }} }}
  attr {{ key: 'is_training' value {{ b: false }} }} }}"""
TAKES_SIXTH = f"node {{ name: 'six' op: 'Relu' input: 'n:5' {FLOAT} }}"


@pytest.fixture(scope="module")
def newest(real_tree: Path) -> Mapping[str, OpDefinition]:
    return OpDefinitions(read_definitions(real_tree))


@pytest.fixture
def problems(
    newest: Mapping[str, OpDefinition], write: Callable[..., Path], tmp_path: Path
) -> Callable[..., list[str]]:
    """What is wrong with a graph on a tree whose op definitions partly are others."""

    def found(text: str, *others: OpDefinition) -> list[str]:
        definitions = {**newest, **{op.name: op for op in others}}
        reading = read_models(
            [ModelSource(path=write(text))],
            definitions=definitions,
            facts=RuntimeFacts(),
            cache=tmp_path,
        )
        return [str(problem).partition("\n")[0] for problem in reading.problems]

    return found


def test_an_output_that_came_later(
    newest: Mapping[str, OpDefinition], problems: Callable[..., list[str]]
) -> None:
    text = GIVEN + NORM + TAKES_SIXTH
    norm = newest["FusedBatchNormV3"]
    older = replace(norm, outputs=norm.outputs[:5])
    assert problems(text) == []
    assert problems(GIVEN + NORM, older) == []
    assert problems(text, older) == [
        "m: node 'six': op Relu: its input is 'n:5': op FusedBatchNormV3 of this tree has 5 "
        "outputs: no session can be made"
    ]


def test_inputs_and_types_that_came_later_are_told_with_the_rest(
    newest: Mapping[str, OpDefinition], problems: Callable[..., list[str]]
) -> None:
    norm, most = newest["FusedBatchNormV3"], newest["ArgMax"]
    cut = replace(norm, outputs=norm.outputs[:5], inputs=norm.inputs[:4])
    fixed = replace(
        most,
        outputs=(replace(most.outputs[0], type="DT_INT64", type_attr=""),),
        attrs=tuple(attr for attr in most.attrs if attr.name != "output_type"),
    )
    integer = "attr { key: 'T' value { type: DT_INT32 } }"
    text = f"""{GIVEN} {NORM} {TAKES_SIXTH}
      node {{ name: 'axis' op: 'Placeholder' attr {{ key: 'dtype' value {{ type: DT_INT32 }} }} }}
      node {{ name: 'most' op: 'ArgMax' input: 's' input: 'axis' {FLOAT} }}
      node {{ name: 'abs' op: 'Abs' input: 'most' {integer} }}
      node {{ name: 'new' op: 'Brandnew' }}"""
    assert problems(text, cut, fixed) == [
        "m: node 'new': op Brandnew does not exist in this tree: no session can be made",
        "m: node 'n': op FusedBatchNormV3 takes 4 inputs and has 5: no session can be made",
        "m: node 'six': op Relu: its input is 'n:5': op FusedBatchNormV3 of this tree has 5 "
        "outputs: no session can be made",
        "m: node 'abs': op Abs: its input 0 must be int32 and is int64: no session can be made",
    ]
