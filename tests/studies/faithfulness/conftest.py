from __future__ import annotations

import pandas as pd
import pytest

from skinnet.studies.faithfulness.measure import Measured
from skinnet.studies.faithfulness.summary import summarise
from tests.studies.faithfulness.made_up import made_up


@pytest.fixture(scope="module")
def measured() -> Measured:
    return made_up({"eigencam": 0.2, "gradcam": 0.05, "layercam": 0.1}, {"layercam": 0.98})


@pytest.fixture(scope="module")
def summary(measured: Measured) -> pd.DataFrame:
    return summarise(measured)
