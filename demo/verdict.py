"""The verdict in words and bars, as HTML."""

from __future__ import annotations

from html import escape

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.inference.classifier import Prediction
from skinnet.inference.wording import percent
from skinnet.labels import DISCLAIMER, FULL_NAMES, MALIGNANT, MALIGNANT_MEANING

TAKE_ANOTHER = (
    "Take a photo through a dermatoscope, with the whole lesion in the middle. "
    "If this is one, the network cannot classify it: have a doctor look at the lesion."
)


def invitation() -> str:
    """Fill the verdict's place before there is a photo."""
    return '<p class="hint">Upload, drop, paste or take a photo, or try a drawing: the verdict appears here.</p>'


def refusal(reason: str) -> str:
    """Say why a picture was not classified."""
    return f'<div class="refusal" role="alert"><strong>Not classified.</strong> {escape(reason)}</div>'


def verdict(prediction: Prediction, metrics: Metrics) -> str:
    """Chance of malignancy, what it means, the seven diagnoses as bars, and the notice.

    Args:
        metrics: of the test split: how many such lesions the threshold finds.
    """
    threshold, sensitivity = metrics.threshold, metrics.overall["sensitivity"]
    if prediction.suspicious:
        kind, headline = "suspicious", "Suspicious: a doctor should look at this lesion."
    else:
        kind, headline = "below", "Below the threshold. This is no all-clear."
    bars = "".join(
        _bar(name, probability, marked=name == prediction.diagnosis)
        for name, probability in sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    )
    warning = _warning(prediction.note) if prediction.gate != "ok" else ""
    note = f"<p>{escape(prediction.note)}</p>" if prediction.note and not warning else ""
    return f"""
<div class="verdict {kind}" role="status">
  {warning}
  <p class="chance"><span>{percent(prediction.p_malignant)}</span> chance that the lesion is {MALIGNANT_MEANING}</p>
  {_track(prediction.p_malignant, threshold=threshold)}
  <p><strong>{headline}</strong> The threshold is {percent(threshold)}. On {metrics.images:,} test images it found
  {_share(sensitivity)} of the {MALIGNANT_MEANING} ones, and missed the others.</p>
  {_diagnosis(prediction)}
  {note}
  <table class="bars"><caption>Probability of each diagnosis</caption><tbody>{bars}</tbody></table>
  <p class="hint">The chance is the sum of those marked ▲. The balanced rule (●) weighs rare diagnoses up, so that they
  are not overlooked; it may differ from the longest bar.</p>
  <p class="disclaimer">{DISCLAIMER}</p>
</div>"""


def _diagnosis(prediction: Prediction) -> str:
    """By both rules, in one line where they agree."""
    likeliest, balanced = (escape(FULL_NAMES[name]) for name in (prediction.most_likely, prediction.diagnosis))
    if likeliest == balanced:
        return f"<p>Diagnosis by both rules: <strong>{likeliest}</strong></p>"
    return (
        f"<p>Likeliest diagnosis: <strong>{likeliest}</strong>. By the balanced rule: <strong>{balanced}</strong></p>"
    )


def _warning(reason: str) -> str:
    return f'<p class="refusal" role="alert"><strong>Do not rely on this.</strong> {escape(reason)}</p>'


def _share(estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "an unknown share"
    return f"{100 * estimate.value:.0f} % (95 % interval {100 * estimate.low:.0f} to {100 * estimate.high:.0f} %)"


def _bar(name: str, probability: float, *, marked: bool) -> str:
    marks = (" ▲" if name in MALIGNANT else "") + (" ●" if marked else "")
    return (
        f'<tr><th scope="row">{escape(FULL_NAMES[name])}{marks}</th>'
        f'<td><div class="bar"><div style="width:{100 * probability:.1f}%"></div></div></td>'
        f"<td>{percent(probability)}</td></tr>"
    )


def _track(probability: float, *, threshold: float) -> str:
    return (
        f'<div class="bar wide" aria-hidden="true"><div style="width:{100 * probability:.1f}%"></div>'
        f'<i style="left:{100 * threshold:.1f}%"></i></div>'
    )
