"""The manifest: every expected cell of a sweep, in its order, before anything is measured."""

from __future__ import annotations

import platform
import random
import secrets
import socket
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from controller.catalogues import Catalogues
from controller.inventory import ON_BOARD, meters_of, recorded_by
from controller.profile import format_of, runtime_of

SCHEMA = "edgebench/manifest/1"


def new_sweep_id(profile_name: str) -> str:
    """A sweep id that sorts by time and names its profile."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{profile_name}"


def make_manifest(
    sweep_id: str,
    profile_name: str,
    profile: dict[str, Any],
    hosts: dict[str, dict[str, Any]],
    catalogues: Catalogues,
    root: Path,
) -> dict[str, Any]:
    """Plan a sweep.

    Args:
        sweep_id: names the result directory.
        profile_name: the file under ``profiles/``.
        profile: that file, validated, with defaults filled in.
        hosts: board name to its validated ``edgebench_*`` variables.
        catalogues: decide the format in which each backend reads each model.
        root: the checkout, for the record of its commit.
    """
    seed = profile["order"]["seed"]
    if seed is None:
        seed = secrets.randbits(32)
    return {
        "schema": SCHEMA,
        "sweep_id": sweep_id,
        "created_utc": utc_now(),
        "profile_name": profile_name,
        "profile": profile,
        "seed": seed,
        "scale": profile["scale"],
        "boards": {name: _board(variables) for name, variables in sorted(hosts.items())},
        "meters": {
            name: _meter(meter, catalogues.drivers[meter["driver"]])
            for name, meter in sorted(meters_of(hosts).items())
        },
        "cells": cells_of(hosts, profile, seed, catalogues),
        "controller": _controller(root),
    }


def utc_now() -> str:
    """Now, RFC 3339, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cells_of(
    hosts: dict[str, dict[str, Any]], profile: dict[str, Any], seed: int, catalogues: Catalogues
) -> list[dict[str, Any]]:
    """Every expected cell of every board, each board's in its order; the arguments are those of ``make_manifest``."""
    return [
        cell
        for board in sorted(hosts)
        for cell in _cells_of_board(board, hosts[board], profile, seed, catalogues)
    ]


def _cells_of_board(
    board: str, host: dict[str, Any], profile: dict[str, Any], seed: int, catalogues: Catalogues
) -> list[dict[str, Any]]:
    kind = host["edgebench_kind"]
    opset = min(profile["opset"], host.get("edgebench_opset", profile["opset"]))
    cells = [
        {
            "cell_id": f"{board}/{model}.{variant}.{label}.{mode}.r{repeat}",
            "board": board,
            "kind": kind,
            "model": model,
            "variant": variant,
            "backend": label,
            "runtime": runtime_of(label, options),
            **_format(catalogues, label, options, model, opset),
            "mode": mode,
            "repeat": repeat,
        }
        for repeat in range(1, profile["repeats"] + 1)
        for mode in profile["modes"]
        for label, options in profile["backends"].items()
        if kind in options.get("kinds", [kind])
        for model in profile["models"]
        for variant in options.get("variants", profile["variants"])
    ]
    if profile["order"]["shuffle"]:
        # A seed of its own for each board: adding a board does not reorder the others.
        random.Random(f"{seed}/{board}").shuffle(cells)
    return [{**cell, "position": position} for position, cell in enumerate(cells, start=1)]


def _format(
    catalogues: Catalogues, label: str, options: dict[str, Any], model: str, opset: int
) -> dict[str, Any]:
    """The format of a cell and its opset; None where the backend needs no artifact, or the format has no opsets."""
    found = format_of(catalogues, label, options, model)
    has_opset = found is not None and catalogues.formats[found]["opset"]
    return {"format": found, "opset": opset if has_opset else None}


def _board(variables: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": variables["edgebench_kind"],
        "meter": variables.get("edgebench_meter"),
        "simulated": variables.get("edgebench_simulated", False),
    }


def _meter(meter: dict[str, Any], driver: dict[str, Any]) -> dict[str, Any]:
    host = recorded_by(meter, driver)
    by_board = {
        "port": meter.get("port") or "auto",
        "options": meter.get("options") or {},
        "caps": driver["caps"],
    }
    return {
        "driver": meter["driver"],
        "scope": meter["scope"],
        "simulated": meter.get("simulate") is not None,
        "host": host,
        **(by_board if host == ON_BOARD else {}),
    }


def _controller(root: Path) -> dict[str, Any]:
    return {
        "edgebench_version": _version("edgebench"),
        "git_commit": _git_commit(root),
        "python": platform.python_version(),
        "ansible_core": _version("ansible-core"),
        "hostname": socket.gethostname(),
    }


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _git_commit(root: Path) -> str | None:
    """The checkout's commit, with ``-dirty`` where the tree differs from it."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
