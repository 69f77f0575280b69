"""Each check of the doctor against trees of files as boards have them, and what it tells the user to do."""

import hashlib
import json
import struct

import pytest

from edgebench_runner import doctor, kernel_log
from edgebench_runner.checks import (
    attachments,
    clock_sync,
    delegates,
    memory_cgroup,
    model_memory,
    reference_speed,
    storage_errors,
    storage_wear,
    supply,
)


def about(kind="raspberry_pi_4", directory="/", **expected):
    return doctor.context({}, {}, str(directory), kind, expected=expected)


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("max_current_ma", "usb_full", "status", "found"),
    [
        (5000, 1, "pass", "5000 mA negotiated"),
        (3000, 0, "warn", "3000 mA negotiated, USB limited"),
        (3000, 1, "warn", "full USB current forced"),
        (900, None, "warn", "900 mA negotiated"),
    ],
)
def test_a_pi_5_says_what_it_negotiated(tmp_path, max_current_ma, usb_full, status, found):
    put(tmp_path / "max_current", struct.pack(">I", max_current_ma))
    if usb_full is not None:
        put(tmp_path / "usb_max_current_enable", struct.pack(">I", usb_full))
    answer = supply.check(about("raspberry_pi_5"), str(tmp_path), "/nowhere/oc*")
    assert answer[0] == status
    assert found in answer[1]


def test_a_pi_5_that_does_not_say_is_unknown(tmp_path):
    assert supply.check(about("raspberry_pi_5"), str(tmp_path), "/nowhere/oc*")[0] == "unknown"
    put(tmp_path / "max_current", b"\0")
    assert supply.check(about("raspberry_pi_5"), str(tmp_path), "/nowhere/oc*")[0] == "unknown"


@pytest.mark.parametrize(("counts", "status"), [("00", "pass"), ("03", "warn"), ("0x", "unknown")])
def test_a_jetson_counts_how_often_its_input_gave_way(tmp_path, counts, status):
    for number, count in enumerate(counts, 1):
        put(tmp_path / f"oc{number}_event_cnt", count + "\n")
    assert supply.check(about("jetson_orin"), "/nowhere", str(tmp_path / "oc*_event_cnt"))[0] == status


def test_a_board_that_tells_nothing_of_its_supply_is_unknown():
    assert supply.check(about(), "/nowhere", "/nowhere/oc*")[0] == "unknown"


