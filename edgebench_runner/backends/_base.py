"""What a backend is."""

import glob
import os
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from edgebench_runner.errors import LoadFailedError

Option = Dict[str, Any]

_TYPES: Dict[str, Any] = {"int": int, "float": (int, float), "str": str, "bool": bool, "dict": dict}


def option(
    kind: str, default: Any, help: str, choices: Optional[Sequence[Any]] = None, minimum: Any = None
) -> Option:
    """Describe one option: its type (int, float, str, bool, dict), default, meaning and valid values."""
    described: Option = {"type": kind, "default": default, "help": help}
    if choices is not None:
        described["choices"] = list(choices)
    if minimum is not None:
        described["minimum"] = minimum
    return described


THREADS = option("int", None, "CPU threads of one inference; null: the runtime's own choice", minimum=1)
STREAMS = option("int", 1, "inferences in flight at a time; more than 1 only in mode throughput", minimum=1)
TF32 = option("bool", False, "on a GPU: let float32 operators compute in TensorFloat-32")
PROFILE = option("bool", False, "load it again after the window, profiled, for shares of time (takes memory)")
PROFILED_RUNS = 4  # the first of them is not counted
PRECISIONS = ("fp32", "fp16", "bf16", "int8", "auto")


def precision(*choices: str) -> Option:
    """Describe the option ``precision``: which of ``PRECISIONS`` a runtime can be asked to compute in."""
    text = "what the runtime may compute in; fp32: nothing less; auto: the runtime's own choice"
    return option("str", "fp32", text, choices=[name for name in PRECISIONS if name in choices])


class Backend(object):
    """One runtime that executes artifacts.

    The worker calls ``import_runtime`` and the ``steps``, each timed as a phase of its own, then ``describe`` and
    ``stream`` for each stream, then what ``stream`` returned, many times; after the first inference (or, cold,
    after the last) ``placement``, and ``close`` in the end. A module of this package defines one subclass named
    ``Backend`` and imports nothing heavy before ``import_runtime``.

    Attributes:
        formats: artifact formats it can load.
        default_format: the zoo's format that it is given where a profile names none; None: its first.
        options: its options by name, as ``option`` describes them.
        needs_artifact: false for a backend that runs nothing.
        times_itself: true for a tool that times its own inferences: ``run`` takes the place of the loop.
        memory_bytes: about what the runtime takes without a model, for the estimate whether one will fit.
        variables: of the worker's process, where neither the environment nor the user sets them. NumPy's helper threads
            else spin for up to 0.1 s after its import, on the cores of the first inferences, and count as computing.
    """

    formats: Tuple[str, ...] = ()
    default_format: Optional[str] = None
    options: Dict[str, Option] = {}
    needs_artifact = True
    times_itself = False
    memory_bytes = 50000000
    variables: Dict[str, str] = {"OPENBLAS_THREAD_TIMEOUT": "4"}

    def __init__(self, options: Dict[str, Any]) -> None:
        self.settings = self.resolve_options(options)

    @classmethod
    def option_problems(cls, options: Dict[str, Any]) -> List[str]:
        """Return one line per unknown option or value that is not valid."""
        found = []
        for name, value in sorted(options.items()):
            known = cls.options.get(name)
            if known is None:
                valid = ", ".join(sorted(cls.options)) or "none"
                found.append("{}: unknown option, valid: {}".format(name, valid))
            elif not _is_valid(value, known):
                found.append("{}: found {!r}, valid: {}".format(name, value, _valid_values(known)))
        return found

    @classmethod
    def resolve_options(cls, options: Dict[str, Any]) -> Dict[str, Any]:
        """Return every option with its value: the one given, else the default."""
        resolved = {name: known["default"] for name, known in cls.options.items()}
        resolved.update(options)
        return resolved

    def import_runtime(self) -> str:
        """Import the runtime and return its version; ``ImportError`` where it is not installed."""
        raise NotImplementedError

    def load(self, artifact: Optional[Dict]) -> None:
        """Load the artifact (the spec's ``artifact`` object) and make it ready for ``infer``."""
        raise NotImplementedError

    def steps(self, artifact: Optional[Dict]) -> List[Tuple[str, Callable[[Optional[Dict]], None]]]:
        """Return what makes the artifact ready, in order: names of phases, and what is called with the artifact.

        ``load`` everywhere; ``build`` where making an engine or code from the artifact is a step of its own.
        """
        return [("load", self.load)]

    def infer(self, tensor: Any) -> Any:
        """Run one inference.

        Args:
            tensor: float32 array of the input's shape, in the host's memory.

        Returns:
            The first output as a float array in the host's memory, complete; it may be reused by the next call.
        """
        raise NotImplementedError

    def stream(self, index: int) -> Callable[[Any], Any]:
        """Return what runs the inferences of stream ``index``: ``infer``, or something with its signature.

        Streams run at the same time in threads of their own; a backend that has the option ``streams`` and
        whose ``infer`` only one thread may call overrides this.
        """
        return self.infer

    def run(self, count: int) -> List[Tuple[int, int, int, int]]:
        """Run ``count`` inferences and return four readings each, ns; only where ``times_itself``."""
        raise NotImplementedError

    def placement(self) -> Optional[List[Dict]]:
        """Return where the graph ran: ``[{"device", "nodes", "time_share"}]``, or ``None`` if unknown."""
        return None

    def profile(self, tensor: Any) -> Optional[List[Dict]]:
        """Return the placement with shares of time, from runs of their own after the window, where that can be had.

        Called with one input if the option ``profile`` is set; only a backend that has the option defines it.
        """
        raise NotImplementedError

    def describe(self) -> Dict:
        """Return what is known of the runtime as used: at least ``threads`` and ``build``."""
        return {"threads": self.settings.get("threads"), "build": None}

    def close(self) -> None:
        """Release what ``load`` took."""


