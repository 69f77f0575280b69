"""``simulate``: serve a simulated meter."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from power_meter import registry
from power_meter.contract import UsageError
from power_meter.simulation.faults import faults_from
from power_meter.simulation.load import CGROUP, clock_from_now, load_from, read_script
from power_meter.simulation.model import MeterModel, MeterProperties
from power_meter.simulation.serve import serve

HELP = "serve a simulated meter: byte-exact, on a pseudo-terminal or, for HID and bulk meters, a local socket"


SHORTEST_UPDATE_S = 0.0001


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("driver", help="which meter, by the name of its driver")
    parser.add_argument("--link", type=Path, help="path that will lead to the meter (default: ./DRIVER.port)")
    parser.add_argument(
        "--load",
        "--script",
        dest="load",
        default="host_cpu",
        help="host_cpu (this machine's load), cgroup:DIRECTORY (a control group's), or a JSON file: "
        '{"steps": [{"duration_s", "power_w"}], "repeat", "meter": {"gain", "lag_s", …}, "faults": [{"kind", "at_s", '
        '"for_s", "count"}]} (default: %(default)s)',
    )
    parser.add_argument(
        "--idle-w", type=float, default=2.0, help="power of host_cpu at rest (default: %(default)s)"
    )
    parser.add_argument(
        "--busy-w", type=float, default=6.0, help="power of host_cpu fully busy (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of noise and jitter (default: %(default)s)")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end with the process that holds our stdin"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal or, on request, until standard input closes."""
    simulator = registry.load_simulator(arguments.driver).SIMULATOR
    load = load_from(arguments.load, arguments.idle_w, arguments.busy_w)
    measured = arguments.load == "host_cpu" or arguments.load.startswith(CGROUP)
    script = {} if measured else read_script(Path(arguments.load))
    faults = faults_from(script.get("faults", []), f"load script {arguments.load}", simulator.own_faults)
    properties = _properties(simulator.properties, script.get("meter", {}), arguments)
    device = simulator(MeterModel(load, properties), faults, arguments.seed)
    link = arguments.link or Path(f"{arguments.driver}.port")
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopped.append(received))
    clock = clock_from_now()
    print(json.dumps({"driver": arguments.driver, "link": str(link), "t0_ns": clock.origin_ns}), flush=True)
    stdin_fd = sys.stdin.fileno() if arguments.until_stdin_closes else None
    with contextlib.suppress(KeyboardInterrupt):
        serve(device, link, clock, lambda: not stopped, stdin_fd)
    return 0


def _properties(usual: MeterProperties, given: Any, arguments: argparse.Namespace) -> MeterProperties:
    """Return how the meter behaves: as usual, but for what the script says.

    Raises:
        UsageError: the script's key ``meter`` is wrong.
    """
    where = f"load script {arguments.load}: key 'meter"
    valid = [name for name in vars(usual) if name != "seed"]
    if not isinstance(given, dict):
        raise UsageError(f"{where}': found {given!r}, valid: an object with {', '.join(valid)}")
    for key, value in given.items():
        if key not in valid:
            raise UsageError(f"{where}': unknown key {key!r}; valid: {', '.join(valid)}")
        least = SHORTEST_UPDATE_S if key == "update_s" else 0
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
            raise UsageError(f"{where}.{key}': found {value!r}, valid: a number of at least {least}")
    return replace(usual, seed=arguments.seed, **given)
