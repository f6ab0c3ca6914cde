"""SIFT features of images, and how many of them agree on one shift, turn and zoom.

    first, second = local_features(pixels), local_features(others)
    agreeing_matches(first, second)                # 23
    agreeing_matches(first, second, mirrored=True)  # 0

The features are RootSIFT (Lowe 2004; Arandjelovic & Zisserman 2012). The matches that agree on one movement are found
by RANSAC (Fischler & Bolles 1981).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skinnet.errors import SkinnetError

FEATURES = 250
"""SIFT features of an image."""
ENLARGEMENT = 1.5
"""Factor on the network's input before its features are taken: small lesions have few."""
RATIO = 0.72
"""Largest squared distance of a match, as a share of that to the next best one (Lowe 2004)."""
TOLERANCE = 4
"""Pixels of the enlarged image by which a match may miss the common movement."""
CELL = 6
"""Matches this close together, in pixels, count once."""
MIN_AGREEING = 7
"""Agreeing matches of a pair worth checking. Of 1,000 random pairs of HAM10000 none has more than 4; of 600 pairs
of one lesion 86 % have at least 10."""
ZOOM = (0.3, 3.3)
"""Range of the zoom between two photos of one lesion."""
_FLIPPED_BINS = np.array([0, 7, 6, 5, 4, 3, 2, 1])


@dataclass(frozen=True)
class LocalFeatures:
    """SIFT features of an image.

    Attributes:
        places: float32 (N, 2), x and y in pixels of the enlarged image.
        descriptors: float16 (N, 128), of length 1.
    """

    places: np.ndarray
    descriptors: np.ndarray

    def mirrored(self) -> np.ndarray:
        """The descriptors of the mirror image: bins across the main direction, and angles, change sides."""
        bins = self.descriptors.reshape(-1, 4, 4, 8)
        return bins[:, ::-1, :, _FLIPPED_BINS].reshape(-1, 128)


def local_features(pixels: np.ndarray) -> LocalFeatures:
    """Take the RootSIFT features of a picture, uint8 (H, W, 3).

    Raises:
        SkinnetError: if OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise SkinnetError('The search needs OpenCV: run pip install -e ".[duplicates]".') from error
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=ENLARGEMENT, fy=ENLARGEMENT, interpolation=cv2.INTER_CUBIC)
    grey = cv2.createCLAHE(2.0, (4, 4)).apply(grey)
    sift = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.01, edgeThreshold=15)
    points, descriptors = sift.detectAndCompute(grey, np.empty(0))
    if descriptors is None:
        return LocalFeatures(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float16))
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return LocalFeatures(np.array([point.pt for point in points], np.float32), rooted.astype(np.float16))


def agreeing_matches(first: LocalFeatures, second: LocalFeatures, *, mirrored: bool = False) -> int:
    """How many features of two images match and agree on one shift, turn and zoom.

    Args:
        mirrored: compare with the mirror image of the second.
    """
    import cv2

    if min(len(first.places), len(second.places)) < MIN_AGREEING:
        return 0
    matched, best = _matches(first.descriptors, second.mirrored() if mirrored else second.descriptors)
    if matched.sum() < MIN_AGREEING:
        return 0
    source, target = first.places[matched], second.places[best[matched]].copy()
    if mirrored:
        target[:, 0] *= -1
    movement, agree = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=TOLERANCE, maxIters=500
    )
    if movement is None or not ZOOM[0] < np.hypot(movement[0, 0], movement[1, 0]) < ZOOM[1]:
        return 0
    cells = np.round(source[agree.ravel() == 1] / CELL)
    return len(np.unique(cells, axis=0))


def _matches(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each descriptor of the first (N, 128) has a match, bool (N,), and its nearest in the second, int (N,)."""
    similarity = first.astype(np.float32) @ second.astype(np.float32).T  # of unit vectors
    rows = np.arange(len(similarity))
    best = similarity.argmax(axis=1)
    nearest = 1 - similarity[rows, best]
    similarity[rows, best] = -1
    return nearest < RATIO * (1 - similarity.max(axis=1)), best
