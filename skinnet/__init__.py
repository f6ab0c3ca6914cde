"""skinnet: detect skin cancer in photos of skin lesions. A demonstration, not a medical device.

from skinnet import Classifier, open_photo
prediction = Classifier.load(Path("checkpoints/committee")).predict(open_photo("mole.jpg"))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skinnet.errors import SkinnetError
from skinnet.labels import CLASSES

if TYPE_CHECKING:
    from skinnet.images.photo import open_photo
    from skinnet.inference.classifier import Classifier
    from skinnet.inference.prediction import Prediction

__all__ = ["CLASSES", "Classifier", "Prediction", "SkinnetError", "open_photo"]
__version__ = "0.1.0"
_ROOMS = {
    "Classifier": "skinnet.inference.classifier",
    "Prediction": "skinnet.inference.prediction",
    "open_photo": "skinnet.images.photo",
}


def __getattr__(name: str) -> Any:
    """Import what needs torch only when it is asked for, so that `--help` is quick (PEP 562)."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
