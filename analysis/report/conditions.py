"""What the numbers were taken with, as cards of the report: sweep, boards, meters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.cells import RECORD_SCHEMA
from analysis.energy import on_board
from analysis.errors import InputError
from analysis.files import read_json
from analysis.report.format import UNKNOWN, bytes_text, duration, is_known
from analysis.report.meters import meter_facts
from analysis.scopes import scope_text
from analysis.sweep import Sweep

NOTEWORTHY = {"warn", "fail", "unknown"}


@dataclass(frozen=True)
class Card:
    """One box of the section: a title, facts as (term, value), and what may be opened below them."""

    title: str
    facts: list[tuple[str, object]]
    simulated: str = ""
    doctor: list[dict[str, Any]] = field(default_factory=list)
    fingerprints: list[dict[str, str]] = field(default_factory=list)


def condition_cards(sweep: Sweep, cells: pd.DataFrame) -> list[Card]:
    """Return one card for the sweep, one for each board and one for each meter."""
    boards = [_board_card(sweep, name, entry, cells) for name, entry in sweep.manifest["boards"].items()]
    meters = [
        _meter_card(sweep, name, entry, meter_facts(sweep, name, cells))
        for name, entry in (sweep.manifest.get("meters") or {}).items()
    ]
    return [_sweep_card(sweep.manifest), *boards, *meters]


def _order(profile: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    if (profile.get("order") or {}).get("shuffle", True):
        return f"shuffled with seed {manifest.get('seed')}"
    return "as the profile lists it"


def _sweep_card(manifest: Mapping[str, Any]) -> Card:
    profile = manifest.get("profile") or {}
    controller = manifest.get("controller") or {}
    facts = {
        "profile": manifest.get("profile_name"),
        "modes": "; ".join(
            f"{name}: {_counts(options)}" for name, options in (profile.get("modes") or {}).items()
        ),
        "isolation": profile.get("isolation"),
        "order": _order(profile, manifest),
        "opset": profile.get("opset"),
        "rest before a cell": _seconds(profile.get("rest_s")),
        "cool-down": (profile.get("cooldown") or {}).get("method"),
        "controller": controller.get("hostname"),
        "edgebench": controller.get("edgebench_version"),
        "commit": controller.get("git_commit"),
        "Python": controller.get("python"),
        "ansible-core": controller.get("ansible_core"),
    }
    return Card("Sweep", _known(facts))


def _counts(options: object) -> str:
    if not isinstance(options, Mapping):
        return str(options)
    return f"{options.get('warmup', UNKNOWN)} warm-up + {options.get('inferences', UNKNOWN)} measured"


def _seconds(value: object) -> str | None:
    return duration(float(value)) if isinstance(value, int | float) else None


def _board_card(sweep: Sweep, name: str, entry: Mapping[str, Any], cells: pd.DataFrame) -> Card:
    own = cells[(cells.board == name) & cells.fingerprint.notna()].sort_values("position")
    record = _first_record(sweep, own)
    identity = record.get("identity") or {}
    backends = own.groupby("backend").backend_version.first().items()
    facts = {
        "kind": entry.get("kind"),
        "model": identity.get("model"),
        "serial": identity.get("serial"),
        "processor": identity.get("cpu"),
        "cores": identity.get("cores"),
        "memory": bytes_text(identity.get("memory_bytes")),
        "storage": identity.get("storage"),
        "system": identity.get("os"),
        "kernel": identity.get("kernel"),
        "Python": record.get("python"),
        "governor": ((record.get("state") or {}).get("before") or {}).get("governor"),
        "backends": ", ".join(f"{backend} {version}" for backend, version in backends if is_known(version)),
        "threads": ", ".join(map(str, sorted(own.threads.dropna().unique()))),
        "temperature": _span(own.temperature_start_c, own.temperature_end_c),
        "slowest clock": _ghz(own.frequency_min_hz),
        "meter": entry.get("meter") or "none",
        "runner": str(record.get("runner_sha256") or "")[:12],
    }
    doctor = [finding for finding in record.get("doctor") or [] if finding.get("status") in NOTEWORTHY]
    fingerprints = [
        {"short": str(digest)[:12], "used_by": f"{', '.join(sorted(set(rows.backend)))} ({len(rows)} cells)"}
        for digest, rows in own.groupby("fingerprint")
    ]
    return Card(
        f"Board {name}", _known(facts), "board" if entry.get("simulated") else "", doctor, fingerprints
    )


def _first_record(sweep: Sweep, own: pd.DataFrame) -> dict[str, Any]:
    for cell_id in own.cell_id:
        try:
            return read_json(sweep.root / "cells" / cell_id / "cell.json", RECORD_SCHEMA)
        except InputError:
            continue
    return {}


def _span(start: "pd.Series[float]", end: "pd.Series[float]") -> str | None:
    values = pd.concat([start, end]).dropna()
    return f"{values.min():.0f} to {values.max():.0f} °C" if len(values) else None


def _ghz(frequencies: "pd.Series[float]") -> str | None:
    known = frequencies.dropna()
    return f"{known.min() / 1e9:.2f} GHz" if len(known) else None


def _meter_card(sweep: Sweep, name: str, entry: Mapping[str, Any], found: Mapping[str, object]) -> Card:
    facts = {
        "driver": entry.get("driver"),
        "measures": scope_text([entry.get("scope")]),
        "recorded by": "the board itself" if on_board(sweep.manifest, name) else entry.get("host"),
        **found,
    }
    return Card(f"Meter {name}", _known(facts), "meter" if entry.get("simulated") else "")


def _known(facts: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(term, value) for term, value in facts.items() if value not in (None, "", UNKNOWN)]
