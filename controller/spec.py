"""From a planned cell to the specification that its board runs."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

from controller.profile import options_of

SCHEMA = "edgebench/cell_spec/1"
IDENTITY = (
    "cell_id",
    "position",
    "board",
    "kind",
    "model",
    "variant",
    "backend",
    "runtime",
    "mode",
    "repeat",
)
"""What every record of a cell says of itself, besides ``sweep_id`` and ``isolation``."""
ARTIFACT = ("model", "variant", "format", "opset")
"""What names an artifact in the zoo's index."""
ROUNDS_LIKE = {"tf32": "fp16", "fp16": "fp16", "bf16": "int8", "auto": "int8", "int8": "int8"}
"""What a runtime may compute in, to the variant whose answers may be as far off: TensorFloat-32 has the mantissa of
half precision, bfloat16 three bits less; a runtime's own choice may be that."""
RECONNECT_S = 180.0
"""How long a board that went away is waited for, before its supply is cut once, and again after that."""
NO_DATASET = "synthetic_"
"""How the data set of a model is called whose entry in the catalogue names none: a profile may choose another."""
RECOVERY_S = 1800.0
"""A generous bound on reboots, reconnections and transfers around one cell."""


class NoArtifactError(Exception):
    """The zoo has no verified artifact for a cell."""


class NoEnvironmentError(Exception):
    """The board has no environment for a cell's runtime."""


class BoardSetup(NamedTuple):
    """What a board's part of the inventory and its provisioning say.

    ``metered`` is for a meter that another machine records, ``board_meter`` the manifest's entry of one that the board
    records itself.
    """

    root: str
    python: str
    can_reboot: bool
    simulated: bool
    metered: bool
    meter_simulated: bool
    environments: dict[str, dict[str, Any]]
    gate: dict[str, Any]
    board_meter: dict[str, Any] | None = None
    reconnect_s: float = RECONNECT_S

    @property
    def has_meter(self) -> bool:
        """Whether anything records the board's power."""
        return self.metered or self.board_meter is not None

    @property
    def runner(self) -> str:
        """The runner's command line on the board."""
        return f"{shlex.quote(self.python)} {shlex.quote(self.root + '/edgebench_runner.pyz')}"


def build(
    cell: dict[str, Any], manifest: dict[str, Any], zoo: dict[str, Any], setup: BoardSetup
) -> dict[str, Any]:
    """The cell spec of contracts.md section 5.

    Args:
        cell: an element of the manifest's ``cells``.
        manifest: the sweep's manifest.
        zoo: the zoo's ``index.json``.
        setup: the board.

    Raises:
        NoArtifactError: the zoo lacks the artifact, or it failed its verification.
        NoEnvironmentError: the board cannot run it.
        KeyError: the zoo's index is not whole.
    """
    profile = manifest["profile"]
    artifact = find_artifact(cell, profile, zoo)
    if cell["runtime"] not in setup.environments:
        raise NoEnvironmentError(f"no environment for {cell['runtime']} on this board")
    options = options_of(profile["backends"][cell["backend"]])
    tolerance = _tolerance(options, zoo)
    return {
        "schema": SCHEMA,
        "sweep_id": manifest["sweep_id"],
        **{key: cell[key] for key in IDENTITY},
        "isolation": isolation(cell, profile, setup.can_reboot),
        "task": artifact["task"] if artifact else "classification",
        "artifact": _artifact(artifact, setup.root, tolerance) if artifact else None,
        "dataset": _dataset(artifact, zoo, setup.root) if artifact else None,
        "options": options,
        "protocol": protocol(cell, profile, setup.has_meter, _dataset_size(artifact, zoo)),
        "cooldown": _cooldown(profile),
        "gate": {key: value for key, value in {**profile["gate"], **setup.gate}.items() if value is not None},
        "environment": setup.environments[cell["runtime"]],
        "meter": _board_meter(setup.board_meter),
        "simulated": [
            name for name, on in (("board", setup.simulated), ("meter", setup.meter_simulated)) if on
        ],
    }


