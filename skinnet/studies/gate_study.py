"""Fit a checkpoint's gate and conformal sets, and measure both: python -m skinnet fit-gate --checkpoint C --root data

The statistics come from the training images, the thresholds and sets from validation; foreign pictures and the test
split are only scored, after that. Written into the checkpoint folder: gate.safetensors, gate.json, uncertainty.json,
and GATE.md with every figure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

from skinnet.checkpoint import CONFORMAL, GATE, GATE_CARD, PREDICTIONS, load_config
from skinnet.data.dataset import Images, equal_shapes
from skinnet.data.index import load_cache, load_index
from skinnet.device import keep_freed_memory
from skinnet.files import write_json, write_text
from skinnet.images.altered import ALTERATIONS, unsquashed
from skinnet.images.photo import open_photo, to_input
from skinnet.images.quality import LEVELS
from skinnet.inference.classifier import VIEWS, Classifier
from skinnet.inference.conformal import Sets
from skinnet.inference.gate import Gate, layer_statistics, recorded_outputs, save_statistics
from skinnet.inference.predictions import load_predictions
from skinnet.inference.stability import VARIANTS, crosses
from skinnet.labels import CLASSES, MALIGNANT, probability_columns
from skinnet.progress import progress
from skinnet.studies.gate_card import gate_card
from skinnet.studies.gate_tables import write_tables
from skinnet.studies.non_lesion_images import Places, collect
from skinnet.training.config import TrainConfig
from skinnet.training.fit_conformal import fit_sets, measure_coverage
from skinnet.training.fit_gate import BATCH, fit_gate, image_features

ALTERED = 96
"""Validation photos of which altered copies are scored."""


def fit_and_measure(checkpoint: Path, *, root: Path, packages: Sequence[Path] = (Path("/"),)) -> None:
    """Fit and measure; write the checkpoint's gate.safetensors, gate.json, uncertainty.json and GATE.md.

    Args:
        packages: folders into which Debian packages with pictures were unpacked.

    Raises:
        SkinnetError: if the checkpoint or the data are missing, or the network has no stages to take features from.
    """
    keep_freed_memory()
    classifier = Classifier.load(checkpoint)
    classifier.gate = None
    recipe = TrainConfig.of(load_config(checkpoint).training)
    table = load_index(root, sources=recipe.source_names, partition=recipe.partition)
    images = load_cache(root, table)
    gate, seen = fit_gate(classifier, table, images)
    val = seen["val"]
    measured = {
        "gate": save_statistics(gate, checkpoint),
        "accepted": {
            split: by_diagnosis(rulings(gate, seen[split].inputs(images), seen[split].features), seen[split].dx)
            for split in ("val", "test")
        },
        "foreign": foreign(classifier, gate, Places(root, packages), gate.distances(val.features)),
        "altered": altered(classifier, gate, table.iloc[val.positions], root),
        "milliseconds": clock(classifier, gate, np.array(images[int(val.positions[0])])),
    }
    uncertainty = fit_uncertainty(checkpoint)
    uncertainty["spread"] = count_disagreement(classifier, images, val.positions, val.dx)
    write_json(checkpoint / GATE, measured)
    write_json(checkpoint / CONFORMAL, uncertainty)
    write_text(checkpoint / GATE_CARD, gate_card(measured, uncertainty, name=checkpoint.name))
    write_tables(checkpoint)


def picture_features(
    classifier: Classifier, layers: Sequence[str], pictures: Iterable[Image.Image], title: str
) -> tuple[list[np.ndarray], np.ndarray]:
    """Inputs, each uint8 (H, W, 3), and features of any pictures."""
    inputs = [to_input(picture, frame=classifier.frame) for picture in pictures]
    return inputs, image_features(classifier, layers, inputs, np.arange(len(inputs)), title=title)


def rulings(
    gate: Gate, inputs: Sequence[np.ndarray], features: np.ndarray, sizes: Sequence[tuple[int, int]] | None = None
) -> np.ndarray:
    """The gate's levels, int (N,): positions in `LEVELS`; without sizes no picture counts as small."""
    sizes = sizes or [(each.shape[1], each.shape[0]) for each in inputs]
    found = zip(inputs, features, sizes, strict=True)
    return np.array([LEVELS.index(gate.rule(pixels, each, size=size).level) for pixels, each, size in found], dtype=int)


def counts(levels: np.ndarray) -> dict[str, int]:
    """How many pictures there are, how many are warned of, how many refused."""
    return {"pictures": len(levels), "warned": int((levels == 1).sum()), "refused": int((levels == 2).sum())}


