"""What users of these boards have met before: words of a runtime or of the system, and what to do about them.

Sources: docs/environments.md, "What no lock can keep away".
"""

import re
from typing import List, Pattern, Tuple

_KNOWN: List[Tuple[Pattern[str], str]] = [
    (re.compile(words), advice)
    for words, advice in (
        (
            r"libnvdla_compiler\.so",
            "JetPack 6: apt install nvidia-l4t-dla-compiler; JetPack 7.2 has none: use its own TensorRT, no older one",
        ),
        (
            r"_ARRAY_API not found|compiled using NumPy 1\.x cannot be run in NumPy 2",
            "this library needs numpy below 2: provision again, or pin it beside a vendor's wheel",
        ),
        (
            r"[Uu]nsupported system page size",
            "built for pages of 4 KiB: on a Raspberry Pi 5 kernel=kernel8.img in config.txt (the knob boot_config)",
        ),
        (
            r"no kernel image is available|cudaErrorNoKernelImageForDevice",
            "the wheel has no code for this GPU: take what NVIDIA made for this JetPack (edgebench_vendor_files)",
        ),
        (
            r"CUDA.{0,40}\b801\b|cudaErrorNotSupported",
            "CUDA libraries of another JetPack: those of the board and of the wheel must be of one major release",
        ),
        (
            r"pthread_setaffinity_np failed",
            "threads were pinned to CPUs that are off or not this process's: state threads in the profile",
        ),
        (
            r"Didn't find op for builtin opcode",
            "the model is newer than this runtime, which ends with TensorFlow 2.14's operators: LiteRT reads it",
        ),
        (
            r"cannot allocate memory in static TLS block",
            "a library has to be loaded earlier: LD_PRELOAD it, as the message names it",
        ),
        (
            r"XNNPack delegate failed to (?:reshape|setup) runtime",
            "XNNPACK does not say why; where the same file runs with more memory, it was memory",
        ),
        (r"version `GLIBC_[\d.]+' not found", "the library was built for a newer system than this one"),
        (
            r"\bSIGILL\b|[Ii]llegal instruction",
            "a library built for a newer core: the locks hold none for this board; was something else installed?",
        ),
    )
]


def explained(text: str, more: str = "") -> str:
    """Return ``text`` with what is known to help added in brackets, where ``text`` or ``more`` is a known failure."""
    found = next((advice for place in (text, more) for words, advice in _KNOWN if words.search(place)), None)
    return "{} [{}]".format(text, found) if found else text
