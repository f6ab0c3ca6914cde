"""The verdict in words, counts and signs, as HTML: what the right column of the Classify tab and the report show."""

from __future__ import annotations

from html import escape

from demo.frequencies import at_prevalence, rounded_count
from demo.svg import HATCHED, TRIANGLE, icon_array, score_axis
from demo.words import Words
from skinnet.evaluation.bootstrap import Estimate
from skinnet.inference.prediction import Prediction
from skinnet.labels import MALIGNANT
from skinnet.reporting.results.counts import SourceCounts

PREVALENCES = {
    "training data": "classify.prevalence_training",
    "skin clinic": "classify.prevalence_clinic",
    "general practice": "classify.prevalence_practice",
}
"""What those of `frequencies.prevalences` are called."""
BETTER_PHOTO = (
    "<h2>{classify.better_title}</h2><ol><li>{classify.better_1}</li><li>{classify.better_2}</li>"
    "<li>{classify.better_3}</li></ol><p>{classify.better_none}</p>"
)
REFUSED = (
    '<div role="alert"><h1 class="state">{sign}{common.refused}</h1><p class="lead">{classify.refused_text}</p></div>'
)
UNREADABLE = '<div role="alert"><h1 class="state">{sign}{classify.unreadable}</h1><p class="lead">{reason}</p></div>'
WARNED = (
    '<div role="alert"><h1 class="state">{sign}{common.warned}</h1><div class="warning"><p>{classify.warned_text}</p>'
    "<p>{classify.warned_advice}</p></div></div>"
    "<details><summary>{classify.anyway}</summary>{figures}</details>"
)
OFTEN = (
    '<section class="how-often"><h2>{classify.often}</h2><div class="scroll" tabindex="0" role="region" '
    'aria-label="{classify.often}"><table><thead><tr><th scope="col">{classify.often_photos}</th>'
    '<th scope="col">{classify.often_malignant}</th><th scope="col">{classify.often_benign}</th></tr></thead>'
    '<tbody>{rows}</tbody></table></div>{missed}<p class="caption">{classify.often_note}</p></section>'
)


def refusal(reason: str, words: Words) -> str:
    """A picture that the gate refuses: no figures."""
    return words.page(REFUSED + BETTER_PHOTO, sign=HATCHED, reason=escape(words.sentence(reason)))


def unreadable(reason: str, words: Words) -> str:
    """A file that is no photo, or a failure."""
    return words.page(UNREADABLE, sign=HATCHED, reason=escape(words.sentence(reason)))


def warning(reason: str, figures: str, words: Words) -> str:
    """A photo whose figures do not hold: they are folded away."""
    figures, reason = figures.replace("h1", "h2"), escape(words.sentence(reason))
    return words.page(WARNED + BETTER_PHOTO, sign=HATCHED, reason=reason, figures=figures)


def verdict(
    prediction: Prediction,
    *,
    threshold: float,
    tests: list[SourceCounts],
    prevalences: dict[str, float],
    words: Words,
    truth: str = "",
) -> str:
    """A verdict.

    Args:
        tests: how the threshold did, by data set.
        prevalences: see `frequencies.prevalences`.
        truth: the archive's diagnosis of a case, an abbreviation.
    """
    parts = [
        _headline(prediction, truth, words),
        _score(prediction, words, threshold=threshold),
        _chance(prediction.p_malignant, prevalences, words),
        _how_often(prediction, tests, words),
        _possible(prediction, words),
    ]
    return "".join(parts)


def _headline(prediction: Prediction, truth: str, words: Words) -> str:
    name = escape(words.diagnosis(truth)) if truth else ""
    known = f'<p class="chip truth">{words("classify.truth", name=name)}</p>' if truth else ""
    role, kind, advice = (
        ("alert", "suspicious", "classify.examine")
        if prediction.suspicious
        else ("status", "below", "classify.not_an_all_clear")
    )
    return (
        f'<div role="{role}"><h1 class="state {kind}">{TRIANGLE}{words(f"common.{kind}")}</h1>'
        f'<p class="lead">{words(advice)}</p></div>{known}'
    )


