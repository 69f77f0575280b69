"""Everything that can be refused before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from controller import inventory, plan, profile
from controller.catalogues import ask_all
from controller.errors import InputError, Problem, one_of
from controller.results import Results


class Planned(NamedTuple):
    """What the rest of the playbook works from."""

    results: Results
    manifest: dict[str, Any]
    resumed: bool


def preflight(
    root: Path,
    profile_name: str,
    hosts: dict[str, dict[str, Any]],
    inventory_file: str,
    sweep_id: str | None,
    scale: float | None,
    results_root: Path,
) -> Planned:
    """Validate the inventory and the profile, then plan the sweep or read the plan of the one to resume.

    Args:
        root: the checkout.
        profile_name: a file under ``profiles/``.
        hosts: board name to its ``edgebench_*`` variables.
        inventory_file: for messages.
        sweep_id: None for a new sweep; the id of one whose manifest exists resumes it.
        scale: overrides the profile's.
        results_root: holds one directory per sweep.

    Raises:
        InputError: with every problem found in every file.
    """
    catalogues = ask_all(root)
    problems = inventory.check(hosts, inventory_file, catalogues)
    problems += _check_arguments(sweep_id, scale, results_root)
    problems += [
        Problem(
            inventory_file, f"{name}.edgebench_results", kept, "set for all, as the controller reads it too"
        )
        for name, variables in hosts.items()
        if Path(kept := str(variables.get("edgebench_results", results_root))) != results_root
    ]
    chosen: dict[str, Any] = {}
    try:
        chosen = profile.load(root, profile_name, catalogues)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    if scale is not None:
        chosen = {**chosen, "scale": scale}

    sweep_id = sweep_id or plan.new_sweep_id(profile_name)
    results = Results((results_root / sweep_id).resolve())  # "latest" is a link to a sweep
    if results.manifest_path.is_file():
        return Planned(results, _resume(results, profile_name, chosen, hosts), resumed=True)
    manifest = plan.make_manifest(sweep_id, profile_name, chosen, hosts, catalogues, root)
    if not manifest["cells"]:
        kinds = {str(variables["edgebench_kind"]) for variables in hosts.values()}
        valid = f"a backend for one of the inventory's kinds: {one_of(kinds)}"
        raise InputError([Problem(f"profiles/{profile_name}.yml", "backends", "none that applies", valid)])
    return Planned(results, manifest, resumed=False)


def _check_arguments(sweep_id: str | None, scale: float | None, results_root: Path) -> list[Problem]:
    problems = []
    if sweep_id == "latest" and not (results_root / sweep_id).exists():
        valid = f"the id of a sweep; {results_root} has none yet"
        problems.append(Problem("command line", "sweep_id", sweep_id, valid))
    if sweep_id is not None and not inventory.NAME.fullmatch(sweep_id):
        problems.append(Problem("command line", "sweep_id", sweep_id, inventory.NAME_TEXT))
    if scale is not None and not 0 < scale <= 1:
        problems.append(Problem("command line", "scale", scale, "a number above 0, at most 1"))
    return problems


def _resume(
    results: Results, profile_name: str, chosen: dict[str, Any], hosts: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The plan that exists, if this command would plan the same."""
    manifest = results.manifest()
    shown = str(results.manifest_path)
    problems = []
    if manifest["profile_name"] != profile_name:
        problems.append(
            Problem(shown, "profile", profile_name, f"{manifest['profile_name']} (the one it began with)")
        )
    elif manifest["profile"] != chosen:
        changed = [key for key in chosen if chosen[key] != manifest["profile"].get(key)]
        valid = "the profile as it was when the sweep began; a changed profile needs a new sweep_id"
        problems.append(Problem(f"profiles/{profile_name}.yml", ", ".join(changed), "changed", valid))
    problems += [
        Problem(shown, f"boards.{name}.kind", hosts[name]["edgebench_kind"], board["kind"])
        for name, board in manifest["boards"].items()
        if name in hosts and hosts[name]["edgebench_kind"] != board["kind"]
    ]
    if problems:
        raise InputError(problems)
    return manifest
