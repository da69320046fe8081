"""What another model or setting would change: two plans, and what was measured of others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.answers.measured_builds import (
    MeasuredBuild,
    identity_of,
    keep_build,
    kept_builds,
    measured_build,
    shipped_builds,
)
from buildtool.answers.size_estimate import Basis, Linked, Measures, SizeEstimate, estimate_change
from buildtool.answers.supposing import SupposedPlan, Supposition, suppose
from buildtool.backends.common.narrow import Memory, foresee
from buildtool.core.values import SelectedKernel, SizeContributor, SizeReport
from buildtool.report.page_rendering import render_page
from buildtool.workflow.what_if_step import cost
from tests.answers.test_explaining import PLAN, RELU, RELU_FILE, SQUARE, SQUARE_FILE, TENSOR

GOLDEN = Path(__file__).parent / "golden"
RELU_PLACE, SQUARE_PLACE, TENSOR_PLACE = RELU.source, SQUARE.source, TENSOR.path
BOTH = dataclasses.replace(
    PLAN,
    kernels=(*PLAN.kernels, SelectedKernel(registration=SQUARE, reason="used by n (1 node)")),
    ops=(*PLAN.ops, ("Square", "tensorflow/core/ops/math_ops.cc")),
    types=("DT_FLOAT", "DT_INT32"),
    notes=("n: a note",),
)


def report(**files: int) -> SizeReport:
    names = {"relu": RELU_PLACE, "square": SQUARE_PLACE, "tensor": TENSOR_PLACE}
    rows = tuple(SizeContributor(name=names[key], size=size) for key, size in files.items())
    return SizeReport(
        target="pi",
        archive=0,
        linked=0,
        stripped=900_000,
        gzip=0,
        xz=0,
        dependencies=(),
        files=rows,
        ops=(),
    )


OWN = measured_build(PLAN, report(relu=5_000, tensor=20_000), "armv7-neon")
MORE = measured_build(BOTH, report(relu=5_000, square=8_000, tensor=21_000), "armv7-neon")
BIG = measured_build(BOTH, report(relu=10_000, square=16_000, tensor=40_000), "x86_64")
BEFORE = SupposedPlan(plan=PLAN, files={RELU_FILE.key, TENSOR.key}, abi="armv7-neon")
AFTER = dataclasses.replace(BEFORE, plan=BOTH, files={*BEFORE.files, SQUARE_FILE.key})


def supposed(*builds: MeasuredBuild, own: MeasuredBuild | None = OWN) -> Supposition:
    return suppose(BEFORE, AFTER, Measures(own=own, builds=builds), stripped=900_000)


def square(found: SizeEstimate) -> tuple[int, Basis]:
    (file,) = [each for each in found.files if each.place == SQUARE_PLACE]
    return file.change, file.basis


def test_what_comes_is_told() -> None:
    found = supposed(MORE)
    assert found.ops.new == ("Square",)
    assert [each.kernel_class for each in found.kernels_new] == [SQUARE.kernel_class]
    assert found.files.new == (SQUARE_PLACE,)
    assert (found.types.new, found.notes.new) == (("DT_INT32",), ("n: a note",))
    assert (found.ops.gone, found.kernels_gone, found.files.gone) == ((), (), ())


def test_and_the_other_way_round_what_goes() -> None:
    own = measured_build(BOTH, report(relu=5_000, square=8_000, tensor=21_000), "armv7-neon")
    found = suppose(AFTER, BEFORE, Measures(own=own))
    assert found.files.gone == (SQUARE_PLACE,)
    assert square(found.size) == (-8_000, Basis.MEASURED)
    assert found.size.change == -8_800


def test_the_very_file_is_the_best_measure() -> None:
    found = supposed(MORE, BIG)
    assert square(found.size) == (8_000, Basis.MEASURED)
    # What is there already grows by a tenth of that.
    assert (found.size.change, found.size.error) == (8_800, 1_200)


def test_another_processors_measure_is_scaled_by_what_both_have() -> None:
    """Files of the target's own build are half as large as those of the other."""
    assert square(supposed(BIG).size) == (8_000, Basis.ELSEWHERE)


