"""Human pose: resize, scale, normalise; peaks of heat maps, joined to people along part affinity fields."""

from collections import namedtuple
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from edgebench_runner.tasks._image import Preparation

PARTS = 18
LIMBS = (
    # parts, and where the limb's field begins: OpenPose's order for COCO
    ((1, 2), 12),
    ((1, 5), 20),
    ((2, 3), 14),
    ((3, 4), 16),
    ((5, 6), 22),
    ((6, 7), 24),
    ((1, 8), 0),
    ((8, 9), 2),
    ((9, 10), 4),
    ((1, 11), 6),
    ((11, 12), 8),
    ((12, 13), 10),
    ((1, 0), 28),
    ((0, 14), 30),
    ((14, 16), 34),
    ((0, 15), 32),
    ((15, 17), 36),
    ((2, 16), 18),
    ((5, 17), 26),
)
PEAK, PEAKS = 0.1, 20
POINTS, ALONG, SHARE = 10, 0.05, 0.8
"""A limb is believed where this share of points between its ends has a field that points along it by this much."""
FEWEST_PARTS = 3
KEPT, VALUES = 20, 1 + PARTS * 3

Person = namedtuple("Person", "parts score")
"""Parts: float32 (18, 3), column and row in pixels of the input and score, NaN where not seen."""


class Task(Preparation):
    """Pre- and post-processing of one artifact (Cao et al. 2017, arXiv:1611.08050, section 2).

    Attributes:
        row: how many people, then of each its score and its parts (18 x 3), as `Person` has them.
    """

    row = ("<f4", 1 + KEPT * VALUES)

    def __init__(self, artifact: Dict, labelled: Optional[str] = None) -> None:
        super(Task, self).__init__(artifact)
        self._stride = artifact["postprocess"]["stride"]

    def finish(self, output: Any) -> List[Person]:
        """Turn heat maps and fields (1, 19 + 38, H / stride, W / stride) into people, best first."""
        maps = output[0]
        return people(maps[:PARTS], maps[PARTS + 1 :], self._stride)

    def keep(self, row: Any, item: int, answer: List[Person]) -> None:
        """Write the best people into a row of float32."""
        row[0] = min(len(answer), KEPT)
        for values, person in zip(row[1:].reshape(KEPT, VALUES), answer):  # noqa: B905
            values[0], values[1:] = person.score, person.parts.ravel()


def people(heat: Any, fields: Any, stride: int) -> List[Person]:
    """Return the people of heat maps (18, h, w) and part affinity fields (38, h, w), best first."""
    found = [peaks(of_part) for of_part in heat]
    groups: List[Dict[int, int]] = []
    scores: List[float] = []
    for (first, second), channel in LIMBS:
        for score, i, j in limbs(found[first], found[second], fields[channel : channel + 2]):
            _join(groups, scores, {first: i, second: j}, score)
    answer = []
    for group, score in zip(groups, scores):  # noqa: B905
        if len(group) < FEWEST_PARTS:
            continue
        parts = np.full((PARTS, 3), np.nan, np.float32)
        for part, index in group.items():
            column, row, certainty = found[part][index]
            parts[part] = ((column + 0.5) * stride, (row + 0.5) * stride, certainty)
        answer.append(Person(parts, score + float(np.nansum(parts[:, 2]))))
    return sorted(answer, key=lambda person: -person.score)


def peaks(heat: Any) -> Any:
    """Return the local maxima of a heat map (h, w): column, row and value, best first, (n, 3)."""
    edged = np.pad(heat, 1, mode="constant")
    centre = edged[1:-1, 1:-1]
    around = (edged[:-2, 1:-1], edged[1:-1, :-2], edged[2:, 1:-1], edged[1:-1, 2:])
    # A plateau has one peak, its first: before it everything is lower, after it nothing is higher.
    higher = (centre > around[0]) & (centre > around[1]) & (centre >= around[2]) & (centre >= around[3])
    rows, columns = np.nonzero(higher & (centre > PEAK))
    values = centre[rows, columns]
    order = np.argsort(-values, kind="stable")[:PEAKS]
    return np.stack([columns[order], rows[order], values[order]], axis=1).astype(np.float32).reshape(-1, 3)


def limbs(starts: Any, ends: Any, field: Any) -> List[Tuple[float, int, int]]:
    """Match two parts along the field (2, h, w) between them: score and both indices; each end is used once."""
    if not len(starts) or not len(ends):
        return []
    way = ends[None, :, :2] - starts[:, None, :2]
    length = np.maximum(np.sqrt((way**2).sum(axis=2, keepdims=True)), 1e-6)
    steps = np.linspace(0, 1, POINTS, dtype=np.float32)[:, None, None, None]
    points = np.rint(starts[None, :, None, :2] + steps * way[None]).astype(int)
    along = (field[:, points[..., 1], points[..., 0]].transpose(1, 2, 3, 0) * (way / length)[None]).sum(
        axis=3
    )
    believed = (along > ALONG).mean(axis=0) >= SHARE
    score = np.where(believed, along.mean(axis=0), -np.inf)
    chosen: List[Tuple[float, int, int]] = []
    for flat in np.argsort(-score, axis=None, kind="stable"):
        i, j = (int(index) for index in np.unravel_index(flat, score.shape))
        if score[i, j] == -np.inf:
            break
        if all(i != used and j != other for _, used, other in chosen):
            chosen.append((float(score[i, j]), i, j))
    return chosen


def _join(groups: List[Dict[int, int]], scores: List[float], limb: Dict[int, int], score: float) -> None:
    """Add a limb to the person that has one of its ends, join two people that have one each, or begin a new one."""
    touching = [k for k, group in enumerate(groups) if any(group.get(part) == limb[part] for part in limb)]
    if not touching:
        groups.append(dict(limb))
        scores.append(score)
        return
    first = touching[0]
    if any(groups[first].get(part, index) != index for part, index in limb.items()):
        return  # that person has this part elsewhere already
    if len(touching) > 1 and not set(groups[first]) & set(groups[touching[1]]):
        groups[first].update(groups.pop(touching[1]))
        scores[first] += scores.pop(touching[1])
    groups[first].update(limb)
    scores[first] += score
