"""How well a heat map finds the lesion, compared with a blob in the middle that ignores the photo.

Photos of lesions are centred, so a map must be compared with two blobs:

    matched_blob(evidence)    # the values of the map, the largest in the middle: as concentrated, but blind
    gaussian_blob((192, 256)) # a fixed Gaussian

Compared with the matched blob only the place counts: a map cannot win or lose by being narrow.
"""

from __future__ import annotations

import numpy as np

GAUSSIAN_WIDTH = 0.18
"""Standard deviation over the square root of the photo's area. The width must be matched, since the narrower a blob,
the more of it lies on a centred lesion: this one spreads as Grad-CAM's maps do on validation (its effective area,
sum squared over sum of squares, is .39 of the photo; n = 117 lesions)."""
OUTLINE_WIDTH = 0.28
"""Width of the Gaussian whose outline, at half its height, overlaps the masks best: 739 validation lesions, mean over
diagnoses."""
HALF = 0.5
"""Share of a map's largest value at which it is cut, to compare its outline with the lesion's."""


def distances(shape: tuple[int, int]) -> np.ndarray:
    """Distances from the middle of a photo, in pixels: float (H, W)."""
    rows, columns = np.indices(shape)
    return np.asarray(np.hypot(rows - (shape[0] - 1) / 2, columns - (shape[1] - 1) / 2))


def gaussian_blob(shape: tuple[int, int], *, width: float = GAUSSIAN_WIDTH) -> np.ndarray:
    """A centred Gaussian, float (H, W), 1 in the middle."""
    sigma = width * np.sqrt(shape[0] * shape[1])
    return np.asarray(np.exp(-(distances(shape) ** 2) / (2 * sigma**2)))


def matched_blob(evidence: np.ndarray) -> np.ndarray:
    """Arrange the values of a map (H, W) in falling order around the middle, from the inside out."""
    blob = np.empty(evidence.size, dtype=evidence.dtype)
    inside_out = np.argsort(distances((evidence.shape[0], evidence.shape[1])), axis=None, kind="stable")
    blob[inside_out] = np.sort(evidence, axis=None)[::-1]
    return blob.reshape(evidence.shape)


def energy(evidence: np.ndarray, mask: np.ndarray) -> float:
    """Share of a map that lies on the lesion (Wang et al., CVPR workshops 2020); NaN for an empty map."""
    total = float(evidence.sum())
    return float(evidence[mask].sum()) / total if total > 0 else float("nan")


def points_inside(evidence: np.ndarray, mask: np.ndarray) -> float:
    """1 if a map is largest on the lesion, else 0 (pointing game, Zhang et al., IJCV 2018); NaN for an empty map."""
    return float(mask.ravel()[evidence.argmax()]) if evidence.max() > 0 else float("nan")


def overlap(evidence: np.ndarray, mask: np.ndarray) -> float:
    """Intersection over union of the lesion and the area where a map reaches `HALF` of its largest value."""
    if evidence.max() <= 0:
        return float("nan")
    cut = evidence >= HALF * evidence.max()
    return float((cut & mask).sum() / (cut | mask).sum())


def localisation(evidence: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """All measures of a map and its leads over the blobs; a lead above 0 means that the map is better."""
    shape = (mask.shape[0], mask.shape[1])
    matched, gaussian, outline = matched_blob(evidence), gaussian_blob(shape), gaussian_blob(shape, width=OUTLINE_WIDTH)
    found = {
        "energy": energy(evidence, mask),
        "pointing": points_inside(evidence, mask),
        "iou": overlap(evidence, mask),
    }
    return found | {
        "energy_over_matched": found["energy"] - energy(matched, mask),
        "energy_over_gaussian": found["energy"] - energy(gaussian, mask),
        "pointing_over_centre": found["pointing"] - points_inside(gaussian, mask),
        "iou_over_matched": found["iou"] - overlap(matched, mask),
        "iou_over_gaussian": found["iou"] - overlap(outline, mask),
    }
