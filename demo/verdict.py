"""The verdict in words, counts and signs, as HTML: what the right column of the Classify tab and the report show."""

from __future__ import annotations

from html import escape

from demo.frequencies import SourceCounts, at_prevalence, rounded_count
from demo.svg import HATCHED, TRIANGLE, icon_array, score_axis
from skinnet.evaluation.bootstrap import Estimate
from skinnet.inference.prediction import Prediction
from skinnet.inference.wording import apart, percent
from skinnet.labels import FULL_NAMES, MALIGNANT, MALIGNANT_MEANING

NOT_AN_ALL_CLEAR = (
    "<strong>This is not an all-clear.</strong> If the lesion worries you or has changed, have it examined."
)
EXAMINE = "A doctor should examine this lesion, whatever else this page says."
SEVEN = (
    "The network knows seven diagnoses and always answers with them. A squamous-cell carcinoma, a wart, a metastasis "
    "or any other condition would get one of these names."
)
LISTED = (
    "A diagnosis is listed unless its chance is lower than in nearly all lesions that have it. Rare ones often get low "
    "chances: one may be listed with less than 1 %, while a mole with far more is not."
)
OFTEN = "How often the threshold was right"
BETTER_PHOTO = (
    "<h2>For a better photo</h2><ol><li>Use a dermatoscope, and touch the skin with it.</li>"
    "<li>Put the whole lesion in the middle, with skin on all sides.</li>"
    "<li>Hold still until it is sharp; use the dermatoscope's own light.</li></ol>"
    "<p><strong>No better photo, or no dermatoscope?</strong> Then the network cannot help. "
    "Have the lesion examined.</p>"
)


def refusal(reason: str) -> str:
    """A picture that the gate refuses: no figures."""
    return (
        f'<div role="alert"><h1 class="state">{HATCHED}Not classified</h1><p class="lead">{escape(reason)} '
        f"Any figure would mislead, so none is shown. This says nothing about the lesion.</p></div>{BETTER_PHOTO}"
    )


def unreadable(reason: str) -> str:
    """A file that is no photo, or a failure."""
    return (
        f'<div role="alert"><h1 class="state">{HATCHED}This file cannot be classified</h1>'
        f'<p class="lead">{escape(reason)}</p></div>'
    )


def warning(reason: str, figures: str) -> str:
    """A photo whose figures do not hold: they are folded away."""
    return f"""
<div role="alert"><h1 class="state">{HATCHED}Do not rely on it</h1>
<div class="warning"><p>{escape(reason)} The figures may mislead, so they are folded away.</p>
<p><strong>If the lesion worries you, have it examined.</strong>
The warning is about the photo, not about the lesion.</p></div></div>
<details><summary>Show the figures anyway</summary>{figures.replace("h1", "h2")}</details>{BETTER_PHOTO}"""


def verdict(
    prediction: Prediction,
    *,
    threshold: float,
    tests: list[SourceCounts],
    prevalences: dict[str, float],
    truth: str = "",
) -> str:
    """A verdict.

    Args:
        tests: how the threshold did, by data set.
        prevalences: see `frequencies.prevalences`.
        truth: the archive's diagnosis of a case, an abbreviation.
    """
    parts = [
        _headline(prediction, truth),
        _score(prediction, threshold=threshold),
        _chance(prediction.p_malignant, prevalences),
        _how_often(prediction, tests),
        _possible(prediction),
    ]
    return unbroken("".join(parts))


def unbroken(words: str) -> str:
    """Keep a percent sign on the line of its number."""
    return words.replace(" %", "\u00a0%")


def _headline(prediction: Prediction, truth: str) -> str:
    known = f'<p class="chip truth">The archive\'s diagnosis: {escape(FULL_NAMES[truth])}</p>' if truth else ""
    role, kind, title, advice = (
        ("alert", "suspicious", "Suspicious", EXAMINE)
        if prediction.suspicious
        else ("status", "below", "Below the threshold", NOT_AN_ALL_CLEAR)
    )
    return (
        f'<div role="{role}"><h1 class="state {kind}">{TRIANGLE}{title}</h1><p class="lead">{advice}</p></div>{known}'
    )