def test_another_selection_counts_by_what_is_selected() -> None:
    selected = {**MORE.selected, SQUARE_PLACE: ("a", "b", "c", "d")}
    assert len(MORE.selected[SQUARE_PLACE]) == 2
    other = dataclasses.replace(MORE, selected=selected)
    assert square(supposed(other).size) == (4_000, Basis.OTHER_KERNELS)


def test_what_was_never_measured_is_as_others_of_its_kind() -> None:
    assert square(supposed().size) == (5_000, Basis.KIND)
    assert supposed().size.error == 20_500
    assert square(supposed(own=None).size)[1] is Basis.KIND


def test_a_file_that_registers_more_grows() -> None:
    before = Linked(places=frozenset({"k/a.cc"}), selected={"k/a.cc": ("one",)})
    after = Linked(places=frozenset({"k/a.cc"}), selected={"k/a.cc": ("one", "two", "three")})
    own = MeasuredBuild(identity="i", files={"k/a.cc": 1_000}, selected={"k/a.cc": ("one",)})
    found = estimate_change(before, after, Measures(own=own), identities=("i", "i"))
    assert [(each.before, each.after) for each in found.files] == [(1_000, 3_000)]


def test_nothing_changes_nothing() -> None:
    found = suppose(BEFORE, BEFORE, Measures(own=OWN, builds=[MORE]))
    assert (found.size.change, found.size.error, found.size.files) == (0, 0, ())


def test_what_other_flags_make_of_what_stays_is_not_counted() -> None:
    """And the answer does not look as if it were."""
    flags = dataclasses.replace(BEFORE.plan, compile_flags=("-O3",))
    after = dataclasses.replace(BEFORE, plan=flags)
    told = "other macros or flags change what stays, which is not counted"
    measures = Measures(own=OWN, builds=[MORE])
    assert told in cost(suppose(BEFORE, after, measures))
    assert told not in cost(suppose(BEFORE, BEFORE, measures))


def test_identities_tell_what_decides_how_large_objects_are() -> None:
    assert identity_of(PLAN, "arm") == identity_of(BOTH, "arm")
    assert identity_of(PLAN, "arm") != identity_of(PLAN, "x86_64")
    flags = dataclasses.replace(PLAN, compile_flags=("-O3",))
    assert identity_of(PLAN, "arm") != identity_of(flags, "arm")


def test_builds_are_kept_and_what_is_damaged_is_left_out(tmp_path: Path) -> None:
    keep_build(tmp_path, BOTH, MORE)
    keep_build(tmp_path, BOTH, MORE)
    (folder,) = (tmp_path / "sizes").iterdir()
    (folder / "broken.json").write_text('{"files": 3')
    assert kept_builds(tmp_path, PLAN.tree_digest) == [MORE]
    assert kept_builds(tmp_path, "other") == []


def test_builds_come_with_the_tool() -> None:
    builds = shipped_builds()
    assert len(builds) == 3
    assert all(sum(each.files.values()) > 3_000_000 for each in builds)
    known = {path for each in builds for path in each.selected}
    assert len(known) > 200


@pytest.mark.parametrize("stripped", [0, 900_000], ids=["unbuilt", "built"])
def test_golden(golden: Callable[[Path, str], None], stripped: int) -> None:
    found = dataclasses.replace(
        supposed(MORE), stripped=stripped, unknown=(SQUARE_PLACE,), trees=("one", "two")
    )
    text = render_page("what_if.txt.j2", found=found, cost=cost(found), target="pi", most=12)
    golden(GOLDEN / f"what_if-{'built' if stripped else 'unbuilt'}.txt", text)


def test_what_is_made_for_each_plan_foresees_nothing(tmp_path: Path) -> None:
    """The memory has what another plan's ``lite_ops.cc`` needed."""
    made = dataclasses.replace(RELU_FILE, root="generated", path="lite_ops.cc", required=True)
    plan = dataclasses.replace(PLAN, files=(made, RELU_FILE, SQUARE_FILE, TENSOR))
    needs = {made.key: [SQUARE_FILE.key], RELU_FILE.key: [TENSOR.key]}
    found = foresee(Memory(path=tmp_path / "needs.json", needs=needs), plan)
    assert found.files == {made.key, RELU_FILE.key, TENSOR.key}
    assert found.unknown == {TENSOR.key}
