"""A port of a managed switch that powers the board over Ethernet, through net-snmp and the standard PoE table."""

from __future__ import annotations

from power_switch.contract import Switch, SwitchError
from power_switch.drivers._run import run

# Columns of the table of ports of RFC 3621.
ADMIN_ENABLE = "1.3.6.1.2.1.105.1.1.1.3"  # pethPsePortAdminEnable: 1 on, 2 off
DETECTION = "1.3.6.1.2.1.105.1.1.1.6"  # pethPsePortDetectionStatus: 3 while the port delivers power
ON, OFF, DELIVERING = "1", "2", "3"


class SnmpPoeSwitch(Switch):
    """``port`` within ``group`` of the PoE table, written with the community of a v2c agent."""

    required = ("host", "port", "community")
    optional = {"group": 1, "snmpset": "snmpset", "snmpget": "snmpget", "timeout_s": 10.0}  # noqa: RUF012 - see above

    @property
    def device(self) -> str:
        """See the base class."""
        return str(self.options["host"])

    def set(self, *, on: bool) -> None:
        """See the base class."""
        self._run(self.options["snmpset"], ADMIN_ENABLE, "i", ON if on else OFF)

    def read(self) -> bool | None:
        """See the base class. A port that was switched off and still delivers power is on."""
        value = self._run(self.options["snmpget"], ADMIN_ENABLE).strip()
        if value not in (ON, OFF):
            raise SwitchError(f"{self.device}: unexpected state {value!r:.80}")
        return value == ON or self._run(self.options["snmpget"], DETECTION).strip() == DELIVERING

    def _run(self, program: str, column: str, *value: str) -> str:
        oid = f"{column}.{self.options['group']}.{self.options['port']}"
        words = [
            program,
            "-v2c",
            "-c",
            self.options["community"],
            "-Oqv",
            "-Oe",
            self.options["host"],
            oid,
            *value,
        ]
        return run(words, self.options["timeout_s"])


SWITCH = SnmpPoeSwitch
