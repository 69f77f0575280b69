"""The udev rules, applied to devices as udev applies them, and read by udev itself where it is installed."""

import fnmatch
import re
import shutil
import subprocess

import pytest

from power_meter import registry
from power_meter.cli import main

TERM = re.compile(r'([A-Z_]+)(?:\{([^}]+)\})?(==|!=|\+=|=)"([^"]*)"')
MATCHES = {"SUBSYSTEM", "ENV", "ATTR", "ATTRS"}


@pytest.fixture
def rules(capsys):
    assert main(["udev"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return [line for line in lines if not line.startswith("#")]


def terms(rule):
    """Split a rule; whatever is not a term of udev's grammar is an error."""
    parts = rule.split(", ")
    found = [TERM.fullmatch(part) for part in parts]
    assert all(found), rule
    return [match.groups() for match in found]


def apply(rules, device):
    """Return what the rules do to a device: its own properties and attributes, and those of its USB parent.

    As in udev, every ATTRS of a rule must fit the same parent, and $attr and $id then speak of that parent.
    """
    done = {"links": [], "env": dict(device["env"])}
    parent = device["parent"]
    for rule in rules:
        parsed = terms(rule)
        matching = all(_fits(term, device, done["env"], parent) for term in parsed if term[2] in ("==", "!="))
        for key, name, operator, value in parsed if matching else []:
            if operator in ("==", "!="):
                continue
            value = value.replace("$id", parent["id"]).replace("$attr{serial}", parent.get("serial", ""))
            if key == "SYMLINK":
                done["links"].append(value)
            elif key == "ENV":
                done["env"][name] = value
            else:
                done[f"{key}{{{name}}}" if name else key] = value
    return done


def _fits(term, device, env, parent):
    key, name, _, pattern = term
    assert key in MATCHES, term
    where = {"ENV": env, "ATTR": device["attributes"], "ATTRS": parent}.get(key)
    value = device["subsystem"] if where is None else where.get(name, "")
    return fnmatch.fnmatchcase(value, pattern)


def a_port(subsystem, usb_id, serial="", manufacturer="", interface="00", usb_socket="1-1.4"):
    vendor, product = usb_id.split(":")
    parent = {"idVendor": vendor, "idProduct": product, "manufacturer": manufacturer, "id": usb_socket}
    parent |= {"serial": serial} if serial else {}
    env = {"ID_USB_INTERFACE_NUM": interface}
    return {"subsystem": subsystem, "env": env, "attributes": {}, "parent": parent}


def the_device(port):
    attributes = {key: value for key, value in port["parent"].items() if key != "id"}
    return {
        "subsystem": "usb",
        "env": {"DEVTYPE": "usb_device"},
        "attributes": attributes,
        "parent": port["parent"],
    }


def test_a_meter_has_a_name_by_its_serial_number_and_one_by_its_socket(rules):
    done = apply(rules, a_port("hidraw", "5fc9:0063", serial="007965"))
    assert done["links"] == ["edgebench/km003c-at-1-1.4", "edgebench/km003c-007965"]
    assert (done["GROUP"], done["MODE"]) == ("plugdev", "0660")


def test_two_of_a_kind_have_different_names_wherever_the_kernel_puts_them(rules):
    ports = [a_port("tty", "0483:ffff", serial=s, usb_socket=w) for s, w in (("A1", "1-1"), ("B2", "1-2"))]
    links = [link for port in ports for link in apply(rules, port)["links"]]
    assert len(set(links)) == 4
    assert "%" not in "".join(rules), "a kernel's number is no stable name"


def test_units_that_share_a_serial_number_are_named_by_their_socket_only(rules):
    port = a_port("tty", "28e9:018a", serial="1", manufacturer="RuiDeng")
    assert apply(rules, port)["links"] == ["edgebench/tc66c-at-1-1.4"]
    other = a_port("tty", "28e9:018a", serial="1", manufacturer="Anycubic")
    assert apply(rules, other)["links"] == []
    assert "GROUP" not in apply(rules, the_device(other)), "other gear with that id is left alone"


def test_only_the_data_port_of_a_ppk2_is_named(rules):
    links = [
        apply(rules, a_port("tty", "1915:c00a", serial="E1", interface=n))["links"] for n in ("01", "03")
    ]
    assert links == [["edgebench/ppk2-at-1-1.4", "edgebench/ppk2-E1"], []]


@pytest.mark.parametrize("name", registry.driver_names())
def test_modem_manager_and_autosuspend_are_kept_from_every_meter(rules, name):
    info = registry.load_driver(name).INFO
    for usb_id in info.usb_ids:
        port = a_port("tty", usb_id, manufacturer=info.usb_manufacturer or "")
        device = apply(rules, the_device(port))
        assert device["env"]["ID_MM_DEVICE_IGNORE"] == "1", (
            "ModemManager asks the device, whatever its ports are"
        )
        assert device["ATTR{power/control}"] == "on"


def test_the_disk_of_the_fnb58_is_not_mounted(rules):
    assert apply(rules, a_port("block", "2e3c:5558"))["env"]["UDISKS_IGNORE"] == "1"
    assert "UDISKS_IGNORE" not in apply(rules, a_port("block", "2e3c:0049"))["env"]


def test_a_group_of_the_labs_own(capsys):
    assert main(["udev", "--group", "meters"]) == 0
    assert set(re.findall(r'GROUP="(\w+)"', capsys.readouterr().out)) == {"meters"}


@pytest.mark.skipif(shutil.which("udevadm") is None, reason="udev is not installed")
def test_udev_finds_no_mistake(rules, tmp_path):
    file = tmp_path / "71-edgebench-meters.rules"
    file.write_text("\n".join(rules) + "\n")
    done = subprocess.run(["udevadm", "verify", file], capture_output=True, text=True, timeout=30)
    if "nrecognized" in done.stderr or "Unknown command" in done.stderr:
        pytest.skip("this udev is older than 254 and cannot verify rules")
    assert done.returncode == 0, done.stdout + done.stderr
