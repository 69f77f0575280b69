"""Each knob sets what is wanted, puts back what was there, and refuses what the board cannot do."""

from __future__ import annotations

from typing import Any

import pytest
from fake_board import FakeBoard

from board_tuning import knobs
from board_tuning.errors import TuningError
from board_tuning.knobs import cpu_affinity

CPUFREQ = "/sys/devices/system/cpu/cpufreq"


@pytest.fixture
def raspberry_pi(raspberry_pi: FakeBoard) -> FakeBoard:
    """One that systemd has booted."""
    raspberry_pi.put("/sys/devices/system/cpu/online", "0-3\n")
    raspberry_pi.put("/run/systemd/system/.keep", "")
    return raspberry_pi


def there_and_back(board: FakeBoard, name: str, wanted: Any) -> Any:
    """Set a knob, put it back, and return the state it had in between."""
    knob = knobs.load(name, board, wanted)
    before = knob.read()
    goal = knob.target(before)
    knob.write(goal)
    assert knob.read() == goal
    assert goal != before, "the test would pass without doing anything"
    knob.write(before)
    assert knob.read() == before
    return goal


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("governor", "performance"),
        ("frequency_limits", {"min": "highest", "max": "highest"}),
        ("frequency_limits", {"max": 1000000}),
        ("fan", "full"),
        ("boot_config", ["force_turbo=1", "gpu_mem=16"]),
        ("kernel_command_line", {"add": ["cgroup_enable=memory"], "remove": ["rootwait"]}),
        ("kernel_command_line", {"add": ["video=HDMI-A-1:d"]}),
        ("boot_config", ["dtoverlay=disable-wifi", "dtoverlay=disable-bt", "hdmi_blanking=2"]),
        ("cpu_affinity", "2-3"),
    ],
)
def test_a_pi_is_put_back_byte_for_byte(raspberry_pi: FakeBoard, name: str, wanted: Any) -> None:
    before = {path: text.strip() for path, text in raspberry_pi.snapshot().items()}
    exactly = raspberry_pi.snapshot()
    there_and_back(raspberry_pi, name, wanted)
    assert {path: text.strip() for path, text in raspberry_pi.snapshot().items()} == before
    boot = {path: text for path, text in raspberry_pi.snapshot().items() if path.startswith("boot/")}
    assert boot == {path: text for path, text in exactly.items() if path.startswith("boot/")}


@pytest.mark.parametrize("wanted", ["1,3", [3, 1]])
def test_systemd_keeps_everything_else_off_the_cpus_to_measure_on(
    raspberry_pi: FakeBoard, wanted: Any
) -> None:
    knob = knobs.load("cpu_affinity", raspberry_pi, wanted)
    knob.write(knob.target(knob.read()))
    lines = (raspberry_pi.read(cpu_affinity.DROP_IN) or "").splitlines()
    assert lines[1:] == ["[Manager]", "CPUAffinity=0 2", "X-EdgebenchMeasuredOn=1 3"]


def test_limits_below_the_present_ones_are_written_in_the_order_the_kernel_takes(
    raspberry_pi: FakeBoard,
) -> None:
    written: list[str] = []
    write = raspberry_pi.write

    def watched(path: str, text: str) -> None:
        written.append(path.rsplit("_", 2)[1])
        write(path, text)
        limits = [
            int(raspberry_pi.read(f"{CPUFREQ}/policy0/scaling_{end}_freq") or 0) for end in ("min", "max")
        ]
        assert limits[0] <= limits[1]

    raspberry_pi.write = watched  # type: ignore[method-assign]
    knob = knobs.load("frequency_limits", raspberry_pi, {"min": "highest"})
    knob.write(knob.target(knob.read()))
    knob.write({f"{CPUFREQ}/policy0": [600000, 700000]})
    assert len(written) == 6


