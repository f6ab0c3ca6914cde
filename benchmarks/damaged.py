"""Compare how well two training runs withstand damage to the photos, on the same validation lesions.

    python benchmarks/damaged.py --root data --runs runs/3 runs/13

Each image is classified in one view, as in `robustness`. It takes about five minutes on two cores. The differences
come from the same bootstrap draws.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project's folder, wherever this is run from

from skinnet.evaluation.bootstrap import estimate
from skinnet.studies.lesion_metrics import lesion_metrics, score_lesions
from skinnet.studies.robustness import Damage, damaged_logits, damages
from skinnet.training.fitted_run import FittedRun, fit_run

DRAWS = 500
STRENGTH = 2
DAMAGES = ("blur", "noise", "jpeg")


def metrics_under(damage: Damage | None, run: FittedRun) -> dict[str, np.ndarray]:
    """Metrics of a run's validation lesions: on all of them first, then in each bootstrap draw."""
    rows = run.table[run.table["split"] == "val"]
    logits = damaged_logits(run.classifier, rows, run.images, damage)
    return lesion_metrics(run.classifier, score_lesions(run.classifier, rows, logits), draws=DRAWS, seed=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("data"), help="folder of the data")
    parser.add_argument("--runs", type=Path, nargs=2, required=True, metavar="DIR", help="two folders of training runs")
    options = parser.parse_args()
    fitted = [fit_run([run], root=options.root, name=run.name) for run in options.runs]
    chosen = {name: damage for name, strength, damage in damages() if name in DAMAGES and strength == STRENGTH}
    for name, damage in [("none", None), *chosen.items()]:
        first, second = (metrics_under(damage, run) for run in fitted)
        for metric, values in first.items():
            change = estimate(second[metric] - values)
            print(f"{name:5} {metric:18} {values[0]:.3f} {second[metric][0]:.3f} {change.signed()}")


if __name__ == "__main__":
    main()