def wheel(distribution: str) -> Optional[Dict[str, Any]]:
    """Return the platforms that the installed wheel of a package was built for, where it came as a wheel.

    For runtimes that do not say themselves how they were built.
    """
    try:
        from importlib import metadata  # novermin

        text = metadata.distribution(distribution).read_text("WHEEL") or ""
    except ImportError:  # no such module before Python 3.8; no such package: PackageNotFoundError is one
        return None
    tags = [line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("Tag: ")]
    return {"wheel": tags} if tags else None


def shares(spent: Iterable[Tuple[str, float]]) -> Dict[str, float]:
    """Return each name's share of the whole time, the largest first; nothing where no time was spent."""
    total: Dict[str, float] = {}
    for name, time in spent:
        total[name] = total.get(name, 0.0) + time
    whole = sum(total.values())
    ranked = sorted(total.items(), key=lambda item: -item[1])
    return {name: time / whole for name, time in ranked if time} if whole else {}


def beside(path: str, ending: str) -> str:
    """Return the one file of an ``ending``, such as ``.prototxt``, in the directory of the artifact at ``path``.

    Raises:
        LoadFailedError: there is none, or more than one.
    """
    found = glob.glob(os.path.join(glob.escape(os.path.dirname(path)), "*" + ending))
    if len(found) != 1:
        raise LoadFailedError("{}: {} {} files beside it, valid: one".format(path, len(found), ending))
    return found[0]


def require_shape(found: Iterable[Any], artifact: Dict) -> None:
    """Refuse a file whose input is not the one the artifact describes, before a runtime fails on it in its own words.

    Args:
        found: dimensions of the file's input; one that is not a positive number is free.
        artifact: the spec's artifact.

    Raises:
        LoadFailedError: with both shapes.
    """
    shape, wanted = list(found), list(artifact["input"]["shape"])
    fixed = [isinstance(size, int) and size > 0 for size in shape]
    if len(shape) != len(wanted) or any(
        known and size != asked
        for known, size, asked in zip(fixed, shape, wanted)  # noqa: B905
    ):
        raise LoadFailedError("the file's input is {}, the artifact says {}".format(shape, wanted))


def _is_valid(value: Any, known: Option) -> bool:
    if value is None:
        return known["default"] is None
    if isinstance(value, bool) != (known["type"] == "bool") or not isinstance(value, _TYPES[known["type"]]):
        return False
    if "choices" in known and value not in known["choices"]:
        return False
    return "minimum" not in known or value >= known["minimum"]


def _valid_values(known: Option) -> str:
    if "choices" in known:
        return ", ".join(map(str, known["choices"]))
    text = known["type"]
    if "minimum" in known:
        text += " of at least {}".format(known["minimum"])
    return text + (" or null" if known["default"] is None else "")