@pytest.mark.parametrize(
    ("name", "wanted", "message"),
    [
        ("governor", "turbo", "valid: ondemand, performance, powersave"),
        ("frequency_limits", {"min": 5}, "valid: 600000 to 1500000 kHz, lowest or highest"),
        ("frequency_limits", {"floor": "lowest"}, "expected min and max"),
        ("frequency_limits", {"min": "highest", "max": "lowest"}, "is above max"),
        ("fan", 256, "valid: 0 to 255, full"),
        ("fan", True, "valid: 0 to 255, full"),
        ("boot_config", "force_turbo=1", "expected a list of lines"),
        ("boot_config", ["a=1\nb=2"], "expected a list of lines"),
        ("kernel_command_line", ["quiet"], "expected add and remove"),
        ("cpu_affinity", "0-3", "valid: some of 0, 1, 2, 3, but not all"),
        ("cpu_affinity", "3-4", "no CPUs '3-4' to measure on"),
        ("cpu_affinity", [True], "valid: some of"),
        ("cpu_affinity", "fast", "valid: some of"),
        ("cpu_affinity", None, "valid: some of"),
    ],
)
def test_what_a_pi_cannot_do_is_refused(
    raspberry_pi: FakeBoard, name: str, wanted: Any, message: str
) -> None:
    knob = knobs.load(name, raspberry_pi, wanted)
    with pytest.raises(TuningError, match=message):
        knob.target(knob.read())


@pytest.mark.parametrize("name", [name for name in knobs.names() if name not in ("transparent_hugepages",)])
def test_a_board_without_the_knob_says_so(board: FakeBoard, name: str) -> None:
    assert knobs.load(name, board).read() is None


def test_the_users_own_edits_of_config_txt_survive_a_reset(raspberry_pi: FakeBoard) -> None:
    knob = knobs.load("boot_config", raspberry_pi, ["force_turbo=1"])
    knob.write(["force_turbo=1"])
    path = "/boot/firmware/config.txt"
    raspberry_pi.put(path, (raspberry_pi.read_exactly(path) or "") + "dtparam=audio=on\n")
    knob.write([])
    assert raspberry_pi.read_exactly(path) == "arm_boost=1\n[pi4]\ndtoverlay=vc4-kms-v3d\ndtparam=audio=on\n"


def test_extlinux_keeps_everything_but_the_parameters(board: FakeBoard) -> None:
    menu = (
        "TIMEOUT 30\nLABEL primary\n      LINUX /boot/Image\n      APPEND ${cbootargs} quiet isolcpus=1-2\n"
    )
    board.put("/boot/extlinux/extlinux.conf", menu)
    goal = there_and_back(board, "kernel_command_line", {"remove": ["isolcpus=1-2"], "add": ["nosmt"]})
    assert goal["text"] == menu.replace("quiet isolcpus=1-2", "quiet nosmt")
    assert board.read_exactly("/boot/extlinux/extlinux.conf") == menu


def test_what_others_wrote_into_the_command_line_since_stays(raspberry_pi: FakeBoard) -> None:
    path = "/boot/firmware/cmdline.txt"
    raspberry_pi.put(path, "console=tty1 root=PARTUUID=0a-02 rootwait nosmt\n")
    wanted = {"add": ["cgroup_enable=memory", "nosmt"], "remove": ["rootwait"]}
    knob = knobs.load("kernel_command_line", raspberry_pi, wanted)
    before = knob.read()
    knob.write(knob.target(before))
    assert knob.restored(knob.read(), before) == before
    text = raspberry_pi.read_exactly(path) or ""
    raspberry_pi.put(path, text.replace("0a-02", "0b-02"))
    knob.write(knob.restored(knob.read(), before))
    assert raspberry_pi.read_exactly(path) == "console=tty1 root=PARTUUID=0b-02 nosmt rootwait\n"


def test_huge_pages_are_read_from_the_brackets(board: FakeBoard) -> None:
    for name, text in {
        "enabled": "[always] madvise never",
        "defrag": "always defer+madvise [madvise] never",
    }.items():
        board.put(f"/sys/kernel/mm/transparent_hugepage/{name}", text)
    knob = knobs.load("transparent_hugepages", board, "never")
    assert knob.read() == {"enabled": "always", "defrag": "madvise"}
    assert knob.target(knob.read()) == {"enabled": "never", "defrag": "never"}
    with pytest.raises(TuningError, match="valid: always, madvise, never"):
        knobs.load("transparent_hugepages", board, "sometimes").target(knob.read())