def _score(prediction: Prediction, words: Words, *, threshold: float) -> str:
    score, scores = prediction.p_malignant, prediction.scores or (prediction.p_malignant,)
    low, high = min(scores), max(scores)
    moved = words("classify.moved", low=words.percent(low), high=words.percent(high)) if prediction.scores else ""
    borderline = ""
    if prediction.scores and (low < threshold <= high):
        borderline = f'<p class="warning">{words("classify.borderline", moved=moved)}</p>'
        moved = ""
    number, limit = words.apart(score, threshold)
    picture = score_axis(
        score, threshold=threshold, low=low, high=high, suspicious=prediction.suspicious, words=words
    )  # fmt: skip
    side = "classify.score_above" if prediction.suspicious else "classify.score_below"
    return (
        f'{picture}<p class="score">{words(side, score=number, threshold=limit)}'
        f"{f' {moved}.' if moved else ''}</p>{borderline}"
    )


def _chance(score: float, prevalences: dict[str, float], words: Words) -> str:
    """The score as a count among 1,000, at a prevalence that the reader picks; style sheets show the picked one."""
    base = next(iter(prevalences.values()))
    inputs, answers = [], []
    for number, (name, prevalence) in enumerate(prevalences.items()):
        count = rounded_count(at_prevalence(score, base=base, prevalence=prevalence))
        checked = " checked" if number == 0 else ""
        share = words("classify.in_100", share=f"{100 * prevalence:.0f}")
        inputs.append(
            f'<input type="radio" name="prevalence" id="prevalence-{number}"{checked}>'
            f'<label for="prevalence-{number}">{words(PREVALENCES[name])} <span>{share}</span></label>'
        )
        shown = words.number(count)
        said = words("classify.chance" if count else "classify.chance_under_1", number=shown)
        dots = icon_array(count, drawing=number, label=words("classify.dots", number=shown))
        answers.append(f'<div class="count count-{number}"><h2>{said}</h2>{dots}</div>')
    return words.page(
        '<section class="chance"><fieldset><legend>{classify.prevalence}</legend>{inputs}{answers}</fieldset>'
        '<p class="caption">{classify.chance_note}</p></section>',
        inputs="".join(inputs),
        answers="".join(answers),
    )


def _how_often(prediction: Prediction, tests: list[SourceCounts], words: Words) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(test.title)}</th>'
        f"<td>{_of_100(test.flagged, words)} <small>{_of(test.malignant, words)}</small></td>"
        f"<td>{_of_100(test.alarms, words)} <small>{_of(test.benign, words)}</small></td></tr>"
        for test in tests
    )
    missed = ", ".join(
        words("classify.missed_in", missed=test.missed, melanomas=test.melanomas, title=escape(test.title))
        for test in tests
    )
    below = f"<p><strong>{words('classify.missed')}</strong> {missed}.</p>"
    return words.page(OFTEN, rows=rows, missed="" if prediction.suspicious else below)


def _of(count: int, words: Words) -> str:
    return words("classify.of", number=words.number(count))


def _of_100(share: Estimate, words: Words) -> str:
    if share.value is None or share.low is None or share.high is None:
        return words("classify.undefined")
    ends = {
        name: f"{100 * end:.0f}" for name, end in (("share", share.value), ("low", share.low), ("high", share.high))
    }
    return words("classify.often_share", **ends)


def _possible(prediction: Prediction, words: Words) -> str:
    chips = "".join(
        f'<li class="chip{" malignant" if name in MALIGNANT else ""}">{TRIANGLE if name in MALIGNANT else ""}'
        f"{escape(words.diagnosis(name))}</li>"
        for name in prediction.possible
    )
    likeliest = prediction.most_likely
    sentences = []
    if prediction.suspicious and likeliest not in MALIGNANT:
        share = words.percent(prediction.probabilities[likeliest])
        sentences.append(words("classify.likeliest", name=escape(words.diagnosis(likeliest)), share=share))
    if "mel" in prediction.possible and likeliest != "mel":
        sentences.append(words("classify.melanoma"))
    if len(prediction.possible) == 1:
        sentences.append(words("classify.only_one"))
    if prediction.diagnosis != likeliest:
        sentences.append(words("classify.weighed", name=escape(words.diagnosis(prediction.diagnosis))))
    return words.page(
        '<section class="possible"><h2>{classify.possible}</h2>{chips}<p>{sentences}</p>'
        '<p class="caption">{listed}{classify.seven}</p></section>',
        chips=f'<ul class="chips">{chips}</ul>' if chips else "",
        sentences=" ".join(sentences),
        listed=f"{words('classify.listed')} " if chips else "",
    )
