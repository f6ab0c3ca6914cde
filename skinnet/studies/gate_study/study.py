"""Fit a checkpoint's gate and conformal sets, and measure both: python -m skinnet fit-gate --checkpoint C --root data

    fit_and_measure(Path("checkpoints/mine"), root=Path("data"))

The gate's statistics come from the training images, its thresholds and the sets from validation. Pictures without a
lesion and the test split are scored after that. The study writes gate.safetensors, gate.json, uncertainty.json, GATE.md
and the printable tables into the checkpoint folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from skinnet.checkpoint import CONFORMAL, GATE, GATE_CARD, PREDICTIONS, load_config
from skinnet.data import DEVELOPMENT
from skinnet.data.dataset import Images, equal_shapes
from skinnet.data.index import load_cache, load_index
from skinnet.device import keep_freed_memory
from skinnet.files import write_json, write_text
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import Gate, layer_statistics, recorded_outputs, save_statistics
from skinnet.inference.predictions import load_predictions
from skinnet.inference.stability import crosses
from skinnet.labels import MALIGNANT, probability_columns
from skinnet.progress import progress
from skinnet.reporting.captions import source_title
from skinnet.studies.gate_study.card import gate_card
from skinnet.studies.gate_study.colour import colour_counts, grey_melanomas
from skinnet.studies.gate_study.non_lesion_images import Places
from skinnet.studies.gate_study.tables import write_tables
from skinnet.studies.gate_study.turned_away import altered_counts, by_source, gate_rulings, non_lesion_counts
from skinnet.training.fit_conformal import fit_sets, measure_coverage
from skinnet.training.fit_gate import fit_gate
from skinnet.training.gate_material import BATCH, Material, gather


def fit_and_measure(checkpoint: Path, *, root: Path, packages: Sequence[Path] = (Path("/"),)) -> None:
    """Fit the gate and the sets, measure both, and write the files of the study.

    Args:
        root: the data folder, after `prepare`.
        packages: folders into which Debian packages with pictures were unpacked.

    Raises:
        SkinnetError: if the checkpoint or the data are missing, or the network has no stages to take features from.
    """
    keep_freed_memory()
    classifier = Classifier.load(checkpoint)
    classifier.gate = None
    config = load_config(checkpoint)
    partition = "split" if config.partition == DEVELOPMENT else config.partition
    table = load_index(root, sources=config.sources, partition=partition)
    images = load_cache(root, table)
    material = gather(classifier, table, images, root=root)
    gate = fit_gate(material)
    val, test = material.splits["val"], material.splits["test"]
    measured = {
        "gate": save_statistics(gate, checkpoint),
        "accepted": accepted_counts(gate, material, images),
        "blind": blind_counts(material, images, config.sources),
        "colour": colour_counts(classifier, gate, test, images),
        "grey_melanomas": grey_melanomas(classifier, gate, test, images),
        "foreign": non_lesion_counts(classifier, gate, Places(root, packages), gate.distances(val.features)),
        "altered": altered_counts(classifier, gate, table.iloc[val.positions], root),
        "milliseconds": measure_time(classifier, gate, np.array(images[int(val.positions[0])])),
    }
    uncertainty = fit_and_measure_sets(checkpoint)
    home = np.flatnonzero((table["split"] == "test") & (table["source"] == config.sources[0]))
    uncertainty["spread"] = measure_stability(classifier, images, home, table["dx"].to_numpy()[home])
    write_json(checkpoint / GATE, measured)
    write_json(checkpoint / CONFORMAL, uncertainty)
    write_text(checkpoint / GATE_CARD, gate_card(measured, uncertainty, name=checkpoint.name))
    write_tables(checkpoint)


def accepted_counts(gate: Gate, material: Material, images: Images) -> dict[str, Any]:
    """Counts of the photos of each data set and split, by diagnosis."""
    found: dict[str, Any] = {}
    for split in ("val", "test"):
        photos = material.splits[split]
        rulings = gate_rulings(gate, photos.inputs(images), photos.features)
        found |= {f"{source_title(name)}, {split}": counts for name, counts in by_source(rulings, photos).items()}
    return found


def blind_counts(material: Material, images: Images, sources: Sequence[str]) -> dict[str, Any]:
    """Counts of the test photos of each added data set, by a gate that is fitted without it."""
    test = material.splits["test"]
    found = {}
    for source in sources[1:]:
        gate = fit_gate(material, sources=[other for other in sources if other != source])
        rulings = gate_rulings(gate, test.inputs(images), test.features)
        found[source_title(source)] = by_source(rulings, test)[source]
    return found


def measure_time(classifier: Classifier, gate: Gate, pixels: np.ndarray, *, times: int = 25) -> dict[str, float]:
    """Median milliseconds of one photo, and of the gate's part.

    Processor time, all threads together: other programs on the machine do not count.

    Args:
        pixels: the network's input, uint8 (H, W, 3).
        times: repetitions.
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
        gate_time = median(lambda: gate.rule(pixels, layer_statistics(outputs, gate.layers)[0], size=size))
    return {"forward_pass": median(lambda: classifier.logits(pixels[None])), "gate": gate_time}


def fit_and_measure_sets(checkpoint: Path) -> dict[str, Any]:
    """Fit the sets on the published val predictions and measure them on test; no images are needed."""
    predictions = load_predictions(checkpoint / PREDICTIONS)
    home, *others = load_config(checkpoint).sources
    test, source = predictions["split"] == "test", predictions["source"]
    chosen = {"val": predictions["split"] == "val", "test": test & (source == home)}
    chosen |= {name: test & (source == name) for name in others}
    parts = {
        split: (rows[probability_columns()].to_numpy(), rows["dx"].to_numpy(), rows["lesion_id"].to_numpy().astype(str))
        for split, which in chosen.items()
        if len(rows := predictions[which])
    }
    sets = fit_sets(*parts["val"])
    coverage = {split: measure_coverage(sets, *part) for split, part in parts.items()}
    return {
        "sets": asdict(sets),
        "coverage": {split: {name: asdict(each) for name, each in by.items()} for split, by in coverage.items()},
    }


def measure_stability(classifier: Classifier, images: Images, positions: np.ndarray, dx: np.ndarray) -> dict[str, Any]:
    """How often an image and its variant fall on both sides of the threshold, and how often the verdict is wrong then.

    Args:
        positions: int (N,), of the images.
        dx: str (N,), their diagnoses.
    """
    threshold = classifier.decision.malignant_threshold
    scores = np.zeros((2, len(positions)))
    for items in progress(equal_shapes(images, positions, batch_size=BATCH), "variants", unit="batch"):
        pixels = np.stack([images[position] for position in positions[items]])
        _, scores[:, items] = classifier.run_with_variants(pixels)
    wrong = (scores[0] >= threshold) != np.isin(dx, MALIGNANT)
    disagreeing = crosses(scores, threshold)
    return {
        "images": len(positions),
        "median": float(np.median(np.ptp(scores, axis=0))),
        "disagreeing": int(disagreeing.sum()),
        "wrong_where_disagreeing": int((wrong & disagreeing).sum()),
        "wrong_elsewhere": int((wrong & ~disagreeing).sum()),
    }
