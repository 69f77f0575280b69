"""The answer, checked where it is measured: stored inputs and the outputs their source gave for them."""

from typing import Any, Callable, Dict

from edgebench_runner.atomic import sha256_file
from edgebench_runner.errors import LoadFailedError


def check_answers(infer: Callable[[Any], Any], check: Dict) -> Dict:
    """Run the stored inputs and compare.

    Args:
        infer: the loaded backend's inference, batch of one.
        check: the spec's ``artifact.check``: a file with ``inputs`` (k, ...) and ``outputs`` (k, ...),
            float32, and the tolerance: ``|found - stored| <= atol + rtol * |stored|`` for ``share`` of all values
            (without one: everywhere).

    Returns:
        The record's ``check``; the differences are ``None`` where an output is not finite. ``tolerance_used`` is the
        largest difference within that share, over what is allowed there: above 1 it fails.
    """
    import numpy as np

    if sha256_file(check["path"]) != check["sha256"]:
        raise LoadFailedError("{} does not have the SHA-256 {}".format(check["path"], check["sha256"]))
    with np.load(check["path"]) as stored:
        inputs, wanted = stored["inputs"], stored["outputs"]
    found = np.stack([np.array(infer(np.ascontiguousarray(item[None]))) for item in inputs])
    if found.size != wanted.size:
        raise LoadFailedError(
            "an output has {} values, its source gave {}".format(found[0].size, wanted[0].size)
        )
    found = found.reshape(wanted.shape).astype(np.float64)
    difference = np.abs(found - wanted)
    finite = bool(np.isfinite(difference).all())
    allowed = check["atol"] + check["rtol"] * np.abs(wanted.astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(difference > 0, difference / allowed, 0.0).ravel()
    share = check.get("share", 1.0)
    last = int(np.ceil(share * ratios.size)) - 1
    used = float(np.partition(ratios, last)[last])
    agree = found.reshape(len(found), -1).argmax(1) == wanted.reshape(len(wanted), -1).argmax(1)
    return {
        "passed": finite and used <= 1.0,
        "tolerance_used": used if finite and np.isfinite(used) else None,
        "max_abs_diff": float(difference.max()) if finite else None,
        "mean_abs_diff": float(difference.mean()) if finite else None,
        "top1_agreement": float(agree.mean()),
        "atol": check["atol"],
        "rtol": check["rtol"],
        "share": share,
        "n": len(found),
    }


def describe_failure(check: Dict) -> str:
    """Say what was wrong, for the record's ``outcome_detail``."""
    if check["max_abs_diff"] is None:
        return "an output, or the answer stored for it, is NaN or infinite"
    line = "outputs differ from the source model's by {:.3g} (atol {:.3g}, rtol {:.3g}{})"
    most = "" if check["share"] == 1.0 else ", for {:g} % of the values".format(100 * check["share"])
    return line.format(check["max_abs_diff"], check["atol"], check["rtol"], most)
