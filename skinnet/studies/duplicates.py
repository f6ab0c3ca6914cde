"""Search for images that show the same lesion under different ids, however turned, shifted or zoomed.

    python -m skinnet data duplicates --root data     # needs pip install -e ".[duplicates]"

The perceptual hash of `split` finds copies of a picture; this finds other photos, or other parts of a photo, of one
lesion. Each image is compared with those that the network finds most alike: their SIFT features (Lowe 2004, as
RootSIFT) are matched, and the matches that agree on one shift, turn and zoom are counted (RANSAC, Fischler & Bolles
1981). It proposes pairs to look at. Those of HAM10000 were looked at: `splits/ham10000_duplicates.csv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from skinnet.data.cache import Cache
from skinnet.data.index import lesion_names, load_cache, load_prepared
from skinnet.device import keep_freed_memory
from skinnet.errors import SkinnetError
from skinnet.files import atomic_path, write_table
from skinnet.inference.classifier import Classifier
from skinnet.models.efficientnet_lite import last_feature_layer
from skinnet.progress import progress

NEIGHBOURS = 40
"""Most alike images that each image is compared with."""
FEATURES = 250
"""SIFT features of an image."""
ENLARGED = 1.5
"""The network's input is enlarged before its features are taken: small lesions have few."""
RATIO = 0.72
"""Largest squared distance of a match, as a share of that to the next best one (Lowe 2004)."""
TOLERANCE = 4
"""Pixels of the enlarged image by which a match may miss the common movement."""
CELL = 6
"""Matches this close together, in pixels, count once."""
MIN_AGREEING = 7
"""Agreeing matches of a pair worth looking at. Of 1,000 random pairs of HAM10000 none has more than 4; of 600 pairs
of one lesion 86 % have at least 10."""
ZOOM = (0.3, 3.3)
_FLIPPED_BINS = np.array([0, 7, 6, 5, 4, 3, 2, 1])
OUT = "duplicates.csv"
SHEET = "duplicates.jpg"
SHEET_PAIRS = 60


@dataclass(frozen=True)
class LocalFeatures:
    """SIFT features of an image: `places` float32 (N, 2), x and y in pixels; `descriptors` float16 (N, 128)."""

    places: np.ndarray
    descriptors: np.ndarray

    def mirrored(self) -> np.ndarray:
        """The descriptors of the mirror image: bins across the main direction, and angles, change sides."""
        bins = self.descriptors.reshape(-1, 4, 4, 8)
        return bins[:, ::-1, :, _FLIPPED_BINS].reshape(-1, 128)


def find_duplicates(root: Path, classifier: Classifier) -> Path:
    """Compare all prepared images and write the pairs worth looking at, with a sheet of the best ones.

    Args:
        root: the data folder, after `prepare`.
        classifier: its features say which images are compared.

    Returns:
        The table: source, image_id and split of both, agreeing matches, whether mirrored, and whether the index has
        joined them already.

    Raises:
        SkinnetError: if OpenCV is not installed.
    """
    table = load_prepared(root)
    cache = load_cache(root, table)
    lesions, _ = pd.factorize(lesion_names(table))
    pairs = candidates(network_features(classifier, cache), lesions)
    features = [local_features(cache[position]) for position in progress(range(len(cache)), "features", unit="image")]
    found = compare(features, pairs)
    sides = [
        table.iloc[found[side]][["source", "image_id", "split", "group"]]
        .reset_index(drop=True)
        .add_suffix(f"_{letter}")
        for side, letter in (("first", "a"), ("second", "b"))
    ]
    named = pd.concat([*sides, found[["agreeing", "mirrored"]]], axis=1)
    named["joined"] = named.pop("group_a") == named.pop("group_b")
    write_table(named, root / OUT)
    with atomic_path(root / SHEET) as temporary:
        pair_sheet(cache, found.head(SHEET_PAIRS)).save(temporary, format="JPEG", quality=88)
    return root / OUT


@torch.inference_mode()
def network_features(classifier: Classifier, cache: Cache) -> np.ndarray:
    """Features of every image before the classifier, averaged over positions: float32 (N, C) of length 1."""
    keep_freed_memory()
    pooled: list[np.ndarray] = []

    def keep(_module: nn.Module, _arguments: object, features: Tensor) -> None:  # (4 views, C, h, w)
        pooled.append(features.float().mean(dim=(0, 2, 3)).numpy())

    hook = last_feature_layer(classifier.network).register_forward_hook(keep)
    try:
        for position in progress(range(len(cache)), "looking", unit="image"):
            classifier.logits(np.stack([cache[position]]))
    finally:
        hook.remove()
    features = np.stack(pooled)
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True))


