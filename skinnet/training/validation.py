"""Validation during training, and the metric by which the best epoch is chosen.

row = validate(network, dataset, device, config)
row[SELECTION_METRIC]
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from skinnet.data.dataset import LesionDataset, evaluation_batches, evaluation_loader
from skinnet.device import memory_format
from skinnet.evaluation.evaluate import image_metrics
from skinnet.labels import CLASSES, probability_columns
from skinnet.models.registry import normalisation
from skinnet.progress import progress
from skinnet.training.config import TrainConfig

SELECTION_METRIC = "mean_auroc"
"""The best epoch has the largest validation value of this, the mean of the macro and the (pre)malignant AUROC: the
first alone depends on 11 dermatofibromas, the second forgets the classes. With several data sets it is the mean over
them: across data sets a network could also score by telling one clinic from another."""

HISTORY_METRICS = ("balanced_accuracy", "macro_auroc", "malignant_auroc", "accuracy")
BY_SOURCE = ("macro_auroc", "malignant_auroc", "melanoma_auroc")


@torch.inference_mode()
def validate(network: nn.Module, dataset: LesionDataset, device: torch.device, config: TrainConfig) -> dict[str, float]:
    """Compute the metrics of one view of each validation image, without calibration."""
    network.eval()
    logits = torch.zeros(len(dataset), len(CLASSES))
    batches = evaluation_batches(dataset)
    loader = progress(evaluation_loader(dataset), "validating", unit="batch", leave=False)
    for items, (images, _) in zip(batches, loader, strict=True):
        logits[items] = network(normalise(images, config.network, device)).float().cpu()
    labels = dataset.labels[dataset.positions]
    table = pd.DataFrame(logits.softmax(dim=1).numpy(), columns=probability_columns()).assign(
        lesion_id=range(len(labels)), dx=np.array(CLASSES)[labels]
    )
    measured = image_metrics(table)
    log_loss = nn.functional.cross_entropy(logits, torch.from_numpy(labels)).item()
    chosen, by_source = _by_source(table, dataset.sources[dataset.positions], config.source_names)
    row = {"val_log_loss": log_loss, SELECTION_METRIC: chosen}
    return row | {name: measured[name] for name in HISTORY_METRICS} | by_source


def _by_source(table: pd.DataFrame, sources: np.ndarray, names: list[str]) -> tuple[float, dict[str, float]]:
    """The selection metric, and the metrics of each data set where there are several."""
    present = np.unique(sources).tolist()
    measured = {names[number]: image_metrics(table[sources == number]) for number in present}
    means = [(values["macro_auroc"] + values["malignant_auroc"]) / 2 for values in measured.values()]
    if len(measured) == 1:
        return float(means[0]), {}
    columns = {f"{name}_{source}": values[name] for source, values in measured.items() for name in BY_SOURCE}
    return float(np.mean(means)), columns


def normalise(images: Tensor, network: str, device: torch.device) -> Tensor:
    """Normalise float32 (B, 3, H, W) in [0, 1] for a network, on its device, in its memory format."""
    scale = normalisation(network)
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (scale.mean, scale.std))
    return ((images.to(device) - mean) / std).contiguous(memory_format=memory_format(device))
