"""How large would a program be that is not built? From what was measured of others. Pure.

What a file takes is known in one of four ways, the best first: it was measured with the very same
selection, for the same processor, macros and flags; with another selection; for another processor
or under other flags; or never, so that others of its kind stand for it. What files take that are
linked already grows, too, as the new ones call more of them: that is a usual share. How far each is
off was measured; see ``docs/results.md``.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import mean, median

from buildtool.answers.measured_builds import MeasuredBuild

Selected = Mapping[str, tuple[str, ...]]
KINDS = ("/kernels/", "/ops/", "tensorflow/lite/")
# By how much files that are there already, and the linker's tables, grow for a byte of new ones.
GROWTH = 0.1


class Basis(str, enum.Enum):
    """How it is known what a file takes."""

    MEASURED = "measured"
    OTHER_KERNELS = "measured with other kernels"
    ELSEWHERE = "measured for another processor, or with other flags"
    KIND = "never measured: as others of its kind"


# The share by which an estimate may be off.
ERRORS: Mapping[Basis, float] = {
    Basis.MEASURED: 0.05,
    Basis.OTHER_KERNELS: 0.5,
    Basis.ELSEWHERE: 0.4,
    # InceptionV3 on 1.8, of whose kernels none was measured: 72 kB guessed, 235 built.
    Basis.KIND: 4.0,
}
_GROWTH_ERROR = 1.0
_USUAL = 10_000  # bytes of a file, where nothing was ever measured


@dataclass(frozen=True, kw_only=True)
class Linked:
    """What a program is, or would be, linked of: the places of its files as the size report has
    them, and what they register."""

    places: frozenset[str]
    selected: Selected


@dataclass(frozen=True, kw_only=True)
class FileEstimate:
    """What a file takes before and after, in bytes; 0 where it is not there."""

    place: str
    before: int
    after: int
    basis: Basis

    @property
    def change(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, kw_only=True)
class SizeEstimate:
    """What changes. ``files`` are those that come, go or register something else, the largest
    change first; ``rest`` is what all others grow by, and ``error`` by how much the sum may be
    off, in bytes."""

    files: tuple[FileEstimate, ...]
    rest: int
    error: int

    @property
    def change(self) -> int:
        return sum(each.change for each in self.files) + self.rest


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What was measured: ``own`` is the build of the target as it is, if there is one of that very
    plan; ``builds`` are all that are known of the tree, the newest first."""

    own: MeasuredBuild | None
    builds: Sequence[MeasuredBuild] = field(default=())

    def of_file(self, place: str, selected: Selected, identity: str) -> tuple[int, Basis]:
        """What a file takes that registers this, in a build of this identity."""
        wanted = frozenset(selected.get(place, ()))
        same = [each for each in self._all if each.identity == identity and place in each.files]
        exact = [b.files[place] for b in same if frozenset(b.selected.get(place, ())) == wanted]
        if exact:
            return round(median(exact)), Basis.MEASURED
        if same:
            return _scaled(place, wanted, same), Basis.OTHER_KERNELS
        others = [
            replace(each, files={place: round(each.files[place] * self._ratio(each))})
            for each in self._all
            if place in each.files
        ]
        if others:
            return _scaled(place, wanted, others), Basis.ELSEWHERE
        return self._usual(place), Basis.KIND

    def _ratio(self, other: MeasuredBuild) -> float:
        """How large files of the target's own build are beside those of another."""
        if self.own is None or self.own.identity == other.identity:
            return 1.0
        own, selected = self.own.files, self.own.selected
        same = [
            place
            for place in own.keys() & other.files.keys()
            if "/" in place and selected.get(place) == other.selected.get(place)
        ]
        theirs = sum(other.files[place] for place in same)
        return sum(own[place] for place in same) / theirs if theirs else 1.0

    @property
    def _all(self) -> list[MeasuredBuild]:
        return [*([self.own] if self.own else []), *self.builds]

    def _usual(self, place: str) -> int:
        """What files of its kind take: with kernels, with ops, or others."""
        known = [
            size
            for each in self._all
            for path, size in each.files.items()
            if "/" in path and all((kind in path) == (kind in place) for kind in KINDS)
        ]
        return round(mean(known)) if known else _USUAL


def _scaled(place: str, wanted: frozenset[str], builds: Iterable[MeasuredBuild]) -> int:
    """By the build whose selection of the file is nearest: what it takes for each thing that is
    selected."""
    known = [(frozenset(each.selected.get(place, ())), each.files[place]) for each in builds]
    nearest, size = min(known, key=lambda each: len(each[0] ^ wanted))
    return round(size * len(wanted) / len(nearest)) if nearest and wanted else size


def estimate_change(
    before: Linked, after: Linked, measures: Measures, *, identities: tuple[str, str]
) -> SizeEstimate:
    """What a program grows by. ``identities`` are those of the builds before and after."""
    old, new = identities
    changed = {
        place
        for place in before.places | after.places
        if (place in before.places) != (place in after.places)
        or before.selected.get(place) != after.selected.get(place)
    }
    files = []
    for place in changed:
        was, now = place in before.places, place in after.places
        first, basis = measures.of_file(place, before.selected, old) if was else (0, None)
        last, other = measures.of_file(place, after.selected, new) if now else (0, basis)
        worse = max((each for each in (basis, other) if each), key=list(Basis).index)
        files.append(FileEstimate(place=place, before=first, after=last, basis=worse))
    files.sort(key=lambda each: (-abs(each.change), each.place))
    rest = round(sum(each.change for each in files) * GROWTH)
    error = sum(abs(each.change) * ERRORS[each.basis] for each in files) + abs(rest) * _GROWTH_ERROR
    return SizeEstimate(files=tuple(files), rest=rest, error=round(error))
