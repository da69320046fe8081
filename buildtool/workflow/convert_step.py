"""The step ``convert``: models become ones of TensorFlow Lite before the library is planned for
them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence

from buildtool.convert.conversion_pages import summary, write_conversions
from buildtool.convert.conversion_request import KEYS
from buildtool.convert.conversion_wishes import conversion_key, conversion_of
from buildtool.convert.converter_orders import ConversionOrder, make_order
from buildtool.convert.model_conversion import Converted, Converter
from buildtool.core.errors import Attempts, ConfigError, Problem, ToolError, VerificationError
from buildtool.core.release import WITH_TENSORFLOW
from buildtool.core.run import new_log
from buildtool.verify.reference import installed_version
from buildtool.workflow.kept import write_prepared
from buildtool.workflow.model_sources import model_sources
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Convert the models of the target that are to be. Returns what came of it.

    Raises:
        ConfigError: samples or keys do not fit a model, or nothing reads them.
        ModelError: models cannot be read, or TensorFlow's converter fails.
        ToolError: TensorFlow is not there.
        VerificationError: a converted model differs from the original by more than is allowed.
    """
    if unread := [*work.runtime.find_problems(work.target)]:
        raise ConfigError(unread)
    work.layout.converted.unlink(missing_ok=True)
    orders = _orders(work)
    converter = _converter(work)
    attempt = Attempts()
    found: list[Converted] = []
    for order in orders:
        work.say(f"converting {order.request.name} by TensorFlow {converter.version}")
        done = attempt(functools.partial(converter.convert, order))
        found += [done] if done else []
    if attempt.failures:
        raise attempt.failure()
    reports = [each.report for each in found]
    write_conversions(work.layout.conversion, work.target.id, converter.version, reports)
    if problems := [problem for each in found for problem in each.problems]:
        raise VerificationError(problems)
    write_prepared(work.layout.converted, [each.model for each in found])
    return summary(reports)


def _orders(work: Workspace) -> Sequence[ConversionOrder]:
    """What is to be converted.

    Raises:
        ModelError, ConfigError: models that cannot be, all at once.
    """
    target, attempt = work.target, Attempts()
    orders = []
    for place, (source, model) in enumerate(zip(model_sources(target), target.models, strict=True)):
        keys = conversion_of(target, model)
        if keys is None:
            continue
        key = conversion_key(target, place)
        order = attempt(
            functools.partial(
                make_order,
                source,
                model,
                keys,
                key=key,
                places={
                    name: target.where(f"models[{place}].{name}" if name else key) for name in KEYS
                },
                selects=work.runtime.has_select_ops,
                cache=work.cache.root,
                python=sys.executable,
            )
        )
        orders += [order] if order else []
    if attempt.failures:
        raise attempt.failure()
    return orders


def _converter(work: Workspace) -> Converter:
    version = installed_version()
    if not version:
        what = f"TensorFlow converts models, and {sys.executable} has none"
        todo = f"install the extra: {WITH_TENSORFLOW}; or give .tflite files"
        raise ToolError(Problem(where=work.target.where("convert"), what=what, todo=todo))
    log = work.layout.log("convert")
    new_log(log)
    return Converter(
        python=sys.executable, version=version, cache=work.cache.folder("converted"), log=log
    )
