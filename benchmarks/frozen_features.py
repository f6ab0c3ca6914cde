"""Fit a linear probe on the frozen features of the transformer, to see how good it is untrained.

    pip install -e ".[transformer]"
    python benchmarks/frozen_features.py --root data    # about six minutes on two cores

Each image of train and val becomes 768 numbers (the class token and the mean of the patches). A logistic regression
predicts each fold after training on the other four.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project's folder, wherever this is run from

from skinnet.data.dataset import Images
from skinnet.data.index import load_cache, load_index
from skinnet.device import keep_freed_memory, pick_device
from skinnet.evaluation.ranking import ranking_values
from skinnet.evaluation.scored_cases import by_image
from skinnet.images.tensors import pixels_to_tensor
from skinnet.labels import CLASSES, probability_columns
from skinnet.models.registry import VIT
from skinnet.models.vision_transformer import build
from skinnet.training.train import mixed_precision
from skinnet.training.validation import normalise

BATCH = 32
PENALTIES = (0.0003, 0.003, 0.03)
"""Inverse strengths of the regularisation."""


@torch.inference_mode()
def features(images: Images, positions: np.ndarray) -> np.ndarray:
    """Mean of the patches of each image: float32 (N, 384)."""
    device = pick_device()
    vit = build(VIT, classes=len(CLASSES), imagenet=True).features.to(device).eval()
    batches = []
    for start in tqdm(range(0, len(positions), BATCH), "features", unit="batch"):
        pixels = np.stack([images[position] for position in positions[start : start + BATCH]])
        batch = normalise(pixels_to_tensor(pixels), VIT, device)
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed_precision(VIT, device)):
            batches.append(vit(batch).float().mean(dim=(2, 3)).cpu().numpy())
    return np.concatenate(batches)


def out_of_fold(inputs: np.ndarray, rows: pd.DataFrame, *, penalty: float) -> np.ndarray:
    """Predict each fold by a model of the other four: probabilities, float (N, 7)."""
    probabilities = np.zeros((len(rows), len(CLASSES)))
    for fold in sorted(rows["fold"].unique()):
        away = (rows["fold"] == fold).to_numpy()
        model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=400))
        probabilities[away] = model.fit(inputs[~away], rows["dx"][~away]).predict_proba(inputs[away])
    return probabilities


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path("data"), help="folder of the data sets, after prepare")
    root = parser.parse_args().root
    keep_freed_memory()
    table = load_index(root)
    positions = np.flatnonzero(table["split"].isin(["train", "val"]))
    rows = table.iloc[positions].reset_index(drop=True)
    inputs = features(load_cache(root, table), positions)
    print(f"Train and val out of fold, n = {len(rows)} images")
    for penalty in PENALTIES:
        probabilities = out_of_fold(inputs, rows, penalty=penalty)
        cases = by_image(rows.assign(**dict(zip(probability_columns(), probabilities.T, strict=True))))
        overall, _ = ranking_values(cases, np.ones((1, len(rows))))
        names = ("macro_auroc", "malignant_auroc", "melanoma_auroc")
        print(f"C {penalty}:", *(f"{name} {overall[name][0]:.3f}" for name in names))


if __name__ == "__main__":
    main()
