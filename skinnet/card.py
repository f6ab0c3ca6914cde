"""The words published with a checkpoint: result tables and the model card (Mitchell et al., FAT* 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skinnet.calibrate import SENSITIVITY
from skinnet.config import LITES
from skinnet.evaluate import Metrics
from skinnet.labels import CLASSES, DISCLAIMER, FULL_NAMES, MALIGNANT_MEANING

NAMES = {
    "balanced_accuracy": "Balanced accuracy (balanced rule)",
    "macro_auroc": "Macro AUROC, one against the rest",
    "malignant_auroc": "(Pre)malignant AUROC",
    "malignant_average_precision": "(Pre)malignant average precision",
    "sensitivity": "Sensitivity at the verdict's threshold",
    "specificity": "Specificity at the verdict's threshold",
    "specificity_at_90": "Specificity at 90 % sensitivity, read off this split's curve",
    "specificity_at_95": "Specificity at 95 % sensitivity, read off this split's curve",
    "accuracy": "Accuracy (balanced rule)",
    "macro_precision": "Macro precision (balanced rule)",
    "macro_recall": "Macro recall (balanced rule)",
    "macro_f1": "Macro F1 (balanced rule)",
    "accuracy_displayed": "Accuracy of the most likely diagnosis (argmax)",
    "balanced_accuracy_displayed": "Balanced accuracy of the most likely diagnosis (argmax)",
    "malignant_calibration_error": "Calibration error of p_malignant (ECE, 15 bins)",
    "malignant_brier": "Brier score of p_malignant",
}
"""What each metric of `evaluate` is called in print."""

HEADLINES = (
    "balanced_accuracy", "macro_auroc", "malignant_auroc", "sensitivity", "specificity", "accuracy",
    "macro_precision", "macro_recall", "macro_f1", "accuracy_displayed", "balanced_accuracy_displayed",
)  # fmt: skip
"""The metrics on the README's first screen."""

SPLIT_NAMES = {"train": "training split", "val": "validation split", "test": "test split", "all": "all images"}


def overall_table(metrics: Metrics, names: Sequence[str] = tuple(NAMES)) -> str:
    """Overall metrics as a Markdown table."""
    rows = [f"| {NAMES[name]} | {metrics.overall[name]} |" for name in names]
    return "\n".join(["| figure | value (95 % interval) |", "|---|---|", *rows])


def class_table(metrics: Metrics) -> str:
    """Precision, recall, F1 and AUROC of each class as a Markdown table."""
    lines = ["| diagnosis | images | precision | recall | F1 | AUROC |", "|---|---|---|---|---|---|"]
    for name in CLASSES:
        values = " | ".join(str(estimate) for estimate in metrics.per_class[name].values())
        lines.append(f"| {FULL_NAMES[name]} ({name}) | {metrics.support[name]} | {values} |")
    return "\n".join(lines)


def source_title(source: str) -> str:
    """What a data set is called in print."""
    return "HAM10000" if source == "ham10000" else source


def data_name(config: dict[str, Any]) -> str:
    """What a checkpoint was trained and tested on."""
    training = config["training"]
    names = [source_title(name) for name in training.get("sources", "ham10000").split(",")]
    return ", ".join(names) + (" (official partition)" if training.get("partition") == "official" else "")


def caption(metrics: Metrics, split: str, *, source: str, apart: bool = True) -> str:
    """The data and the n that belong to every figure; `apart` if none of the images was trained on."""
    alone = ", none of which is in another split" if apart else ""
    return (
        f"{source}, {SPLIT_NAMES[split]}: n = {metrics.images:,} images of {metrics.lesions:,} lesions{alone}. "
        "Four views (flips) a photo, one network. 95 % intervals by bootstrap over lesions."
    )


def headline_section(metrics: Metrics, split: str, *, source: str) -> str:
    """The README's results: headlines and what they are of."""
    return f"{overall_table(metrics, HEADLINES)}\n\n{caption(metrics, split, source=source)}\n"


def results_section(metrics: Metrics, split: str, *, source: str) -> str:
    """All results of a split."""
    return f"{caption(metrics, split, source=source)}\n\n{overall_table(metrics)}\n\n{class_table(metrics)}\n"


