"""Load average over one minute."""

import os
from typing import Dict


class Probe(object):
    """Reads the load average."""

    def read(self) -> Dict:
        """Return ``load1``."""
        return {"load1": os.getloadavg()[0]}