def isolation(cell: dict[str, Any], profile: dict[str, Any], can_reboot: bool) -> str:
    """How this cell is kept apart from the one before: ``reboot`` or ``process``."""
    asked = profile["modes"][cell["mode"]].get("isolation", profile["isolation"])
    if asked == "auto":
        return "reboot" if can_reboot else "process"
    return str(asked)


def rest_s(cell: dict[str, Any], profile: dict[str, Any]) -> float:
    """Seconds of rest before the cell, shortened in a rehearsal."""
    return float(profile["modes"][cell["mode"]].get("rest_s", profile["rest_s"])) * profile["scale"]


def protocol(cell: dict[str, Any], profile: dict[str, Any], metered: bool, items: int = 1) -> dict[str, Any]:
    """Counts and times of one cell, shortened in a rehearsal.

    Args:
        cell, profile: as in ``build``.
        metered: a board without a meter needs no idle windows and no load pulses, and does not wait for them.
        items: how many the data set has: what ``inferences: all`` means.
    """
    mode, power, scale = profile["modes"][cell["mode"]], profile["power"], profile["scale"]
    duration_s = mode.get("duration_s")
    inferences = items if mode["inferences"] == "all" else mode["inferences"]
    return {
        "warmup": round(mode["warmup"] * scale),
        "inferences": max(1, round(inferences * scale)),
        "duration_s": duration_s and duration_s * scale,
        "idle_before_s": power["idle_before_s"] if metered else 0.0,
        "idle_after_s": power["idle_after_s"] if metered else 0.0,
        "sync_pulses": power["sync_pulses"] if metered else False,
        "minimum_window_s": power["minimum_window_s"],
        "deadline_s": mode.get("deadline_s", profile["deadline_s"]),
        "telemetry_interval_s": profile["telemetry_interval_s"],
        "scale": scale,
        "from_files": mode.get("from_files", False),
    }


def zoo_files_of(zoo: dict[str, Any], plan: dict[str, Any], board: str) -> dict[str, list[str]]:
    """The files of the zoo that a board's cells need: by directory, relative to the store, their names.

    Args:
        zoo: the zoo's ``index.json``.
        plan: has the distinct ``artifacts`` (ARTIFACT) wanted by each board.
        board: its name.
    """
    files: dict[str, list[str]] = {}
    for wanted in plan["artifacts"][board]:
        try:
            artifact = find_artifact(wanted, plan.get("profile", {}), zoo)
        except NoArtifactError:
            continue  # its cells become rows that say so
        if artifact:
            parts = [artifact, *artifact.get("beside", []), artifact["check"]]
            files[f"artifacts/{artifact['directory']}"] = [part["file"] for part in parts]
            files[f"datasets/{artifact['dataset']['sha256']}"] = ["data.npz"]
    return files


def artifact_names(cells: list[dict[str, Any]]) -> list[str]:
    """What the zoo is asked to build: each distinct artifact of the cells as model.variant.format[.opset]."""
    parts = [[cell[key] for key in ARTIFACT] for cell in cells if cell["format"] is not None]
    return sorted({".".join(str(part) for part in of_cell if part is not None) for of_cell in parts})