def model_card(config: dict[str, Any], metrics: dict[str, Metrics]) -> str:
    """The whole model card as Markdown.

    Args:
        config: the checkpoint's `config.json`.
        metrics: by split, "val" and "test".
    """
    training = config["training"]
    test, source = metrics["test"], data_name(config)
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(CLASSES, config["class_weights"], strict=True))
    pretrained = training["weights"] == "imagenet"
    start = "ImageNet weights" if pretrained else "random weights"
    origin = ""
    if pretrained and config["network"] in LITES:
        origin = " They started from Google's EfficientNet-Lite (Apache-2.0)."
    classes = "\n".join(f"- `{name}`: {FULL_NAMES[name]}" for name in CLASSES)
    return f"""# Model card: {config["name"]}

**{DISCLAIMER}**

## Model
- {config["network"]}, {config["parameters"] / 1e6:.1f} million parameters, trained by skinnet {config["skinnet"]}.
- Input: a photo scaled to the area of {config["frame"][1]} x {config["frame"][0]} pixels, aspect kept.
- Output: probabilities of seven diagnoses, calibrated by temperature {config["temperature"]:.3f}.
- `p_malignant` = akiec + bcc + mel means "{MALIGNANT_MEANING}": actinic keratosis is pre-malignant, Bowen's disease
  is in situ.

{classes}

### Two decision rules
- *Most likely diagnosis* (argmax): the largest probability. It favours moles, which are two thirds of the images.
- *Diagnosis* (balanced rule): the largest probability times its class weight. The weights are
  (share of the class) ^ -power, with the power chosen for balanced accuracy on validation: {weights}.
- The verdict calls a lesion suspicious from p_malignant = {config["malignant_threshold"]:.4f} on, the value that
  finds {SENSITIVITY:.0%} of the (pre)malignant validation images. Below it the app says that this is no all-clear.

## Intended use
Teaching and demonstration: how such a network judges dermatoscopic photos, how good it is and where it fails.
Not for diagnosis, triage, screening or reassurance.

## Data
Trained and tested on: {source}.
HAM10000 (Tschandl, Rosendahl, Kittler, Scientific Data 5:180161, 2018), in the geometry of its 224 x 224 export, which
is un-squashed to 4:3; a full-size photo takes the same way. {config["counts"]["train"]:,} training,
{config["counts"]["val"]:,} validation and {config["counts"]["test"]:,} test images. Images of one lesion, published
duplicates, byte-identical files and near-duplicates are never in two splits.
Table hash {config["data_sha256"][:16]}.

## Training
{training["epochs"]} epochs from {start}, all layers, batches of {training["batch_size"]}, AdamW at
{training["learning_rate"]}, cosine schedule, averaged weights (EMA {training["ema_decay"]}), label smoothing
{training["label_smoothing"]}, images drawn with weight (images of the class) ^ -{training["sampling_power"]},
whole-batch augmentation. Epoch {config["best_epoch"]} was best by the mean of macro and (pre)malignant AUROC on
validation and is the one published.
It took {config["training_minutes"]:.0f} minutes on {config["machine"]}.

## Results
The test split was scored once, after all choices were made on validation.

{results_section(test, "test", source=source)}
### Validation, where the choices were made
{results_section(metrics["val"], "val", source=source)}
## Limits
- **Dermatoscopic photos only.** It never saw a smartphone photo of skin without a dermatoscope.
- **Two clinics**, in Vienna and Queensland. On photos of other clinics expect less: in a published comparison
  (arXiv 2606.13135) image-only models fell from an AUROC of .95-.97 on their own data to .80-.89 on others', and
  their probabilities became far too sure of themselves.
- **Almost no dark skin.** HAM10000 does not record skin type, so the loss on dark skin cannot even be measured here.
- **Seven diagnoses.** It cannot name what is not among them: invasive squamous-cell carcinoma, Merkel-cell carcinoma,
  warts, inflammation. Such a photo still gets seven probabilities that sum to one.
- **akiec** is actinic keratosis and Bowen's disease, pre-malignant or in situ, not invasive carcinoma.
- About half of the labels come from histopathology, nearly all moles without it from follow-up or consensus.
- Ink, rulers, hair and dark corners can mislead it.
- Probabilities assume the mix of diagnoses of HAM10000; where cancer is rarer, they are too high.

## Licence
The weights were trained on HAM10000 (CC BY-NC 4.0) and are published under CC BY-NC 4.0: non-commercial use, with
attribution to Tschandl, Rosendahl and Kittler.{origin}
"""
