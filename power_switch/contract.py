"""What a driver of a power switch is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class UsageError(Exception):
    """The request or the switches file is wrong: one message, exit code 2."""


class SwitchError(Exception):
    """The device failed or contradicts what was asked of it."""


class Switch(ABC):
    """One outlet of one device.

    Attributes:
        required: options without which the driver cannot work.
        optional: further options, with their defaults.
    """

    required: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[dict[str, Any]] = {}

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = self.optional | options

    @property
    @abstractmethod
    def device(self) -> str:
        """Identify the device: requests to one device never overlap, whichever outlet they are for."""

    @abstractmethod
    def set(self, *, on: bool) -> None:
        """Ask for the outlet to be switched; raise SwitchError when the device refuses."""

    @abstractmethod
    def read(self) -> bool | None:
        """Return whether the outlet is on, or None where the device cannot tell."""
