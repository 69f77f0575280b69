"""What a Jetson's vendor installed, by version and by hash: it is in no lock, and every number depends on it."""

import glob
import hashlib
import os
import re
from typing import Dict, Optional

from edgebench_runner.probes import read_text

RELEASE = "/etc/nv_tegra_release"
DPKG = "/var/lib/dpkg"
_VENDORS = re.compile(
    r"nvidia-(jetpack|l4t-(core|kernel|cuda|cudadebuggingsupport|dla-compiler|bootloader|firmware))|tensorrt"
    r"|(python3-)?lib(nvinfer|nvonnxparsers|nvparsers|cudnn|cublas|cudla)[\w-]*|cuda-(cudart|nvrtc)-[\d-]+"
)


def installed(release: str = RELEASE, dpkg: str = DPKG) -> Optional[Dict[str, str]]:
    """Return ``{package: "version sha256"}``, ``None`` on a board that is no Jetson.

    The hash is that of dpkg's own list of the package's files with their checksums, ``unknown`` where that is missing.
    """
    if not os.path.exists(release):
        return None
    found = {}
    for stanza in (read_text(os.path.join(dpkg, "status")) or "").split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Status|Architecture): (.*)$", stanza, re.MULTILINE))
        name = fields.get("Package", "")
        if _VENDORS.fullmatch(name) and fields.get("Status", "").endswith(" installed"):
            found[name] = "{} {}".format(fields.get("Version"), _checksums(name, dpkg))
    return found


def _checksums(name: str, dpkg: str) -> str:
    for path in sorted(glob.glob(os.path.join(dpkg, "info", name + "*.md5sums"))):
        if os.path.basename(path) in (name + ".md5sums", name + ":arm64.md5sums"):
            with open(path, "rb") as file:
                return hashlib.sha256(file.read()).hexdigest()
    return "unknown"