HEADER = "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n"


def test_swap_is_switched_off_and_on_with_its_priority(board: FakeBoard) -> None:
    areas = {"/dev/zram0": 100, "/var/swap": -2}

    def show() -> None:
        rows = "".join(f"{path} file 100 0 {priority}\n" for path, priority in areas.items())
        board.put("/proc/swaps", HEADER + rows)

    def swapoff(arguments: list[str]) -> str:
        del areas[arguments[0]]
        show()
        return ""

    def swapon(arguments: list[str]) -> str:
        areas[arguments[-1]] = int(arguments[1]) if arguments[0] == "--priority" else -3
        show()
        return ""

    show()
    board.put("/etc/rpi/swap.conf", "[Main]\n")
    board.commands = {"swapoff": swapoff, "swapon": swapon}
    goal = there_and_back(board, "swap", False)
    assert goal == {"active": [], "rpi_swap": "[Main]\nMechanism=none\n"}
    assert areas == {"/dev/zram0": 100, "/var/swap": -3}
    assert board.read("/etc/rpi/swap.conf.d/99-edgebench.conf") is None


def test_radios_stay_on_where_they_carry_the_connection(board: FakeBoard) -> None:
    board.put("/sys/class/rfkill/rfkill0/soft", "0\n")
    assert there_and_back(board, "radios", False) == {"/sys/class/rfkill/rfkill0/soft": "1"}
    board.put("/proc/net/route", "Iface\tDestination\tGateway\nwlan0\t00000000\t0100A8C0\n")
    board.put("/sys/class/net/wlan0/wireless", "")
    knob = knobs.load("radios", board, False)
    with pytest.raises(TuningError, match=r"reached by Wi-Fi \(wlan0\)"):
        knob.target(knob.read())


def test_a_power_mode_is_asked_for_by_name(board: FakeBoard) -> None:
    mode = {"name": "25W"}
    board.put("/etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=1 NAME=25W >\n")

    def nvpmodel(arguments: list[str]) -> str:
        if arguments[0] == "-m":
            mode["name"] = ["15W", "25W"][int(arguments[1])]
        return f"NV Power Mode: {mode['name']}\n1\n"

    board.commands["nvpmodel"] = nvpmodel
    assert there_and_back(board, "nvpmodel", "15W") == "15W"
    with pytest.raises(TuningError, match="no power mode 'MAXN'; valid: 15W, 25W"):
        knobs.load("nvpmodel", board, "MAXN").target("25W")


def test_clocks_of_a_jetson_are_stored_once_and_restored(board: FakeBoard) -> None:
    low = {"khz": 729600}

    def jetson_clocks(arguments: list[str]) -> str:
        if not arguments:
            low["khz"] = 1510400
        elif arguments[0] == "--store":
            board.put("/var/lib/edgebench/jetson_clocks.before", str(low["khz"]))
        elif arguments[0] == "--restore":
            low["khz"] = int(board.read("/var/lib/edgebench/jetson_clocks.before") or 0)
        return f"cpu0: Online=1 Governor=schedutil MinFreq={low['khz']} MaxFreq=1510400 CurrentFreq=729600\n"

    board.commands["jetson_clocks"] = jetson_clocks
    assert there_and_back(board, "jetson_clocks", True) is True
    assert low["khz"] == 729600
    assert board.read("/var/lib/edgebench/jetson_clocks.before") is None


@pytest.mark.parametrize("masked", ["masked", "bad"])  # bad: Ubuntu 18.04's systemd
def test_services_get_back_how_they_were_enabled_and_whether_they_ran(board: FakeBoard, masked: str) -> None:
    units = {
        "apt-daily.timer": ["enabled", "active"],
        "cups.service": ["disabled", "inactive"],
        "man-db.timer": ["static", "inactive"],
    }

    board.run_systemd(units, masked)
    before = {unit: list(state) for unit, state in units.items()}
    goal = there_and_back(board, "services", [*units, "absent.service"])
    assert goal == {unit: {"enabled": "masked", "active": False} for unit in units}
    assert units == before
