"""The words published with a checkpoint: result tables and the model card (Mitchell et al., FAT* 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from skinnet.checkpoint import OUT_OF_FOLD, RECALIBRATION, VALIDATION, Config
from skinnet.evaluation.evaluate import Metrics
from skinnet.inference.calibration import Decision
from skinnet.labels import CLASSES, DISCLAIMER, FULL_NAMES, MALIGNANT_MEANING
from skinnet.reporting.goals import goals_sentence, goals_table
from skinnet.reporting.metric_tables import all_tables, headline_table
from skinnet.reporting.table import Table, titled
from skinnet.training.config import LITES, TrainConfig

LOOKED_UP = ("missed_melanomas", "reliability", "decision_curve")
"""Beginnings of the names of tables that stand in the report alone."""
FITTED_ON = {
    VALIDATION: "those of validation, judged by this network",
    OUT_OF_FOLD: "those of training and validation, each judged by a network of a cross-validation that did not see it",
    RECALIBRATION: "those of a clinic, judged by this network",
}
"""What is said of the table that the decisions were fitted on."""
SPLIT_NAMES = {"train": "training split", "val": "validation split", "test": "test split", "all": "all images"}


def source_title(source: str) -> str:
    """What a data set is called in print."""
    return "HAM10000" if source == "ham10000" else source


def data_name(config: Config) -> str:
    """What a checkpoint was trained and tested on."""
    recipe = TrainConfig.of(config.training)
    names = [source_title(name) for name in recipe.source_names]
    return ", ".join(names) + (" (official partition)" if recipe.partition == "official" else "")


ONE_NETWORK = "Four views (flips) a photo, one network."


def caption(
    metrics: Mapping[str, Metrics], split: str, *, source: str, apart: bool = True, how: str = ONE_NETWORK
) -> str:
    """The data and the n that belong to every figure; `apart` if none of the images was trained on."""
    alone = ", none of which is in another split" if apart else ""
    primary = next(iter(metrics.values()))
    of = SPLIT_NAMES.get(split, f"{split} split")
    return (
        f"{source}, {of}: n = {primary.images:,} images of {primary.lesions:,} lesions{alone}. {how} Per lesion, the "
        "primary unit: the mean of its images' probabilities. 95 % intervals by bootstrap over lesions."
    ).replace("  ", " ")


def headline_section(metrics: Mapping[str, Metrics], split: str, *, source: str) -> str:
    """The README's results: headlines and what they are of."""
    return f"{headline_table(metrics).markdown()}\n\n{caption(metrics, split, source=source)}\n"


def result_tables(metrics: Mapping[str, Metrics]) -> list[Table]:
    """The results of a split, by unit and by rule, without what is only for looking up."""
    return [table for table in all_tables(metrics) if not table.name.startswith(LOOKED_UP)]


def results_section(metrics: Mapping[str, Metrics], split: str, *, source: str) -> str:
    """All tables of a split and what they are of."""
    return f"{caption(metrics, split, source=source)}\n\n{titled(result_tables(metrics))}\n"


def training_cost(config: Config) -> str:
    """What training took, in sentences."""
    recipe, images = TrainConfig.of(config.training), config.counts["train"]
    drawn = recipe.epochs * (images - images % recipe.batch_size or images)  # only whole batches
    return (
        f"Training took {config.training_minutes:.0f} minutes on {config.machine}. The network saw {drawn:,} "
        f"images: {recipe.epochs} times as many as the training split has ({images:,}), in whole batches."
    )


def _options(recipe: TrainConfig) -> str:
    """What a recipe may leave out."""
    found = ""
    if recipe.first_size < 1:
        found += f", images at first {recipe.first_size:g} of their side"
    if recipe.mixup:
        found += f", pairs of images mixed (mixup {recipe.mixup:g})"
    if recipe.degradation:
        found += f", {100 * recipe.degradation:g} % of them blurred, or given noise or JPEG damage"
    if recipe.artefacts:
        found += f", hair, rulers, dark corners, ink and bubbles each drawn on {100 * recipe.artefacts:g} % of them"
    return found


def teachers(config: Config) -> str:
    """Which soft labels a network learned from; nothing if it had no teacher."""
    recipe = TrainConfig.of(config.training)
    tables = [PurePath(path).name for path in recipe.soft_label_names]
    if not tables:
        return ""
    return (
        f" It learned from teachers too: {100 * recipe.soft_share:g} % of each training image's target are the "
        f"soft labels in {', '.join(f'`{name}`' for name in tables)} (docs/training.md). What the teachers' own "
        "training took is not counted."
    )