def _score(prediction: Prediction, *, threshold: float) -> str:
    score, scores = prediction.p_malignant, prediction.scores or (prediction.p_malignant,)
    low, high = min(scores), max(scores)
    side = "above" if prediction.suspicious else "below"
    moved = (
        f"As it is or turned and cropped, the same photo scores {percent(low)} to {percent(high)}"
        if prediction.scores
        else ""
    )
    borderline = ""
    if prediction.scores and (low < threshold <= high):
        borderline = (
            f'<p class="warning"><strong>Borderline.</strong> {moved}, on both sides of the threshold. '
            "Take a second photo, and do not count on either verdict.</p>"
        )
        moved = ""
    number, limit = apart(score, threshold)
    picture = score_axis(score, threshold=threshold, low=low, high=high, suspicious=prediction.suspicious)
    return (
        f'{picture}<p class="score">Score <strong>{number}</strong>, {side} the threshold of '
        f"{limit}.{f' {moved}.' if moved else ''}</p>{borderline}"
    )


def _chance(score: float, prevalences: dict[str, float]) -> str:
    """The score as a count among 1,000, at a prevalence that the reader picks; style sheets show the picked one."""
    base = next(iter(prevalences.values()))
    inputs, answers = [], []
    for number, (name, prevalence) in enumerate(prevalences.items()):
        count = rounded_count(at_prevalence(score, base=base, prevalence=prevalence))
        checked = " checked" if number == 0 else ""
        inputs.append(
            f'<input type="radio" name="prevalence" id="prevalence-{number}"{checked}>'
            f'<label for="prevalence-{number}">{escape(name)} <span>{100 * prevalence:.0f} in 100</span></label>'
        )
        about = f"About {count}" if count else "Fewer than 1"
        answers.append(
            f'<div class="count count-{number}"><h2>{about} in 1,000 lesions with this score '
            f"would be {MALIGNANT_MEANING}.</h2>{icon_array(count, drawing=number)}</div>"
        )
    return (
        f'<section class="chance"><fieldset><legend>How common {MALIGNANT_MEANING} lesions are where you work</legend>'
        f"{''.join(inputs)}{''.join(answers)}</fieldset>"
        '<p class="caption">The score, calibrated on held-out photos, shifted to that share. It assumes that photos '
        "look alike everywhere. Rarer cancer does not make this one lesion safer: the advice above stays.</p></section>"
    )


def _how_often(prediction: Prediction, tests: list[SourceCounts]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(test.title)}</th>'
        f"<td>{_of_100(test.flagged)} <small>of {test.malignant:,}</small></td>"
        f"<td>{_of_100(test.alarms)} <small>of {test.benign:,}</small></td></tr>"
        for test in tests
    )
    missed = ", ".join(f"{test.missed} of {test.melanomas} in {escape(test.title)}" for test in tests)
    below = f"<p><strong>Melanomas that scored below the threshold:</strong> {missed}.</p>"
    return (
        f'<section class="how-often"><h2>{OFTEN}</h2><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{OFTEN}"><table><thead><tr><th scope="col">test photos</th>'
        f'<th scope="col">{MALIGNANT_MEANING} ones above it</th><th scope="col">benign ones above it</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{'' if prediction.suspicious else below}"
        '<p class="caption">Per 100 photos, with 95 % intervals. These data sets also gave the training photos, of '
        "other lesions. In a clinic that gave none, expect more errors: the Results tab says how many.</p></section>"
    )


def _of_100(share: Estimate) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "n/a"
    return f"<strong>{100 * share.value:.0f}</strong> ({100 * share.low:.0f} to {100 * share.high:.0f})"


def _possible(prediction: Prediction) -> str:
    chips = "".join(
        f'<li class="chip{" malignant" if name in MALIGNANT else ""}">{TRIANGLE if name in MALIGNANT else ""}'
        f"{escape(FULL_NAMES[name])}</li>"
        for name in prediction.possible
    )
    likeliest = prediction.most_likely
    sentences = []
    if prediction.suspicious and likeliest not in MALIGNANT:
        name, share = escape(FULL_NAMES[likeliest]), percent(prediction.probabilities[likeliest])
        sentences.append(f"{name} is the likeliest single diagnosis ({share}). It does not overrule the verdict.")
    if "mel" in prediction.possible and likeliest != "mel":
        sentences.append("Melanoma is not excluded.")
    if len(prediction.possible) == 1:
        sentences.append("The network holds only one of its diagnoses possible. It errs, too.")
    if prediction.diagnosis != likeliest:
        name = escape(FULL_NAMES[prediction.diagnosis])
        sentences.append(f"With rare diagnoses weighed up, so that they are not overlooked, it names {name}.")
    chosen = f'<ul class="chips">{chips}</ul>' if chips else ""
    return (
        f'<section class="possible"><h2>Cannot be ruled out</h2>{chosen}<p>{" ".join(sentences)}</p>'
        f'<p class="caption">{f"{LISTED} " if chips else ""}{SEVEN}</p></section>'
    )
