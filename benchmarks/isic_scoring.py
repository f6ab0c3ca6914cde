"""Score the shipped test predictions with ISIC's own program, and print the metrics beside those of metrics.json.

    python -m venv scoring && scoring/bin/pip install isic-challenge-scoring "pandas<3"
    scoring/bin/python benchmarks/isic_scoring.py checkpoints/committee

It needs a virtual environment of its own, and nothing of skinnet: isic-challenge-scoring calls what pandas 3 dropped.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pandas as pd
from isic_challenge_scoring.classification import ClassificationMetric, ClassificationScore

CLASSES = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
MALIGNANT = ["akiec", "bcc", "mel"]


def score(truth: pd.DataFrame, probabilities: pd.DataFrame) -> ClassificationScore:
    """Two tables by image, a column for each category."""
    weighted = truth.astype(float).assign(score_weight=1.0, validation_weight=1.0)
    streams = [io.StringIO(table.to_csv(index_label="image")) for table in (weighted, probabilities.clip(0, 1))]
    return ClassificationScore.from_stream(*streams, ClassificationMetric.BALANCED_ACCURACY)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    checkpoint = parser.parse_args().checkpoint
    table = pd.read_csv(checkpoint / "predictions.csv", index_col="image_id")
    table = table.query("split == 'test' and source == 'ham10000'")
    ours = json.loads((checkpoint / "metrics.json").read_text(encoding="utf-8"))["test"]["image"]

    seven = score(
        pd.DataFrame({name: table["dx"] == name for name in CLASSES}),
        table[[f"p_{name}" for name in CLASSES]].set_axis(CLASSES, axis=1),
    )
    malignant, likely = table["dx"].isin(MALIGNANT), table[[f"p_{name}" for name in MALIGNANT]].sum(axis=1)
    two = score(
        pd.DataFrame({"malignant": malignant, "benign": ~malignant}),
        pd.DataFrame({"malignant": likely, "benign": 1 - likely}),
    )
    rows = {"balanced accuracy (as displayed)": (
        seven.aggregate["balanced_accuracy"], ours["rules"]["displayed"]["overall"]["balanced_accuracy"]["value"]
    )}  # fmt: skip
    for name in CLASSES:
        rows[f"AUROC {name}"] = (seven.per_category.loc[name, "auc"], ours["per_class"][name]["auroc"]["value"])
    for theirs, metric in (("auc", "macro_auroc"), ("ap", "macro_average_precision")):
        rows[metric.replace("_", " ")] = (seven.macro_average[theirs], ours["overall"][metric]["value"])
    rows["(pre)malignant AUROC"] = (
        two.per_category.loc["malignant", "auc"],
        ours["overall"]["malignant_auroc"]["value"],
    )
    flagged = likely >= 0.5  # the threshold of ISIC's program
    rows["(pre)malignant sensitivity, threshold .5"] = (
        two.per_category.loc["malignant", "sensitivity"], flagged[malignant].mean()
    )  # fmt: skip
    rows["(pre)malignant specificity, threshold .5"] = (
        two.per_category.loc["malignant", "specificity"], 1 - flagged[~malignant].mean()
    )  # fmt: skip
    print("| metric, per image | isic-challenge-scoring | skinnet |\n|---|---|---|")
    for metric, (theirs, value) in rows.items():
        print(f"| {metric} | {theirs:.6f} | {value:.6f} |")


if __name__ == "__main__":
    main()
