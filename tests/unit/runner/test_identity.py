"""What a processor says it can do."""

import pytest

from edgebench_runner import identity


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("flags\t\t: fpu sse4_2 avx2 fma\n", ["avx2", "fma", "sse4_2"]),
        ("Features\t: fp asimd evtstrm crc32 cpuid\n", ["asimd"]),
        ("nothing\n", None),
    ],
)
def test_instruction_sets(tmp_path, text, features):
    (tmp_path / "cpuinfo").write_text(text)
    assert identity.cpu_features(str(tmp_path / "cpuinfo")) == features
