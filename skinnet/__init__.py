"""skinnet: detect skin cancer in photos of skin lesions. A demonstration, not a medical device.

from skinnet import Classifier, open_photo
prediction = Classifier.load(Path("checkpoints/committee")).predict(open_photo("mole.jpg"))
"""

from typing import TYPE_CHECKING, Any

from skinnet.errors import SkinnetError
from skinnet.labels import CLASSES

if TYPE_CHECKING:
    from skinnet.images.photo import open_photo
    from skinnet.inference.classifier import Classifier
from skinnet.inference.prediction import Prediction

__all__ = ["CLASSES", "Classifier", "Prediction", "SkinnetError", "open_photo"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what needs torch only when it is asked for, so that `--help` is quick (PEP 562)."""
    if name in ("Classifier", "Prediction"):
        from skinnet.inference import classifier

        return getattr(classifier, name)
    if name == "open_photo":
        from skinnet.images.photo import open_photo

        return open_photo
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