def by_diagnosis(levels: np.ndarray, dx: np.ndarray) -> dict[str, dict[str, int]]:
    return {name: counts(levels[dx == name]) for name in CLASSES} | {"all": counts(levels)}


def foreign(classifier: Classifier, gate: Gate, places: Places, genuine: np.ndarray) -> list[dict[str, Any]]:
    """Refusals of each kind of foreign picture, and the AUROC of the distance against validation's (N,)."""
    found = []
    for kind, pictures in collect(places):
        if not pictures:
            continue
        inputs, features = picture_features(classifier, gate.layers, pictures, kind.name)
        distances = gate.distances(features)
        truth = np.r_[np.zeros(len(genuine)), np.ones(len(distances))]
        auroc = float(roc_auc_score(truth, np.r_[genuine, distances]))
        levels = rulings(gate, inputs, features, [picture.size for picture in pictures])
        found.append({"kind": kind.name, "chosen_on": kind.chosen_on, **counts(levels), "auroc": auroc})
    return found


def altered(classifier: Classifier, gate: Gate, rows: pd.DataFrame, root: Path) -> dict[str, dict[str, int]]:
    """What becomes of genuine validation photos, drawn at random, once they are altered."""
    paths = np.random.default_rng(0).permutation(rows["path"].to_numpy())[:ALTERED]
    photos = [unsquashed(open_photo(root / path)) for path in paths]
    found = {}
    for name, alter in ALTERATIONS.items():
        inputs, features = picture_features(classifier, gate.layers, map(alter, photos), name)
        found[name] = counts(rulings(gate, inputs, features))
    return found


def clock(classifier: Classifier, gate: Gate, pixels: np.ndarray, *, times: int = 25) -> dict[str, float]:
    """Median milliseconds of the four views of one photo, and of what the gate adds to them.

    Of the processor's time, all threads together: other programs on the machine do not count.
    """

    def median(act: Callable[[], Any]) -> float:
        taken = []
        for _ in range(times):
            start = time.process_time()
            act()
            taken.append(1000 * (time.process_time() - start))
        return round(float(np.median(taken)), 2)

    with torch.inference_mode(), recorded_outputs(classifier.network, gate.layers) as outputs:
        classifier.network(classifier.to_tensor(pixels[None]).contiguous(memory_format=torch.channels_last))
        size = (pixels.shape[1], pixels.shape[0])
        adds = median(lambda: gate.rule(pixels, layer_statistics(outputs, gate.layers, count=1)[0], size=size))
    return {"forward_pass": median(lambda: classifier.logits(pixels[None])), "gate": adds}


def fit_uncertainty(checkpoint: Path) -> dict[str, Any]:
    """Fit the sets on the published validation predictions, and measure them on test; needs no images."""
    predictions = load_predictions(checkpoint / PREDICTIONS)
    parts = {
        split: (rows[probability_columns()].to_numpy(), rows["dx"].to_numpy(), rows["lesion_id"].to_numpy().astype(str))
        for split in ("val", "test")
        if len(rows := predictions[predictions["split"] == split])
    }
    sets: Sets = fit_sets(*parts["val"])
    coverage = {split: measure_coverage(sets, *part) for split, part in parts.items()}
    return {
        "sets": asdict(sets),
        "coverage": {split: {name: asdict(each) for name, each in by.items()} for split, by in coverage.items()},
    }


def count_disagreement(classifier: Classifier, images: Images, positions: np.ndarray, dx: np.ndarray) -> dict[str, Any]:
    """How often copies of a validation image disagree about the verdict, and how often it is wrong then."""
    threshold = classifier.decision.malignant_threshold
    verdict, spread = np.zeros(len(positions)), np.zeros((len(VIEWS) + len(VARIANTS), len(positions)))
    for items in progress(equal_shapes(images, positions, batch_size=BATCH // 4), "copies", unit="batch"):
        pixels = np.stack([images[position] for position in positions[items]])
        outputs = classifier.run(pixels)
        verdict[items] = classifier.malignant(outputs.logits.mean(axis=0))
        spread[:, items] = classifier.stability(pixels, outputs)
    wrong = (verdict >= threshold) != np.isin(dx, MALIGNANT)
    split = crosses(spread, threshold)
    return {
        "images": len(positions),
        "median": float(np.median(np.ptp(spread, axis=0))),
        "disagreeing": int(split.sum()),
        "wrong_where_disagreeing": int((wrong & split).sum()),
        "wrong_elsewhere": int((wrong & ~split).sum()),
    }