def candidates(features: np.ndarray, lesions: np.ndarray) -> np.ndarray:
    """Pairs of most alike images with different lesion ids.

    Args:
        features: float32 (N, C) of length 1.
        lesions: int (N,).

    Returns:
        int (P, 2), first < second, each pair once.
    """
    count = min(NEIGHBOURS, len(features) - 1)
    pairs = []
    for start in range(0, len(features), 512):
        likeness = features[start : start + 512] @ features.T
        likeness[lesions[start : start + 512, None] == lesions] = -np.inf
        nearest = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        first = np.repeat(np.arange(start, start + len(nearest)), count)
        other = np.isfinite(np.take_along_axis(likeness, nearest, axis=1)).ravel()
        pairs.append(np.stack([first, nearest.ravel()], axis=1)[other])
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)


def local_features(pixels: np.ndarray) -> LocalFeatures:
    """The RootSIFT features (Arandjelovic & Zisserman 2012) of a picture, uint8 (H, W, 3).

    Raises:
        SkinnetError: if OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise SkinnetError('The search needs OpenCV: run pip install -e ".[duplicates]".') from error
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    grey = cv2.createCLAHE(2.0, (4, 4)).apply(grey)
    sift = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.01, edgeThreshold=15)
    points, descriptors = sift.detectAndCompute(grey, np.empty(0))
    if descriptors is None:
        return LocalFeatures(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float16))
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return LocalFeatures(np.array([point.pt for point in points], np.float32), rooted.astype(np.float16))


def compare(features: list[LocalFeatures], pairs: np.ndarray) -> pd.DataFrame:
    """The pairs that agree in at least `MIN_AGREEING` matches, upright or mirrored, best first.

    Returns:
        Columns first, second (positions), agreeing (matches), mirrored.
    """
    rows = []
    for first, second in progress(pairs.tolist(), "comparing", unit="pair"):
        for mirrored in (False, True):
            agreeing = agreeing_matches(features[first], features[second], mirrored=mirrored)
            if agreeing >= MIN_AGREEING:
                rows.append((first, second, agreeing, mirrored))
    found = pd.DataFrame(rows, columns=["first", "second", "agreeing", "mirrored"])
    return found.sort_values("agreeing", ascending=False, ignore_index=True, kind="stable")


def agreeing_matches(first: LocalFeatures, second: LocalFeatures, *, mirrored: bool = False) -> int:
    """How many features of two images match and agree on one shift, turn and zoom.

    Args:
        mirrored: compare with the mirror image of the second.
    """
    import cv2

    if min(len(first.places), len(second.places)) < MIN_AGREEING:
        return 0
    descriptors = second.mirrored() if mirrored else second.descriptors
    likeness = first.descriptors.astype(np.float32) @ descriptors.astype(np.float32).T  # of unit vectors
    rows = np.arange(len(likeness))
    best = likeness.argmax(axis=1)
    nearest = 1 - likeness[rows, best]
    likeness[rows, best] = -1
    matched = nearest < RATIO * (1 - likeness.max(axis=1))
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


def pair_sheet(cache: Cache, found: pd.DataFrame, *, columns: int = 4) -> Image.Image:
    """The two images of each pair side by side."""
    height, width = cache[0].shape[:2]
    rows = -(-len(found) // columns)
    sheet = Image.new("RGB", (columns * 2 * width, max(rows, 1) * (height + 16)), "white")
    for number, (first, second, agreeing, mirrored) in enumerate(found.to_numpy().tolist()):
        left, top = number % columns * 2 * width, number // columns * (height + 16)
        words = f"{number}: {agreeing} agree{', mirrored' if mirrored else ''}"
        ImageDraw.Draw(sheet).text((left + 4, top + 2), words, fill="black")
        for side, position in enumerate((first, second)):
            picture = Image.fromarray(cache[position])
            picture.thumbnail((width, height))
            sheet.paste(picture, (left + side * width, top + 16))
    return sheet
