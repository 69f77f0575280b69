"""Plan a build, take what the cache has, and give the rest to worker processes."""

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from model_zoo import catalogue, dataset, exporting, plugins, workload
from model_zoo.errors import ZooError
from model_zoo.model import Model
from model_zoo.store import IDENTITY, Record, Store
from model_zoo.target import Target

if TYPE_CHECKING:
    from model_zoo.worker import Job, Outcome

DEFAULT_OPSET = 17
_HUGE_PAGES = "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"
"""Builders and converters take and give back gigabytes, page by page a third of their time (AlexNet)."""
_WEIGHTS_OF = {"seeded": ("seeded_random", "trained"), "pretrained": ("pretrained", "trained")}


@dataclass(frozen=True)
class Result:
    """What a build gave, in the order asked for.

    Attributes:
        artifacts, unsupported: records of what there is, and of the combinations that cannot be.
        errors: of the jobs that failed.
        built, refused: how many of them are new; the others were in the cache.
    """

    artifacts: list[Record]
    unsupported: list[Record]
    errors: list[str]
    built: int
    refused: int


def variant_modules() -> dict[str, str]:
    """Return the module of ``model_zoo.variants`` that makes each variant."""
    modules = plugins.names("variants")
    return {name: module for module in modules for name in plugins.load("variants", module).NAMES}


def plan(
    models: Sequence[Model], variants: Sequence[str], formats: Sequence[str], opsets: Sequence[int]
) -> list[Target]:
    """Return every combination that is asked for; a format without opsets is made once, its opset None.

    ``all`` stands for the variants, or the formats, that a model can be made in.

    Raises:
        ZooError: unknown variants or formats, all of them in one message.
    """
    modules, exporters = variant_modules(), plugins.names("exporters")
    _refuse_unknown("--variants", variants, [*modules, "all"])
    _refuse_unknown("--formats", formats, [*exporters, "all"])
    of_format = {name: opsets if plugins.load("exporters", name).OPSET else [None] for name in exporters}
    return [
        Target(model, modules[variant], variant, name, opset)
        for model in models
        for variant in dict.fromkeys(catalogue.variants_of(model) if "all" in variants else variants)
        for name in dict.fromkeys(catalogue.formats_of(model) if "all" in formats else formats)
        for opset in dict.fromkeys(of_format[name])
    ]


def named(
    names: Sequence[str],
    models: Mapping[str, Model],
    variants: Sequence[str],
    formats: Sequence[str],
    opsets: Sequence[int],
) -> list[Target]:
    """Return every combination that is asked for of each name: ``model[.variant[.format[.opset]]]``, or ``all``.

    Args:
        variants, formats, opsets: what a name does not say, as in ``plan``.

    Raises:
        ZooError: something unknown in a name.
    """
    parts = [name.split(".") for name in names]
    for name, (_, *said) in zip(names, parts, strict=True):
        if len(said) > 3 or (len(said) == 3 and not said[2].isdecimal()):
            raise ZooError(f"build: {name!r}; valid: model, model.variant, model.variant.format[.opset]")
    catalogue.select(models, [of_name[0] for of_name in parts])
    targets = []
    for model, *said in parts:
        chosen = catalogue.select(models, [model])
        opset = [int(said[2])] if len(said) == 3 else opsets
        targets += plan(chosen, said[:1] or variants, said[1:2] or formats, opset)
    return targets


def again(records: Sequence[Record], models: Mapping[str, Model]) -> list[Target]:
    """Return what would make these artifacts now.

    Raises:
        ZooError: the catalogue has no such model any more.
    """
    gone = sorted({record["model"] for record in records} - set(models))
    if gone:
        raise ZooError(f"models: the catalogue has no {', '.join(gone)} any more; valid: {', '.join(models)}")
    modules = variant_modules()
    return [
        Target(models[r["model"]], modules[r["variant"]], r["variant"], r["format"], r["opset"])
        for r in records
    ]


def build(store: Store, targets: Sequence[Target], weights: str, jobs: int) -> Result:
    """Make every target that the store does not have yet, and write its index.

    Args:
        weights: one of ``model_zoo.source.WEIGHTS``.
        jobs: how many worker processes at most.
    """
    with store.lock():
        cached = _cached(store, targets, weights)
        impossible = [refusal for target in targets if (refusal := _impossible(target))]
        told = {_identity(refusal) for refusal in impossible}
        missing = [target for target in targets if target not in cached and target.identity not in told]
        outcomes, errors = _run(store, _jobs(store, missing, weights), jobs) if missing else ([], [])
        made = [record for outcome in outcomes for record in outcome.artifacts]
        refused = [record for outcome in outcomes for record in outcome.unsupported]
        known = {_identity(record): record for record in [*cached.values(), *made, *refused, *impossible]}
        wanted = [known[key] for target in targets if (key := target.identity) in known]
        artifacts = [record for record in wanted if "reason" not in record]
        unsupported = [record for record in wanted if "reason" in record]
        store.write_index(artifacts, unsupported)
    return Result(artifacts, unsupported, errors, len(made), len(refused))


