"""Checking what the inventory says of boards and meters."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from controller import attachments
from controller.catalogues import Catalogues
from controller.errors import Problem, one_of

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
HERE, ON_BOARD = "localhost", "board"
HOST_TEXT = "localhost: meters are recorded by the controller; a serial one elsewhere is reached by port rfc2217://HOST:PORT"
READ_BY_KERNEL = ("sysfs", "command")
"""Transports of drivers whose meter a board can read itself."""
FOUND_PORT = re.compile(r"(usb:|location:|bulk:|rfc2217://|socket://).")
PORT_TEXT = "a serial or hidraw device that exists, auto, usb:VID:PID[:SERIAL] or location:BUS-PORT"
NAME_TEXT = "lower-case letters, digits, '_' and '-', beginning with a letter or digit"


class Variable(NamedTuple):
    """A variable of the inventory that edgebench reads."""

    types: tuple[type, ...]
    text: str
    is_valid: Callable[[Any], bool] = lambda value: True


def _is_seconds(value: Any) -> bool:
    """A number above zero, also as the text that a command line's ``-e`` makes of it."""
    try:
        return not isinstance(value, bool) and 0 < float(value) < float("inf")
    except ValueError:
        return False


VARIABLES = {
    "edgebench_kind": Variable((str,), "a board kind"),
    "edgebench_root": Variable(
        (str,), "the whole path of a folder on the board", lambda value: value.startswith("/")
    ),
    "edgebench_python": Variable((str,), "the interpreter that environments on the board are made from"),
    "edgebench_meter": Variable((str, type(None)), "the name of a meter in edgebench_meters, or null"),
    "edgebench_meters": Variable((dict,), "a mapping of meters by name"),
    "edgebench_power_switch": Variable((dict, type(None)), "a mapping with a driver, or null"),
    "edgebench_can_reboot": Variable((bool,), "true or false"),
    "edgebench_simulated": Variable((bool,), "true or false"),
    "edgebench_results": Variable((str,), "the folder on the controller that holds the results of sweeps"),
    "edgebench_reconnect_s": Variable(
        (int, float, str), "seconds that a lost board is waited for, above 0", _is_seconds
    ),
    "edgebench_backends": Variable((list,), "a list of backends to make environments for"),
    "edgebench_attachments": Variable((list,), "a list of what is plugged into the board"),
    "edgebench_vendor_files": Variable((dict,), "by backend, a list of files with their sha256"),
    "edgebench_opset": Variable(
        (int,),
        "the newest opset of ONNX that the board's runtimes read, 7 to 25",
        lambda value: 7 <= value <= 25,
    ),
    "edgebench_gate": Variable((dict,), "a mapping of thresholds, as in a profile's gate"),
}
METER_KEYS = {
    "driver": Variable((str,), "the name of a meter driver"),
    "port": Variable((str, type(None)), "a device path, such as one under /dev/serial/by-id"),
    "scope": Variable((str,), "what is measured"),
    "options": Variable((dict,), "a mapping of driver options"),
    "simulate": Variable((dict, type(None)), "a mapping with a load, or null"),
    "host": Variable((str,), "localhost or board: who records the meter"),
}


def check(hosts: dict[str, dict[str, Any]], file: str, catalogues: Catalogues) -> list[Problem]:
    """Every problem with the boards of an inventory.

    Args:
        hosts: board name to its ``edgebench_*`` variables.
        file: the inventory's path, for messages.
        catalogues: what can be named.
    """
    if not hosts:
        return [Problem(file, "boards", None, "at least one host in the group boards")]
    problems = []
    for name, variables in hosts.items():
        if not NAME.fullmatch(name):
            problems.append(Problem(file, "host name", name, NAME_TEXT))
        problems += _first_of_each_key(
            _check_board(file, name, variables, catalogues) + _check_types(file, name, variables, VARIABLES)
        )
    problems += _check_shared_meters(file, hosts)
    for name, meter in meters_of(hosts).items():
        problems += _check_meter(file, name, meter, catalogues)
    return problems


