"""The seven diagnoses of HAM10000 and what they are called.

Source: Tschandl, Rosendahl, Kittler, Scientific Data 5:180161 (2018), table 2.
"""

from typing import Final

CLASSES: Final = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
"""Abbreviations in the order of the network's outputs."""

MALIGNANT: Final = ("akiec", "bcc", "mel")
"""The diagnoses whose probabilities add up to `p_malignant`."""

MALIGNANT_MEANING: Final = "malignant or pre-malignant"
"""What `p_malignant` is the probability of: actinic keratosis is pre-malignant, Bowen's disease is in situ."""

CLASS_NUMBERS: Final = {name: number for number, name in enumerate(CLASSES)}
"""Position of each diagnosis among the network's outputs."""

MALIGNANT_NUMBERS: Final = [CLASS_NUMBERS[name] for name in MALIGNANT]
"""Positions of the malignant ones."""

FULL_NAMES: Final = {
    "akiec": "Actinic keratosis / Bowen's disease",
    "bcc": "Basal cell carcinoma",
    "bkl": "Keratosis (seborrhoeic, solar lentigo)",
    "df": "Dermatofibroma",
    "mel": "Melanoma",
    "nv": "Melanocytic nevus (mole)",
    "vasc": "Vascular lesion",
}

DISCLAIMER: Final = (
    "skinnet is a demonstration for clinicians and students. It is not a medical device: "
    "do not use it to decide about anyone's health. Have every lesion that worries you seen by a doctor."
)


def probability_columns() -> list[str]:
    """Name the columns of the seven probabilities in a table of predictions: `p_akiec` .. `p_vasc`."""
    return [f"p_{name}" for name in CLASSES]