def _refuse_unknown(option: str, found: Sequence[str], valid: Sequence[str]) -> None:
    unknown = [name for name in found if name not in valid]
    if unknown:
        raise ZooError(f"{option}: unknown {', '.join(unknown)}; valid: {', '.join(valid)}")


def _identity(record: Record) -> tuple[str, str, str, int | None]:
    return record["model"], record["variant"], record["format"], record["opset"]


def _impossible(target: Target) -> Record | None:
    """Return the refusal of a format that no network of this source has: nothing need be loaded to know it."""
    gives, takes = plugins.load("sources", target.model.source_kind).GIVES, exporting.takes(target.format)
    if gives in takes:
        return None
    reason = f"{target.format} files are made of a network of {' or '.join(takes)}, and the source is {gives}"
    return {**dict(zip(IDENTITY, target.identity, strict=True)), "reason": reason}


def _cached(store: Store, targets: Sequence[Target], weights: str) -> dict[Target, Record]:
    """Return what is there, a refusal as well. ``auto`` takes the best weights that an earlier build had."""
    refusals = [record for record in store.index()["unsupported"] if "build_key" in record]
    whole = [record for record in store.records("artifacts") if store.is_whole(record)]
    by_key = {record["build_key"]: record for record in [*refusals, *whole]}
    found = {}
    for target in targets:
        for actual in _acceptable(target.model, weights):
            if (key := target.build_key(actual)) in by_key:
                found[target] = by_key[key]
                break
    return found


def _acceptable(model: Model, weights: str) -> tuple[str, ...]:
    """Return the kinds of weights that will do, best first: none at random once there is a data set to train on."""
    declared = plugins.load("sources", model.source_kind).declared_weights(model)
    if declared == "trained" and dataset.is_present(model.dataset):
        return ("trained",)
    return _WEIGHTS_OF.get(weights, ("pretrained", "trained", "seeded_random"))


def _jobs(store: Store, targets: Sequence[Target], weights: str) -> "list[Job]":
    """Return a job for each network: the variants that leave it as it is are made in one."""
    from model_zoo.worker import Job

    grouped: dict[tuple[str, str | None], list[Target]] = {}
    for target in targets:
        changes = hasattr(plugins.load("variants", target.variant_module), "transform")
        grouped.setdefault((target.model.name, target.variant if changes else None), []).append(target)
    return [
        Job(group[0].model, changed, tuple(group), weights, store.root)
        for (_, changed), group in grouped.items()
    ]


def _run(store: Store, jobs: "list[Job]", workers: int) -> "tuple[list[Outcome], list[str]]":
    """Run the jobs in processes, longest first, as many as fit into memory; one that fails does not stop the others."""
    from model_zoo import worker

    count = max(1, min(workers, len(jobs)))
    threads = max(1, len(os.sched_getaffinity(0)) // count)
    budget_bytes = workload.budget_bytes()
    waiting = sorted(jobs, key=workload.work, reverse=True)
    progress = workload.Progress(jobs)
    outcomes, errors = [], []
    running: dict[Future[Outcome], Job] = {}
    os.environ.setdefault(*_HUGE_PAGES)
    pool = ProcessPoolExecutor(count, get_context("spawn"), worker.initialise, (threads,))
    try:
        while waiting or running:
            for job in workload.admitted(waiting, list(running.values()), count, budget_bytes):
                waiting.remove(job)
                running[pool.submit(worker.build, job)] = job
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                job = running.pop(future)
                error = future.exception()
                if error is None:
                    outcomes.append(future.result())
                    errors += outcomes[-1].errors
                    store.note_refusals(outcomes[-1].unsupported)
                else:
                    errors.append(_describe(job, error))
                print(progress.line(job, error is not None), file=sys.stderr)
                if isinstance(error, BrokenProcessPool):
                    errors += [_describe(other, error) for other in [*running.values(), *waiting]]
                    return outcomes, errors
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return outcomes, errors


def _describe(job: "Job", error: BaseException) -> str:
    if isinstance(error, ZooError):
        return str(error)
    if isinstance(error, BrokenProcessPool):
        return f"{job.name}: a worker process was killed (out of memory?); the same command goes on"
    return f"{job.name}: {type(error).__name__}: {error}"