def wanted_artifacts(cells: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By board, each distinct artifact that its cells run."""
    wanted: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {}
    for cell in cells:
        parts = {key: cell[key] for key in ARTIFACT}
        wanted.setdefault(cell["board"], {})[tuple(map(str, parts.values()))] = parts
    return {board: list(items.values()) for board, items in wanted.items()}


def longest_cell_s(profile: dict[str, Any]) -> float:
    """Seconds that no cell can exceed, reboot and recovery included; a recorder waits so long for a sign of life."""
    cooldown = profile["cooldown"]
    waits = cooldown.get("deadline_s", cooldown.get("seconds", 0.0))
    modes = profile["modes"].values()
    deadline = max(mode.get("deadline_s", profile["deadline_s"]) for mode in modes)
    rest = max(mode.get("rest_s", profile["rest_s"]) for mode in modes)
    return float(deadline + rest + waits + RECOVERY_S)


def find_artifact(
    cell: dict[str, Any], profile: dict[str, Any], zoo: dict[str, Any]
) -> dict[str, Any] | None:
    """The zoo's record of a cell's artifact; None where its backend needs none.

    Raises:
        NoArtifactError: the zoo lacks the artifact, or it failed its verification.
    """
    if cell["format"] is None:
        return None
    wanted = {key: cell[key] for key in ARTIFACT}
    asked = profile.get("datasets", {})
    for artifact in zoo["artifacts"]:
        if all(artifact[key] == value for key, value in wanted.items()):
            dataset = artifact["dataset"]["name"]
            if dataset.startswith(NO_DATASET) and dataset != asked.get(artifact["task"], dataset):
                break  # built for another profile
            if artifact["verification"]["passed"]:
                return dict(artifact)
            raise NoArtifactError(f"the artifact failed its verification: {artifact['verification']}")
    for refusal in zoo.get("unsupported", []):
        if all(refusal[key] == value for key, value in wanted.items()):
            raise NoArtifactError(f"the zoo cannot make it: {refusal['reason']}")
    raise NoArtifactError(f"the zoo has no artifact with {wanted}{_of_datasets(asked)}")


def _of_datasets(asked: dict[str, str]) -> str:
    return f" and the data set {' or '.join(sorted(asked.values()))}" if asked else ""


def _dataset_size(artifact: dict[str, Any] | None, zoo: dict[str, Any]) -> int:
    sha256 = artifact["dataset"]["sha256"] if artifact else None
    return next((int(item["n"]) for item in zoo["datasets"] if item["sha256"] == sha256 and "n" in item), 1)


def _tolerance(options: dict[str, Any], zoo: dict[str, Any]) -> dict[str, float]:
    """What the answers may be off by where the runtime is let compute in less than the artifact's own precision."""
    asked = "tf32" if options.get("tf32") else options.get("precision", "fp32")
    found: dict[str, float] = zoo.get("tolerances", {}).get(
        ROUNDS_LIKE.get(asked), {"atol": 0.0, "rtol": 0.0}
    )
    return found


def _artifact(artifact: dict[str, Any], root: str, tolerance: dict[str, float]) -> dict[str, Any]:
    folder = f"{root}/artifacts/{artifact['directory']}"
    kept = ("sha256", "weights", "classes", "input", "preprocess")
    check = artifact["check"]
    return {
        "path": f"{folder}/{artifact['file']}",
        **{key: artifact[key] for key in kept},
        "format": artifact.get("file_format", artifact["format"]),
        "exporter": artifact["format"],
        "beside": [
            {"path": f"{folder}/{part['file']}", "sha256": part["sha256"]}
            for part in artifact.get("beside", [])
        ],
        "output_shape": artifact["outputs"][0]["shape"],
        "postprocess": artifact.get("postprocess"),
        "check": {
            "path": f"{folder}/{check['file']}",
            "sha256": check["sha256"],
            **{key: max(check[key], tolerance[key]) for key in ("atol", "rtol")},
            "share": check.get("share", 1.0),
        },
    }


def _dataset(artifact: dict[str, Any], zoo: dict[str, Any], root: str) -> dict[str, Any]:
    sha256 = artifact["dataset"]["sha256"]
    dataset = {item["sha256"]: item for item in zoo["datasets"]}[sha256]
    return {
        "name": dataset["name"],
        "path": f"{root}/datasets/{sha256}/data.npz",
        "sha256": sha256,
        "labels": dataset["labels"],
    }


def _board_meter(meter: dict[str, Any] | None) -> dict[str, Any] | None:
    return meter and {key: meter[key] for key in ("name", "driver", "port", "scope", "options", "caps")}


def _cooldown(profile: dict[str, Any]) -> dict[str, Any]:
    cooldown = dict(profile["cooldown"])
    if cooldown["method"] == "fixed":
        cooldown["seconds"] *= profile["scale"]
    return cooldown
