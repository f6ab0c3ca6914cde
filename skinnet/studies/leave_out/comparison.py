"""Compare a network that was trained without a clinic or diagnosis with the shipped one, as rows of a table.

rows = clinic_rows("rosendahl", network, shipped)
rows = diagnosis_rows("df", network, shipped)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from skinnet.evaluation.bootstrap import DRAWS, UNDEFINED, bootstrap_weights, estimates, ratio, to_columns
from skinnet.evaluation.compare import compare
from skinnet.evaluation.evaluate import evaluate
from skinnet.evaluation.ranking import rank
from skinnet.evaluation.scored_cases import by_image
from skinnet.inference.calibration import Decision
from skinnet.studies.leave_out.networks import NetworkPredictions
from skinnet.studies.leave_out.tables import CLINIC_METRICS, DIAGNOSIS_METRICS, DIFFERENCE


def clinic_rows(clinic: str, without: NetworkPredictions, shipped: NetworkPredictions) -> list[dict[str, object]]:
    """Metrics per lesion of a clinic's photos, by the network that saw none of them and by the shipped one.

    Returns:
        A row for the first network on all photos of the clinic. If the shipped network was tested on some of them, also
        a row for each network on these; the first one's holds the difference of the (pre)malignant AUROC from the
        shipped network's, on the same lesions.
    """
    tested = shipped.predictions[shipped.predictions["clinic"] == clinic].reset_index(drop=True)
    rows = [without.facts | {"photos": "all of the clinic"} | _clinic_metrics(without.predictions, without.decision)]
    if len(tested):
        both = without.predictions[without.predictions["image_id"].isin(tested["image_id"])].reset_index(drop=True)
        compared = compare(both, tested, decisions=(without.decision, shipped.decision))
        gap = to_columns({DIFFERENCE: compared["lesion"]["malignant_auroc"].difference})
        photos = {"photos": "the clinic's in the test split"}
        rows.append(without.facts | photos | _clinic_metrics(both, without.decision) | gap)
        rows.append(shipped.facts | photos | _clinic_metrics(tested, shipped.decision))
    return rows


def _clinic_metrics(predictions: pd.DataFrame, decision: Decision) -> dict[str, object]:
    metrics = evaluate(predictions, decision=decision)["lesion"]
    found = metrics.overall | {
        "balanced_accuracy": metrics.rules["balanced"].overall["balanced_accuracy"], "slope": metrics.calibration.slope,
        DIFFERENCE: UNDEFINED,
    }  # fmt: skip
    counts: dict[str, object] = {"images": metrics.images, "lesions": metrics.lesions}
    return counts | to_columns({name: found[name] for name in CLINIC_METRICS})


def diagnosis_rows(
    name: str, without: NetworkPredictions, shipped: NetworkPredictions, *, draws: int = DRAWS, seed: int = 0
) -> list[dict[str, object]]:
    """How a network that never saw a diagnosis classifies its images, beside the shipped network.

    Distance is the gate's, fitted to the same network; doubt is 1 - the largest probability. Their AUROCs measure how
    well they separate the diagnosis from the other test images. The shipped network, which knows the diagnosis, shows
    how much doubt such lesions raise anyway. All metrics are per image, with draws of lesions.
    """
    return [each.facts | _diagnosis_metrics(each, name, draws=draws, seed=seed) for each in (without, shipped)]


def _diagnosis_metrics(network: NetworkPredictions, name: str, *, draws: int, seed: int) -> dict[str, object]:
    table = network.predictions
    cases = by_image(table)
    weights = bootstrap_weights(cases, draws=draws, seed=seed)
    of_diagnosis = (table["dx"] == name).to_numpy()

    def share(hits: np.ndarray, among: np.ndarray) -> np.ndarray:
        return ratio(weights @ (hits & among), weights @ among)

    found = {
        "doubt_auroc": rank(of_diagnosis, 1 - cases.probabilities.max(axis=1), weights).auroc(),
        "flagged": share(cases.p_malignant >= network.decision.malignant_threshold, of_diagnosis),
    }
    if "level" in table:
        levels, distances = table["level"].to_numpy(), table["distance"].to_numpy()
        found |= {
            "turned_away": share(levels > 0, of_diagnosis),
            "refused": share(levels > 1, of_diagnosis),
            "others_turned_away": share(levels > 0, ~of_diagnosis),
            "distance_auroc": rank(of_diagnosis, distances, weights).auroc(),
        }
    counts: dict[str, object] = {
        "images": int(of_diagnosis.sum()), "lesions": len(np.unique(cases.lesions[of_diagnosis])),
        "others": int((~of_diagnosis).sum()),
    }  # fmt: skip
    known = estimates(found)
    return counts | to_columns({metric: known.get(metric, UNDEFINED) for metric in DIAGNOSIS_METRICS})
