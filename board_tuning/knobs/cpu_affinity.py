"""CPUs that are kept for what is measured: systemd starts everything else on the others.

The runner reads ``X-EdgebenchMeasuredOn`` and keeps its worker on those CPUs. What the kernel itself runs there is
moved by ``isolcpus=`` of the knob ``kernel_command_line``, if at all.
"""

from typing import Any, Dict, List, Optional, Set

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

ONLINE = "/sys/devices/system/cpu/online"
DROP_IN = "/etc/systemd/system.conf.d/90-edgebench-cpu-affinity.conf"
TEXT = """# Made by edgebench, removed by restore.yml.
[Manager]
CPUAffinity={others}
X-EdgebenchMeasuredOn={measured}
"""


class Knob(BaseKnob):
    """State: {"drop_in": text of our drop-in for systemd, or null}; wanted: the CPUs to measure on."""

    HELP = "CPUs kept for what is measured, e.g. 2-3 or [2, 3]: services and sessions stay off them"
    AFTER_REBOOT = True

    def read(self) -> Optional[Dict[str, Optional[str]]]:
        """Return our drop-in; ``None`` without systemd."""
        if not self.system.runs_systemd() or self.system.read(ONLINE) is None:
            return None
        return {"drop_in": self.system.read_exactly(DROP_IN)}

    def target(self, state: Dict[str, Optional[str]]) -> Dict[str, Optional[str]]:
        """Return the drop-in that keeps the wanted CPUs free."""
        online = cpus_of(self.system.read(ONLINE) or "")
        measured = self._wanted_cpus()
        others = [cpu for cpu in online if cpu not in measured]
        if not measured or not set(measured) <= set(online) or not others:
            message = "no CPUs {!r} to measure on; valid: some of {}, but not all"
            raise TuningError(message.format(self.wanted, ", ".join(map(str, online))))
        return {
            "drop_in": TEXT.format(others=" ".join(map(str, others)), measured=" ".join(map(str, measured)))
        }

    def _wanted_cpus(self) -> List[int]:
        wanted: Any = self.wanted
        if isinstance(wanted, list) and all(type(cpu) is int for cpu in wanted):
            return sorted(set(wanted))
        try:
            return cpus_of(wanted)
        except (AttributeError, ValueError):
            return []

    def write(self, state: Dict[str, Optional[str]]) -> None:
        """Write or remove the drop-in; systemd reads it at the next boot."""
        self.system.replace(DROP_IN, state["drop_in"])


def cpus_of(text: str) -> List[int]:
    """Return the CPUs of a list as the kernel writes it: 0,2-3."""
    found: Set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return sorted(found)
