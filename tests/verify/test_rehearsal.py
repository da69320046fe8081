"""What TensorFlow itself refuses, or what would prove nothing, is told before anything is built."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from buildtool.core.run import Command, run
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.model.textformat import encode
from buildtool.verify.compare import Allowance
from buildtool.verify.expected import Reference, expected_outputs, find_reference
from buildtool.verify.failed_runs import likely_remedy
from buildtool.verify.inputs import ModelRun, model_inputs
from buildtool.verify.rehearsal import rehearse, remedy
from tests.conftest import PROJECT
from tests.limits import HANG

pytestmark = pytest.mark.wheel
FLOAT = "attr { key: 'dtype' value { type: DT_FLOAT } }"
T = "attr { key: 'T' value { type: DT_FLOAT } }"
ONES = "float_val: 1 tensor_shape { dim { size: 2 } dim { size: 2 } }"
MATRIX = f"""node {{ name: 'w' op: 'Const' {FLOAT}
  attr {{ key: 'value' value {{ tensor {{ dtype: DT_FLOAT {ONES} }} }} }} }}"""
PRODUCT = f"""node {{ name: 'x' op: 'Placeholder' {FLOAT} }} {MATRIX}
  node {{ name: 'y' op: 'MatMul' input: 'x' input: 'w' {T} }}"""
DRAWN = f"""node {{ name: 'n' op: 'Const' attr {{ key: 'dtype' value {{ type: DT_INT32 }} }}
  attr {{ key: 'value' value {{ tensor {{ dtype: DT_INT32 int_val: 3
    tensor_shape {{ dim {{ size: 1 }} }} }} }} }} }}
  node {{ name: 'x' op: 'Placeholder' {FLOAT} }}
  node {{ name: 'e' op: 'RandomStandardNormal' input: 'n' {FLOAT}
    attr {{ key: 'T' value {{ type: DT_INT32 }} }} }}
  node {{ name: 'y' op: 'Add' input: 'x' input: 'e' {T} }}
  node {{ name: 'z' op: 'Relu' input: 'x' {T} }}"""
Make = Callable[..., ModelRun]


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    return find_reference(python="", cache=tmp_path / "known", log=tmp_path / "log", timeout=HANG)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def run(
        text: str, shape: tuple[int, ...] | None, *outputs: str, draws: bool = False
    ) -> ModelRun:
        path = tmp_path / "m.pb"
        path.write_bytes(encode(text, "GraphDef"))
        model = ModelInfo(
            name="m",
            path=path,
            sha256=text,
            inputs=(TensorInfo(name="x:0", dtype="DT_FLOAT", shape=shape),),
            outputs=tuple(
                TensorInfo(name=f"{each}:0", dtype="DT_FLOAT", shape=None) for each in outputs
            ),
            node_count=1,
        )
        return ModelRun(model=model, graph=path, allowance=Allowance(share=1e-4), draws=draws)

    return run


def test_a_guessed_rank_that_does_not_fit(make: Make, reference: Reference) -> None:
    said: list[str] = []
    (problem,) = rehearse([make(PRODUCT, None, "y")], reference, said.append)
    assert problem.where == "m"
    assert "itself cannot run it on seeded values, x:0 of shape () (a guess): node " in problem.what
    assert problem.todo.startswith("the model does not say the whole shape of x:0: state it")
    assert said == [f"running m in TensorFlow {reference.version}"]


def test_a_model_that_runs_is_asked_about_once(make: Make, reference: Reference) -> None:
    said: list[str] = []
    for _ in range(2):
        assert rehearse([make(PRODUCT, (1, 2), "y")], reference, said.append) == ()
    assert len(said) == 1


def test_an_output_without_elements(make: Make, reference: Reference) -> None:
    (problem,) = rehearse([make(PRODUCT, (0, 2), "y")], reference, print)
    assert problem.where == "m: output 'y:0'"
    assert problem.what.startswith("is empty, of shape (0, 2), for seeded values")
    assert problem.todo == (
        "state other shapes under the model's 'inputs', if it takes others; or give inputs that "
        "fit as 'samples', an .npz file"
    )


@pytest.mark.parametrize(("fed", "proves"), [((-1.0, -2.0), False), ((1.0, -2.0), True)])
def test_an_output_that_is_no_number_throughout(
    make: Make, reference: Reference, tmp_path: Path, fed: tuple[float, ...], proves: bool
) -> None:
    path = tmp_path / "in.npz"
    np.savez(path, x=np.array(fed, np.float32))
    text = f"node {{ name: 'x' op: 'Placeholder' {FLOAT} }}"
    text += f"node {{ name: 'y' op: 'Log' input: 'x' {T} }}"
    problems = rehearse([replace(make(text, (2,), "y"), inputs=path)], reference, print)
    told = [(problem.where, problem.what) for problem in problems]
    what = "is NaN throughout, for the samples, x:0 of shape (2,): it proves nothing"
    assert told == ([] if proves else [("m: output 'y:0'", what)])


def test_an_op_that_only_this_tensorflow_lacks_is_no_fault(
    make: Make, reference: Reference
) -> None:
    assert rehearse([make(PRODUCT.replace("MatMul", "Mine"), (1, 2), "y")], reference, print) == ()


def test_what_is_drawn_at_random_is_found_by_running_twice(
    make: Make, reference: Reference
) -> None:
    item = make(DRAWN, (3,), "y", "z", draws=True)
    outputs = expected_outputs(item, reference, model_inputs(item.model, None))
    assert outputs.drawn == {"y:0"}
    assert [tensor.array.shape for tensor in outputs.tensors] == [(3,), (3,)]
    assert np.isfinite(outputs.tensors[0].array).all()
    assert expected_outputs(item, reference, model_inputs(item.model, None)).drawn == {"y:0"}


REMEDIES = {
    "shape": "",  # it depends on what the model says of its inputs
    "state": "name the node that fills it under the model's 'initialise'",
    "iterator": "name a tensor behind that node under the model's 'inputs', so that the app",
    "kernel": "no CPU kernel does it: export the model for a CPU",
    "feed": "name 'y' under the model's 'inputs', too",
    "dead": "an output is in a branch that these inputs do not take: name the Merge",
    "file": "the model opens a file that is not there, nor on a device",
    "assert": "the model itself checks what it is fed",
    "data": "it takes encoded data, such as an image: give some as 'samples'",
    "index": "what is fed serves as an index, a length or a size",
    "number": "give inputs of the range that the model was made for",
}


def test_the_likeliest_remedy_for_each_way_to_fail(tmp_path: Path) -> None:
    script = Path(__file__).with_name("failing_models.py")
    argv = (sys.executable, str(script), str(tmp_path))
    environment = {"PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = run(Command(argv=argv, env=environment), what="failing models", timeout=HANG)
    said: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    assert len(said) > 25
    wrong = {
        name: text
        for name, text in said.items()
        for todo in (likely_remedy(text),)
        if not (
            todo.startswith(REMEDIES[name.partition(":")[0]]) and bool(todo) != ("shape" in name)
        )
    }
    assert not wrong


def test_what_to_do_depends_on_what_is_stated(make: Make) -> None:
    said = remedy(make(PRODUCT, (1, -1, 3), "y"))
    assert "state it under the model's 'inputs', as in '{name: x, shape: [1, 64, 3]}'" in said
    stated = remedy(make(PRODUCT, (1, 3), "y"))
    assert stated.startswith("state other shapes under the model's 'inputs'")


@pytest.mark.parametrize(
    ("said", "todo"),
    [
        ("Error parsing message", "the file is cut off or damaged"),
        ("failed with signal 11", "TensorFlow itself crashes on it"),
        ("Stride must be > 0, but got 0 for '{{node out}}'", "the model is wrong there"),
        ("Type mismatch between value (int32) and dtype (float)", "the model is wrong there"),
        ("Cannot parse tensor from proto: dtype: DT_FLOAT", "the model is wrong there"),
        ("In[0] ndims must be >= 2: 0", ""),
    ],
)
def test_what_no_other_input_mends_is_not_told_to_be_fed_otherwise(said: str, todo: str) -> None:
    found = likely_remedy(said)
    assert found.startswith(todo)
    assert bool(found) is bool(todo)
