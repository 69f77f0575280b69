"""``python -m controller nightly``: the commands of this package that are not Ansible plugins."""

from __future__ import annotations

import argparse
import sys

from controller import nightly


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m controller", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    nightly.add_command(commands)
    chosen = parser.parse_args(arguments)
    status: int = chosen.run(chosen)
    return status


if __name__ == "__main__":
    sys.exit(main())
