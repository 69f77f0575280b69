"""What a Jetson's vendor installed is part of the fingerprint, by version and by hash."""

import hashlib
import subprocess
import sys

from edgebench_runner import fingerprint, vendor_packages

STATUS = """Package: libnvinfer8
Status: install ok installed
Architecture: arm64
Version: 8.5.2-1+cuda11.4

Package: libnvinfer7
Status: deinstall ok config-files
Version: 7.1

Package: nvidia-l4t-core
Status: install ok installed
Version: 35.4.1-20230801124926

Package: bash
Status: install ok installed
Version: 5.0
"""


def a_jetson(directory, checksums):
    (directory / "info").mkdir(parents=True)
    (directory / "status").write_text(STATUS)
    (directory / "info/libnvinfer8.md5sums").write_text(checksums)
    (directory / "info/libnvinfer8-dev.md5sums").write_text("of another package")
    release = directory / "nv_tegra_release"
    release.write_text("# R35 (release), REVISION: 4.1")
    return vendor_packages.installed(str(release), str(directory))


def test_a_jetsons_packages_have_version_and_hash(tmp_path):
    assert a_jetson(tmp_path, "abc  usr/lib/libnvinfer.so.8\n") == {
        "libnvinfer8": "8.5.2-1+cuda11.4 " + hashlib.sha256(b"abc  usr/lib/libnvinfer.so.8\n").hexdigest(),
        "nvidia-l4t-core": "35.4.1-20230801124926 unknown",
    }


def test_other_files_under_the_same_version_differ(tmp_path):
    assert a_jetson(tmp_path / "a", "abc  a") != a_jetson(tmp_path / "b", "abd  a")


def test_a_board_that_is_no_jetson_has_no_such_part():
    assert vendor_packages.installed("/nowhere/nv_tegra_release") is None
    assert "vendor_packages" not in fingerprint.board_parts()


def test_what_an_environment_sees_in_the_systems_python_has_a_hash(tmp_path):
    system = tmp_path / "dist-packages"
    record = system / "tensorrt-8.5.2.2.dist-info" / "RECORD"
    record.parent.mkdir(parents=True)
    record.write_text("tensorrt/__init__.py,sha256=abc,1\n")
    options = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")]
    subprocess.run(options, check=True)
    paths = list((tmp_path / "env").glob("lib/python*/site-packages"))
    python = str(tmp_path / "env/bin/python")
    assert "system_packages" not in fingerprint.python_parts(python)
    (paths[0] / "system.pth").write_text(str(system) + "\n")
    parts = fingerprint.python_parts(python)
    expected = hashlib.sha256(record.read_bytes()).hexdigest()
    assert parts["system_packages"] == {"tensorrt-8.5.2.2": expected}
    assert "tensorrt-8.5.2.2" in parts["packages"]


def test_firmware_settings_are_a_part_without_their_comments(tmp_path):
    config = tmp_path / "config.txt"
    config.write_text("# For more options\n\ndtparam=audio=on\n[pi4]\n  arm_boost=1\n")
    assert fingerprint.boot_config(["/nowhere", str(config)]) == ["dtparam=audio=on", "[pi4]", "arm_boost=1"]
    assert fingerprint.boot_config(["/nowhere"]) is None


def test_kernel_parameters_without_what_tells_boards_apart(tmp_path):
    own = "console=tty1 root=PARTUUID=1-02 smsc95xx.macaddr=B8:27:EB:00:00:01"
    (tmp_path / "cmdline").write_text(own + " isolcpus=3 cgroup_enable=memory cpuidle.off=1\n")
    found = fingerprint.kernel_parameters(str(tmp_path / "cmdline"))
    assert found == ["cgroup_enable=memory", "cpuidle.off=1", "isolcpus=3"]
