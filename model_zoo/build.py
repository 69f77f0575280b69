"""Plan a build, take what the cache has, and give the rest to worker processes."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from model_zoo import cache_key, plugins
from model_zoo.errors import ZooError
from model_zoo.model import Model
from model_zoo.store import Record, Store

if TYPE_CHECKING:
    from model_zoo.worker import Job, Outcome

DEFAULT_OPSET = 17
_WEIGHTS_OF = {"seeded": ("seeded_random", "trained"), "pretrained": ("pretrained", "trained")}


@dataclass(frozen=True)
class Target:
    """One artifact that is wanted."""

    model: Model
    variant_module: str
    variant: str
    format: str
    opset: int | None


@dataclass(frozen=True)
class Result:
    """What a build gave: records in the order asked for, refused combinations, and errors by job."""

    artifacts: list[Record]
    unsupported: list[Record]
    errors: list[str]
    built: int


def variant_modules() -> dict[str, str]:
    """Return the module of ``model_zoo.variants`` that makes each variant."""
    modules = plugins.names("variants")
    return {name: module for module in modules for name in plugins.load("variants", module).NAMES}


def plan(
    models: Sequence[Model], variants: Sequence[str], formats: Sequence[str], opsets: Sequence[int]
) -> list[Target]:
    """Return every combination that is asked for; a format without opsets is made once, its opset None.

    Raises:
        ZooError: unknown variants or formats, all of them in one message.
    """
    modules, exporters = variant_modules(), plugins.names("exporters")
    _refuse_unknown("--variants", variants, list(modules))
    _refuse_unknown("--formats", formats, exporters)
    of_format = {name: opsets if plugins.load("exporters", name).OPSET else [None] for name in formats}
    return [
        Target(model, modules[variant], variant, name, opset)
        for model in models
        for variant in dict.fromkeys(variants)
        for name, wanted in of_format.items()
        for opset in dict.fromkeys(wanted)
    ]


def build(store: Store, targets: Sequence[Target], weights: str, jobs: int) -> Result:
    """Make every target that the store does not have yet, and write its index.

    Args:
        weights: one of ``model_zoo.source.WEIGHTS``.
        jobs: how many worker processes at most.
    """
    with store.lock():
        cached = _cached(store, targets, weights)
        missing = [target for target in targets if target not in cached]
        outcomes, errors = _run(_jobs(store, missing, weights), jobs) if missing else ([], [])
        made = [record for outcome in outcomes for record in outcome.artifacts]
        unsupported = [record for outcome in outcomes for record in outcome.unsupported]
        by_target = {_identity(record): record for record in [*cached.values(), *made]}
        wanted = [(t.model.name, t.variant, t.format, t.opset) for t in targets]
        artifacts = [by_target[identity] for identity in wanted if identity in by_target]
        store.write_index(artifacts, unsupported)
    return Result(artifacts, unsupported, errors, len(made))


def _refuse_unknown(option: str, found: Sequence[str], valid: Sequence[str]) -> None:
    unknown = [name for name in found if name not in valid]
    if unknown:
        raise ZooError(f"{option}: unknown {', '.join(unknown)}; valid: {', '.join(valid)}")


def _identity(record: Record) -> tuple[str, str, str, int | None]:
    return record["model"], record["variant"], record["format"], record["opset"]


def _cached(store: Store, targets: Sequence[Target], weights: str) -> dict[Target, Record]:
    """Return what is there. ``auto`` takes pretrained weights first, then what an earlier build had."""
    by_key = {record["build_key"]: record for record in store.records("artifacts") if store.is_whole(record)}
    found = {}
    for target in targets:
        for actual in _WEIGHTS_OF.get(weights, ("pretrained", "trained", "seeded_random")):
            key = cache_key.key(
                target.model, target.variant_module, target.variant, target.format, target.opset, actual
            )
            if key in by_key:
                found[target] = by_key[key]
                break
    return found


def _jobs(store: Store, targets: Sequence[Target], weights: str) -> "list[Job]":
    from model_zoo.worker import Job

    grouped: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        grouped.setdefault((target.model.name, target.variant), []).append(target)
    return [
        Job(
            model=group[0].model,
            variant_module=group[0].variant_module,
            variant=group[0].variant,
            targets=tuple((target.format, target.opset) for target in group),
            weights=weights,
            store=store.root,
        )
        for group in grouped.values()
    ]


def _run(jobs: "list[Job]", workers: int) -> "tuple[list[Outcome], list[str]]":
    """Run the jobs in processes; one that fails does not stop the others."""
    from model_zoo import worker

    count = max(1, min(workers, len(jobs)))
    threads = max(1, len(os.sched_getaffinity(0)) // count)
    outcomes, errors = [], []
    pool = ProcessPoolExecutor(count, get_context("spawn"), worker.initialise, (threads,))
    try:
        pending = {pool.submit(worker.build, job): job for job in jobs}
        while pending:
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                job = pending.pop(future)
                error = future.exception()
                if error is None:
                    outcomes.append(future.result())
                    errors += outcomes[-1].errors
                else:
                    errors.append(_describe(job, error))
                print(
                    f"[{len(jobs) - len(pending)}/{len(jobs)}] {job.model.name} {job.variant}",
                    file=sys.stderr,
                )
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return outcomes, errors


def _describe(job: "Job", error: BaseException) -> str:
    name = f"{job.model.name} {job.variant}"
    if isinstance(error, ZooError):
        return str(error)
    if isinstance(error, BrokenProcessPool):
        return f"{name}: a worker process was killed (out of memory?); the same command goes on"
    return f"{name}: {type(error).__name__}: {error}"