def meters_of(hosts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The meters that some board is wired to, by name."""
    meters = {}
    for variables in hosts.values():
        name = variables.get("edgebench_meter")
        defined = variables.get("edgebench_meters")
        if isinstance(name, str) and isinstance(defined, dict) and name in defined:
            meters[name] = defined[name]
    return meters


def recorded_by(meter: dict[str, Any], driver: dict[str, Any]) -> str:
    """Who records a meter: the controller (``HERE``), or the board that it is wired in (``ON_BOARD``)."""
    default = ON_BOARD if driver["on_board"] and meter.get("simulate") is None else HERE
    return str(meter.get("host", default))


def _check_types(file: str, where: str, found: dict[str, Any], known: dict[str, Variable]) -> list[Problem]:
    problems = []
    for key, value in found.items():
        if key not in known:
            problems.append(Problem(file, f"{where}.{key}", key, one_of(known)))
        elif not (isinstance(value, known[key].types) and known[key].is_valid(value)):
            problems.append(Problem(file, f"{where}.{key}", value, known[key].text))
    return problems


def _check_board(file: str, name: str, variables: dict[str, Any], catalogues: Catalogues) -> list[Problem]:
    problems = []
    kind = variables.get("edgebench_kind")
    if kind not in catalogues.kinds:
        problems.append(Problem(file, f"{name}.edgebench_kind", kind, one_of(catalogues.kinds)))
    meter = variables.get("edgebench_meter")
    meters = variables.get("edgebench_meters") or {}
    if isinstance(meter, str) and isinstance(meters, dict) and meter not in meters:
        problems.append(Problem(file, f"{name}.edgebench_meter", meter, one_of(meters)))
    return problems + attachments.check(file, name, variables, list(catalogues.backends))


def _check_shared_meters(file: str, hosts: dict[str, dict[str, Any]]) -> list[Problem]:
    """A meter that feeds two boards tells nothing about either."""
    boards: dict[str, list[str]] = {}
    for name, variables in hosts.items():
        meter = variables.get("edgebench_meter")
        if isinstance(meter, str):
            boards.setdefault(meter, []).append(name)
    return [
        Problem(
            file,
            f"{shared[0]}.edgebench_meter",
            meter,
            f"a meter of its own, not that of {one_of(shared[1:])}",
        )
        for meter, shared in boards.items()
        if len(shared) > 1
    ]


def _first_of_each_key(problems: list[Problem]) -> list[Problem]:
    first: dict[str, Problem] = {}
    for problem in problems:
        first.setdefault(problem.key, problem)
    return list(first.values())


def _check_meter(file: str, name: str, meter: Any, catalogues: Catalogues) -> list[Problem]:
    where = f"edgebench_meters.{name}"
    if not NAME.fullmatch(name):
        return [Problem(file, where, name, NAME_TEXT)]
    if not isinstance(meter, dict):
        return [Problem(file, where, meter, "a mapping with a driver and a port")]
    problems = []
    driver = meter.get("driver")
    if driver in list(catalogues.drivers):
        problems = _check_driver(file, where, meter, catalogues.drivers[str(driver)])
        problems += _check_host(file, f"{where}.host", meter, catalogues.drivers[str(driver)])
    else:
        problems.append(Problem(file, f"{where}.driver", driver, one_of(catalogues.drivers)))
    return _first_of_each_key(problems + _check_types(file, where, meter, METER_KEYS))


def _check_driver(file: str, where: str, meter: dict[str, Any], driver: dict[str, Any]) -> list[Problem]:
    problems = []
    scope, port = meter.get("scope"), meter.get("port")
    options = meter.get("options")
    known = driver.get("options") or {}
    given = options if isinstance(options, dict) else {}
    problems += [
        Problem(file, f"{where}.options.{key}", key, one_of(known)) for key in given if key not in known
    ]
    if scope not in driver["scopes"]:
        problems.append(Problem(file, f"{where}.scope", scope, one_of(driver["scopes"])))
    if meter.get("simulate") is not None:
        problems += _check_simulation(file, f"{where}.simulate", meter["simulate"], driver)
    elif _needs_port(driver, port) and not _is_port(port):
        problems.append(Problem(file, f"{where}.port", port, PORT_TEXT))
    return problems


def _check_host(file: str, where: str, meter: dict[str, Any], driver: dict[str, Any]) -> list[Problem]:
    by_board = driver["transport"] in READ_BY_KERNEL and meter.get("simulate") is None
    if meter.get("host", HERE) in ((HERE, ON_BOARD) if by_board else (HERE,)):
        return []
    more = f"; or {ON_BOARD}: the board reads what is wired in it" if by_board else ""
    return [Problem(file, where, meter["host"], HOST_TEXT + more)]


def _needs_port(driver: dict[str, Any], port: Any) -> bool:
    """Whether where the meter is decides, and is not left to its USB id."""
    return driver["transport"] == "serial" or (driver["transport"] == "hid" and port is not None)


def _is_port(port: Any) -> bool:
    """Whether a meter may be looked for there; where the port is said by what it is, the recorder finds it."""
    if not isinstance(port, str):
        return False
    return port == "auto" or bool(FOUND_PORT.match(port)) or Path(port).is_char_device()


def _check_simulation(file: str, where: str, simulate: Any, driver: dict[str, Any]) -> list[Problem]:
    if not driver["simulator"]:
        return [Problem(file, where, driver["name"], "a driver that has a simulator")]
    if not isinstance(simulate, dict):
        return [Problem(file, where, simulate, "a mapping with a load")]
    load = simulate.get("load")
    if load != "host_cpu" and not (
        isinstance(load, str) and (load.startswith("cgroup:/") or Path(load).is_file())
    ):
        return [
            Problem(file, f"{where}.load", load, "host_cpu, cgroup:DIRECTORY, or the path of a load script")
        ]
    return []
