"""What an app feeds the inputs of models with, and what it is refused for."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.apps.app_facts import AppFacts, find_facts
from buildtool.config import load_targets
from buildtool.core.errors import ConfigError
from buildtool.core.paths import Layout
from buildtool.core.values import ModelInfo, TensorInfo

End = tuple[str, tuple[int, ...] | None]
Ends = tuple[End, ...]
LAYOUT = Layout(folder=Path("build/pi"))
IMAGE: Ends = (("DT_FLOAT", (-1, 224, 224, 3)),)


def model(ends: Ends, name: str = "m", nodes: int = 3) -> ModelInfo:
    inputs = (
        TensorInfo(name=f"x{place}:0", dtype=dtype, shape=shape)
        for place, (dtype, shape) in enumerate(ends)
    )
    return ModelInfo(
        name=name,
        path=Path(f"{name}.pb"),
        sha256="",
        inputs=tuple(inputs),
        outputs=(TensorInfo(name="y:0", dtype="DT_FLOAT", shape=(1, 10)),),
        node_count=nodes,
    )


def facts(tmp_path: Path, ends: Ends, app: str = "", *, models: str = "") -> AppFacts:
    """The facts of a model with these inputs and the key ``app`` of that text."""
    (tmp_path / "targets").mkdir(exist_ok=True)
    written = models or "  - path: m.pb\n" + (f"    app: {app}\n" if app else "")
    text = f"platform: linux\nabi: x86_64\nmodels:\n{written}"
    (tmp_path / "targets" / "pc.yaml").write_text(text, encoding="utf-8")
    target = load_targets(tmp_path / "targets", checks=())["pc"]
    return find_facts(target, [model(ends, each.name) for each in target.models], LAYOUT)


@pytest.mark.parametrize(
    ("end", "app", "takes", "fed"),
    [
        (("DT_FLOAT", (-1, 224, 224, 3)), "", "image", (1, 224, 224, 3)),
        (("DT_UINT8", (1, 28, 28, 1)), "", "image", (1, 28, 28, 1)),
        (("DT_FLOAT", (1, 3, 32, 48)), "", "image", (1, 3, 32, 48)),
        (("DT_FLOAT", (-1, -1, -1, 3)), "{size: [32, 48]}", "image", (1, 32, 48, 3)),
        (("DT_FLOAT", (1, -1, -1, 3)), "{size: [32, 48]}", "image", (1, 32, 48, 3)),
        (("DT_FLOAT", (4, 6, 3)), "{takes: image}", "image", (4, 6, 3)),
        (("DT_FLOAT", (-1, 64)), "{size: [8, 8]}", "image", (1, 64)),
        (("DT_FLOAT", (1, 192)), "{takes: image, size: [8, 8]}", "image", (1, 192)),
        (("DT_FLOAT", (1, 4, 4, 1)), "", "numbers", (1, 4, 4, 1)),
        (("DT_FLOAT", (1, 8, 8)), "", "numbers", (1, 8, 8)),
        (("DT_FLOAT", (1, 28, 28, 1)), "{takes: numbers}", "numbers", (1, 28, 28, 1)),
        (("DT_INT64", (-1, 7)), "", "numbers", (1, 7)),
        (("DT_INT32", ()), "", "numbers", ()),
        (("DT_STRING", ()), "", "bytes", ()),
        (("DT_STRING", (-1,)), "", "bytes", (1,)),
        (("DT_FLOAT", (1, 16000)), "{takes: sound}", "sound", (1, 16000)),
        (("DT_FLOAT", (-1, 16000)), "{rate: 16000}", "sound", (1, 16000)),
        (("DT_FLOAT", (-1, 1)), "{takes: sound}", "sound", (-1, 1)),
        (("DT_FLOAT", (-1,)), "{takes: sound}", "sound", (-1,)),
    ],
)
def test_what_an_input_takes(
    tmp_path: Path, end: End, app: str, takes: str, fed: tuple[int, ...]
) -> None:
    (found,) = facts(tmp_path, (end,), app).inputs
    assert (found.takes, found.shape) == (takes, fed)


def test_how_an_image_is_prepared(tmp_path: Path) -> None:
    app = "{mean: [123.7, 116.8, 103.9], scale: [0.5]}"
    (found,) = facts(tmp_path, IMAGE, app).inputs
    assert (found.height, found.width, found.channels) == (224, 224, 3)
    assert (found.mean, found.scale) == ((123.7, 116.8, 103.9), (0.5,))
    assert not found.is_raw
    (planar,) = facts(tmp_path, (("DT_UINT8", (1, 3, 32, 48)),)).inputs
    assert (planar.height, planar.width, planar.channels, planar.planar) == (32, 48, 3, True)
    assert planar.is_raw


def test_only_the_first_input_is_what_the_keys_are_about(tmp_path: Path) -> None:
    ends = (*IMAGE, ("DT_BOOL", ()), ("DT_FLOAT", (1, 2)))
    found = facts(tmp_path, ends, "{mean: [127.5]}").inputs
    assert [each.takes for each in found] == ["image", "numbers", "numbers"]
    assert [each.mean for each in found] == [(127.5,), (0.0,), (0.0,)]


def test_the_app_is_for_the_model_that_has_the_key(tmp_path: Path) -> None:
    both = "  - {path: a.pb}\n  - {path: b.pb, app: {takes: image}}\n"
    assert facts(tmp_path, IMAGE, models=both).model == "b"


KEYS = "targets/pc.yaml:5: models[0].app"
INPUTS = "targets/pc.yaml:4: models[0].inputs"


@pytest.mark.parametrize(
    ("ends", "app", "said"),
    [
        ((), "", "targets/pc.yaml:4: models[0]: the model 'm' has no inputs that are known"),
        (((("DT_FLOAT", None)),), "", f"{INPUTS}: the input 'x0:0' has a shape of unknown rank"),
        (((("DT_FLOAT", (1, -1, 7))),), "", f"{INPUTS}: the input 'x0:0' has the shape [1, ?, 7]"),
        (
            ((("DT_COMPLEX64", (1,))),),
            "",
            f"{INPUTS}: the input 'x0:0' is of type complex64, which no app here can feed",
        ),
        (
            ((("DT_STRING", (3,))),),
            "",
            f"{INPUTS}: the input 'x0:0' takes [3] strings, and a file is one",
        ),
        (
            (("DT_FLOAT", (1, -1, -1, 3)),),
            "",
            "models[0].app.size: the input 'x0:0' takes images of any size",
        ),
        (IMAGE, "{size: [299, 299]}", f"{KEYS}.size: the input 'x0:0' takes images of 224 x 224"),
        (IMAGE, "{size: [224]}", f"{KEYS}.size: the input 'x0:0' wants a height and a width"),
        (IMAGE, "{mean: [1, 2]}", f"{KEYS}.mean: the input 'x0:0' has 3 channels, and 2 numbers"),
        (IMAGE, "{rate: 8000, takes: image}", f"{KEYS}.rate: the input 'x0:0' is given image"),
        (IMAGE, "{takes: numbers, size: [8, 8]}", f"{KEYS}.size: the input 'x0:0' is given num"),
        (IMAGE, "{takes: sound}", f"{KEYS}.takes: the input 'x0:0' has the shape [?, 224, 224, 3]"),
        (IMAGE, "{takes: bytes}", f"{KEYS}.takes: the input 'x0:0' is of type float, and cannot"),
        (
            (("DT_FLOAT", (1, 60)),),
            "{size: [8, 8]}",
            "models[0].app.takes: the input 'x0:0' has the shape [1, 60], which is no image's",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, ends: Ends, app: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        facts(tmp_path, ends, app)
    (problem,) = caught.value.problems
    assert said in str(problem)


def test_all_that_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        facts(tmp_path, (("DT_FLOAT", None), ("DT_INT32", (-1, -1)), ("DT_FLOAT", (2,))))
    assert [problem.what.split("'")[1] for problem in caught.value.problems] == ["x0:0", "x1:0"]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ("  - a.pb\n  - b.pb\n", "and there are a, b; none has the key 'app'"),
        (
            "  - {path: a.pb, app: {}}\n  - {path: b.pb, app: {}}\n",
            "and there are a, b; 2 of them have the key 'app'",
        ),
    ],
)
def test_an_app_is_for_one_model(tmp_path: Path, models: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"targets/pc.yaml:3: models: an app is for one.*{said}"):
        facts(tmp_path, IMAGE, models=models)


def test_a_target_without_models(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    text = "platform: linux\nabi: x86_64\nregistration: all\ntypes: full\n"
    (tmp_path / "targets" / "pc.yaml").write_text(text, encoding="utf-8")
    target = load_targets(tmp_path / "targets", checks=())["pc"]
    with pytest.raises(ConfigError, match="the target has no model that an app could run"):
        find_facts(target, [], LAYOUT)