MOUNTS = """/dev/mmcblk0p2 / ext4 {},noatime 0 0
/dev/mmcblk0p1 /boot/firmware vfat rw 0 0
tmpfs /var tmpfs rw 0 0
/dev/nvme0n1p1 /var/lib ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "device"),
    [
        ("/", "/dev/mmcblk0p2"),
        ("/home/x", "/dev/mmcblk0p2"),
        ("/var/lib/edgebench", "/dev/nvme0n1p1"),
        ("/variable", "/dev/mmcblk0p2"),
    ],
)
def test_the_deepest_mount_holds_a_path(path, device):
    assert storage_errors.mount_of(path, MOUNTS.format("rw"))[0] == device


LOG = [
    "6,1,0,-;EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode",
    "3,2,0,-;blk_update_request: I/O error, dev mmcblk0, sector 123",
    "2,3,0,-;EXT4-fs error (device mmcblk0p2): ext4_find_entry:1455: inode #131",
    "2,4,0,-;EXT4-fs (mmcblk0p2): Remounting filesystem read-only",
    "3,5,0,-;mmc0: error -110 whilst initialising SD card",
    "3,6,0,-;I/O error, dev loop7, sector 0",
    "6,7,0,-;usb 1-1: new high-speed USB device",
]


def test_errors_of_the_disk_and_its_controller_are_found_and_of_no_other():
    assert storage_errors.errors(LOG, "mmcblk0p2") == [line.split(";")[1] for line in LOG[1:5]]
    assert storage_errors.errors(LOG, "loop7") == ["I/O error, dev loop7, sector 0"]
    assert storage_errors.errors(LOG, "nvme0n1p1") == storage_errors.errors(LOG, "") == []


@pytest.mark.parametrize(
    ("options", "lines", "status"),
    [("rw", LOG[:1], "pass"), ("rw", LOG, "fail"), ("ro", [], "fail"), ("rw", None, "unknown")],
)
def test_storage_that_failed_is_named(tmp_path, monkeypatch, options, lines, status):
    mounts = put(tmp_path / "mounts", f"/dev/mmcblk0p2 / ext4 {options},noatime 0 0\n")
    monkeypatch.setattr(kernel_log, "since_boot", lambda: lines)
    assert storage_errors.check(about(), str(mounts))[0] == status


def test_the_whole_log_begins_before_the_runner(tmp_path):
    path = put(tmp_path / "kmsg", "6,1,5,-;old\n")
    assert kernel_log.KernelLog(str(path)).lines() == []
    assert kernel_log.since_boot(str(path)) == ["6,1,5,-;old"]
    assert kernel_log.since_boot(str(tmp_path / "none")) is None


@pytest.mark.parametrize(
    ("life_time", "pre_eol_info", "status", "found"),
    [
        ("0x01 0x02", "0x01", "pass", "20 % used"),
        ("0x09 0x0a", "0x01", "warn", "100 % used"),
        ("0x0b 0x01", "0x01", "fail", "beyond its life"),
        ("0x02 0x01", "0x02", "warn", "20 % used"),
        ("0x02 0x01", "0x03", "fail", "20 % used"),
        ("0x00 0x00", "0x00", "unknown", "an old eMMC does not tell"),
        (None, None, "unknown", "an SD card does not tell"),
    ],
)
def test_an_emmc_tells_its_wear_and_an_sd_card_does_not(tmp_path, life_time, pre_eol_info, status, found):
    mounts = put(tmp_path / "mounts", "/dev/mmcblk0p2 / ext4 rw 0 0\n")
    device = tmp_path / "block/mmcblk0/device"
    put(device / "type", "MMC\n" if life_time else "SD\n")
    if life_time:
        put(device / "life_time", life_time + "\n")
        put(device / "pre_eol_info", pre_eol_info + "\n")
    answer = storage_wear.check(about(), str(mounts), str(tmp_path / "block"))
    assert answer[0] == status
    assert found in answer[1]


def test_without_smartctl_a_disk_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    mounts = put(tmp_path / "mounts", "/dev/nvme0n1p1 / ext4 rw 0 0\noverlay /over overlay rw 0 0\n")
    (tmp_path / "block/nvme0n1").mkdir(parents=True)
    answer = storage_wear.check(about(), str(mounts), str(tmp_path / "block"))
    assert answer == ("unknown", "nvme0n1: no smartctl", "install smartmontools")
    answer = storage_wear.check(about(directory="/over"), str(mounts), str(tmp_path / "block"))
    assert answer[0] == "unknown"


def test_smartctl_is_asked_and_its_answer_read(tmp_path, monkeypatch):
    answer = {"smart_status": {"passed": True}, "nvme_smart_health_information_log": {"percentage_used": 4}}
    tool = put(tmp_path / "bin/smartctl", f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/bin:/usr/bin")
    mounts = put(tmp_path / "mounts", "/dev/nvme0n1p1 / ext4 rw 0 0\n")
    (tmp_path / "block/nvme0n1").mkdir(parents=True)
    found = storage_wear.check(about(), str(mounts), str(tmp_path / "block"))
    assert found == ("pass", "nvme0n1: healthy, 4 % used", "")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"smart_status": {"passed": False}}, "fail"),
        (
            {"smart_status": {"passed": True}, "nvme_smart_health_information_log": {"percentage_used": 95}},
            "warn",
        ),
        ({"smartctl": {"messages": [{"string": "Unknown USB bridge"}]}}, "unknown"),
    ],
)
def test_what_smartctl_says_is_judged(answer, status):
    assert storage_wear.judge_smart("sda", answer)[0] == status


@pytest.mark.parametrize(
    ("band", "status"),
    [([90, 175], "pass"), ([150, 350], "fail"), ([50, 90], "warn"), (None, "unknown")],
)
def test_a_speed_outside_its_band_is_told(monkeypatch, band, status):
    monkeypatch.setattr(reference_speed, "measure_mb_per_s", lambda: 120.0)
    expected = {"reference_speed": band} if band else {}
    found = reference_speed.check(about(**expected))
    assert found[0] == status
    assert "120 MB/s" in found[1]


def test_the_speed_is_that_of_the_hash(monkeypatch):
    seconds = iter(range(0, 400, 2))
    monkeypatch.setattr(reference_speed.time, "perf_counter", lambda: next(seconds))
    hashed = []
    real = hashlib.sha512
    monkeypatch.setattr(reference_speed.hashlib, "sha512", lambda data: hashed.append(data) or real(data))
    assert reference_speed.measure_mb_per_s() == pytest.approx((1 << 20) / 2 / 1e6)
    assert {len(data) for data in hashed} == {1 << 20}


def usb_device(root, port, vendor, product, speed):
    for name, text in {"idVendor": vendor, "idProduct": product, "speed": speed}.items():
        put(root / port / name, text + "\n")


CORAL = {"coral_usb": {"usb_ids": ["1a6e:089a", "18d1:9302"]}}


@pytest.mark.parametrize(
    ("product", "speed", "status", "found"),
    [
        ("9302", "5000", "pass", "coral_usb: 18d1:9302"),
        ("9302", "480", "warn", "at 480 Mbit/s"),
        ("9303", "5000", "fail", "no USB device 1a6e:089a or 18d1:9302"),
    ],
)
def test_an_attachment_is_looked_for_by_its_usb_ids(tmp_path, product, speed, status, found):
    usb_device(tmp_path, "1-1", "1d6b", "0002", "480")
    usb_device(tmp_path, "2-1", "18d1", product, speed)
    answer = attachments.check(about(attachments=CORAL), str(tmp_path))
    assert answer[0] == status
    assert found in answer[1]


def test_a_board_without_attachments_and_delegates_has_no_such_rows():
    assert attachments.check(about()) is None
    assert delegates.check(about()) is None


def test_a_delegate_that_does_not_load_says_why(tmp_path):
    broken = put(tmp_path / "libbroken.so", "not a library")
    for library, words in (
        ("libm.so.6", "tflite_plugin_create_delegate"),
        (str(broken), "file too short"),
        ("libnowhere.so.1", "No such file"),
    ):
        status, found, advice = delegates.check(about(delegates=[library]))
        assert (status, words in found) == ("fail", True), found
        assert advice


@pytest.mark.parametrize(
    ("state", "expected_s", "status", "words"),
    [
        (0, None, "pass", "synchronised to 0.012 s"),
        (0, 999.0, "pass", "+1.0 s from the controller's clock"),
        (5, None, "warn", "not synchronised"),
        (0, 5000.0, "warn", "-4000.0 s from the controller's clock"),
        (-1, 1000.0, "unknown", "not permitted"),
    ],
)
def test_the_clock_is_compared_with_the_controllers(state, expected_s, status, words):
    answer = clock_sync.judge(state, 0.012, expected_s, 1000.0)
    assert answer[0] == status
    assert words in answer[1]


def test_the_gate_leaves_out_what_takes_time(monkeypatch):
    monkeypatch.setattr(reference_speed, "measure_mb_per_s", lambda: 1.0)
    sample = {"throttled": None}
    gate = {row["check"] for row in doctor.examine(doctor.context(sample, {}, "/"))}
    thorough = {row["check"] for row in doctor.examine(doctor.context(sample, {}, "/"), thorough=True)}
    assert thorough - gate == {"memory_cgroup", "reference_speed", "storage_wear"}


def test_whatever_does_not_pass_says_what_to_do(monkeypatch):
    monkeypatch.setattr(reference_speed, "measure_mb_per_s", lambda: 1.0)
    rows = doctor.examine(about("jetson_orin", "/proc", reference_speed=[2, 3]), thorough=True)
    assert [row for row in rows if row["status"] != "pass" and not row["advice"]] == []


@pytest.mark.parametrize(
    ("unified", "table", "status"),
    [
        ("cpu io memory pids\n", None, "pass"),
        ("cpu io pids\n", "#subsys_name hierarchy num_cgroups enabled\ncpu 0 1 1\n", "warn"),
        (None, "#subsys_name hierarchy num_cgroups enabled\nmemory 0 1 1\n", "pass"),
        (None, "#subsys_name hierarchy num_cgroups enabled\nmemory 0 1 0\n", "warn"),
        (None, None, "unknown"),
    ],
)
def test_a_kernel_without_the_memory_controller_is_told(tmp_path, unified, table, status):
    for name, text in (("controllers", unified), ("cgroups", table)):
        if text is not None:
            put(tmp_path / name, text)
    answer = memory_cgroup.check(about(), str(tmp_path / "controllers"), str(tmp_path / "cgroups"))
    assert answer[0] == status
    assert ("cgroup_enable=memory" in answer[2]) == (status == "warn")


@pytest.mark.parametrize(
    ("available", "status"), [(900000000, "pass"), (500000000, "warn"), (None, "unknown")]
)
def test_a_model_that_may_not_fit_is_told_beforehand(available, status):
    expected = {"model_memory": {"artifact_bytes": 200000000, "runtime_bytes": 50000000}}
    looking = doctor.context({"memory_available_bytes": available}, {}, "/", expected=expected)
    assert model_memory.check(looking)[0] == status
    assert model_memory.check(about()) is None
