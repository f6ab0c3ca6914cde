"""Search for images that show the same lesion under different ids, however turned, shifted or zoomed.

    python -m skinnet data duplicates --root data     # needs pip install -e ".[duplicates]"

The perceptual hash of `split` finds copies of a picture; this search finds other photos, or other parts of a photo, of
one lesion. Each image is compared with those whose features in the network are most similar. Their SIFT features are
matched, and the matches that agree on one shift, turn and zoom are counted (`sift`). The result is a list of pairs for
a person to check. Those of HAM10000 were checked: `data/splits/ham10000_duplicates.csv`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from skinnet.data.cache import Cache
from skinnet.data.index import lesion_names, load_cache, load_prepared
from skinnet.device import keep_freed_memory
from skinnet.errors import SkinnetError
from skinnet.files import atomic_path, write_table
from skinnet.inference.classifier import Classifier
from skinnet.progress import progress
from skinnet.studies.duplicates.sift import MIN_AGREEING, LocalFeatures, agreeing_matches, local_features

NEIGHBOURS = 40
"""Most similar images that each image is compared with."""
OUT = "duplicates.csv"
SHEET = "duplicates.jpg"
SHEET_PAIRS = 60


def find_duplicates(root: Path, classifier: Classifier) -> Path:
    """Compare all prepared images and write the pairs worth checking, with a sheet of the best ones.

    Args:
        root: the data folder, after `prepare`.
        classifier: its features decide which images are compared.

    Returns:
        The path of the table: source, image_id and split of both images, agreeing matches, whether they are mirrored,
        and whether the index already counts them as one group.

    Raises:
        SkinnetError: if OpenCV is not installed, or the network's last feature layer is not known.
    """
    table = load_prepared(root)
    cache = load_cache(root, table)
    lesions, _ = pd.factorize(lesion_names(table))
    pairs = candidates(network_features(classifier, cache), lesions)
    features = [local_features(cache[position]) for position in progress(range(len(cache)), "features", unit="image")]
    found = compare(features, pairs)
    write_table(_with_names(found, table), root / OUT)
    with atomic_path(root / SHEET) as temporary:
        pair_sheet(cache, found.head(SHEET_PAIRS)).save(temporary, format="JPEG", quality=88)
    return root / OUT


def _with_names(found: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The pairs of `compare` with the source, image id and split of both images in place of their positions."""
    sides = [
        table.iloc[found[side]][["source", "image_id", "split", "group"]]
        .reset_index(drop=True)
        .add_suffix(f"_{letter}")
        for side, letter in (("first", "a"), ("second", "b"))
    ]
    named = pd.concat([*sides, found[["agreeing", "mirrored"]]], axis=1)
    named["joined"] = named.pop("group_a") == named.pop("group_b")
    return named


def network_features(classifier: Classifier, cache: Cache) -> np.ndarray:
    """Features of every image before the classifier, averaged over places: float32 (N, C) of length 1."""
    keep_freed_memory()
    pooled = []
    for position in progress(range(len(cache)), "network features", unit="image"):
        outputs = classifier.run(np.stack([cache[position]]))
        if outputs.features is None:
            raise SkinnetError("The search needs a network whose last feature layer is known: name another checkpoint.")
        pooled.append(outputs.features[0].mean(dim=(1, 2)).numpy())  # (C, h, w) -> (C,)
    features = np.stack(pooled)
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True))


def candidates(features: np.ndarray, lesions: np.ndarray) -> np.ndarray:
    """Pairs of most similar images with different lesion ids.

    Args:
        features: float32 (N, C) of length 1.
        lesions: int (N,).

    Returns:
        int (P, 2), first < second, each pair once.
    """
    count = min(NEIGHBOURS, len(features) - 1)
    pairs = []
    for start in range(0, len(features), 512):
        similarity = features[start : start + 512] @ features.T
        similarity[lesions[start : start + 512, None] == lesions] = -np.inf
        nearest = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
        first = np.repeat(np.arange(start, start + len(nearest)), count)
        other = np.isfinite(np.take_along_axis(similarity, nearest, axis=1)).ravel()
        pairs.append(np.stack([first, nearest.ravel()], axis=1)[other])
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)


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