def _further_section(tables: Sequence[Table]) -> str:
    if not tables:
        return ""
    return f"""## Further measurements
What each means: docs/evaluation.md, docs/training.md (what was left out), docs/gate.md (and `GATE.md` beside this
card), docs/heatmaps.md.

{titled(tables)}

"""


def model_card(config: Config, metrics: Mapping[str, Mapping[str, Metrics]], further: Sequence[Table] = ()) -> str:
    """The whole model card as Markdown.

    Args:
        config: the checkpoint's `config.json`.
        metrics: by split, "val" and "test", then by unit.
        further: what else was measured of the checkpoint, see `skinnet.reporting.study_tables`.
    """
    recipe = TrainConfig.of(config.training)
    test, source = metrics["test"], data_name(config)
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(CLASSES, config.class_weights, strict=True))
    pretrained = recipe.weights == "imagenet"
    start = "ImageNet weights" if pretrained else "random weights"
    origin = ""
    if pretrained and config.network in LITES:
        origin = " They started from Google's EfficientNet-Lite (Apache-2.0)."
    decision, fitted = Decision.of(config), config.rules_from
    points = "; ".join(
        f"{100 * point.sensitivity:g} % from {point.threshold:.4f} on" for point in decision.operating_points
    )
    classes = "\n".join(f"- `{name}`: {FULL_NAMES[name]}" for name in CLASSES)
    return f"""# Model card: {config.name}

**{DISCLAIMER}**

## Model
- {config.network}, {config.parameters / 1e6:.1f} million parameters, trained by skinnet {config.skinnet}.
- Input: a photo scaled to the area of {config.frame[1]} x {config.frame[0]} pixels, aspect kept.
- Output: probabilities of seven diagnoses, calibrated by temperature {config.temperature:.3f}.
- `p_malignant` = akiec + bcc + mel means "{MALIGNANT_MEANING}": actinic keratosis is pre-malignant, Bowen's disease
  is in situ.

{classes}

### Two decision rules
- *As displayed* (argmax): the largest probability. It favours moles, which are two thirds of the images.
- *Balanced rule*: the largest probability times its class weight. The weights are (share of the class) ^ -power, with
  the power chosen for balanced accuracy: {weights}.
- Operating points of p_malignant, fixed for a sensitivity of {points}. The verdict calls a
  lesion suspicious from {decision.malignant_threshold:.4f} on. Below it the app says that this is no all-clear.
- Power and points were fitted on the means of {fitted.lesions:,} lesions, {fitted.malignant:,} of them
  (pre)malignant: {FITTED_ON[fitted.table]}.

## Intended use
Teaching and demonstration: how such a network judges dermatoscopic photos, how good it is and where it fails.
Not for diagnosis, triage, screening or reassurance.

## Data
Trained and tested on: {source}.
HAM10000 (Tschandl, Rosendahl, Kittler, Scientific Data 5:180161, 2018), in the geometry of its 224 x 224 export, which
is un-squashed to 4:3; a full-size photo takes the same way. {config.counts["train"]:,} training,
{config.counts["val"]:,} validation and {config.counts["test"]:,} test images. Images of one lesion, published
duplicates, byte-identical files and near-duplicates are never in two splits.
Table hash {config.data_sha256[:16]}.

## Training
{recipe.epochs} epochs from {start}, all layers, batches of {recipe.batch_size}, AdamW at
{recipe.learning_rate}, cosine schedule, averaged weights (EMA {recipe.ema_decay}), label smoothing
{recipe.label_smoothing}, images drawn with weight (images of the class) ^ -{recipe.sampling_power},
whole-batch augmentation{_options(recipe)}.
Epoch {config.best_epoch} was best by the mean of macro and (pre)malignant AUROC on validation and is the one
published.
{training_cost(config)}{teachers(config)}

## Results
The test split was scored when this was published, and for each release before it; what was chosen in between stands in
EXPERIMENTS.md. Every figure, per image too, the decision curve and the missed melanomas: `report.html`, `metrics.json`
and `tables/`. What each means: docs/evaluation.md.

{results_section(test, "test", source=source)}
### Validation, where epoch and temperature were chosen
{headline_section(metrics["val"], "val", source=source)}
## Goals, and which were missed
The goals, for the test split, were set before this network was trained, after a first trial and the results that others
published; they were not registered. {goals_sentence(next(iter(test.values())))}

{goals_table(test).markdown()}

{_further_section(further)}## Limits
- **Dermatoscopic photos only.** It never saw a smartphone photo of skin without a dermatoscope.
- **Two clinics**, in Vienna and Queensland. On photos of other clinics expect less: in a published comparison
  (arXiv 2606.13135) image-only models fell from an AUROC of .95-.97 on their own data to .80-.89 on others', and
  their probabilities became far too sure of themselves. "A clinic left out of training", above, is the same question
  asked of these two.
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
