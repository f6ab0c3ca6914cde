"""The limits that a model card states: those of every network here, and those of each data set."""

from __future__ import annotations

from collections.abc import Iterable

EVERY_NETWORK = (
    "**Dermatoscopic photos only.** It never saw a smartphone photo of skin without a dermatoscope.",
    "**Seven diagnoses.** It cannot name what is not among them: invasive squamous-cell carcinoma, Merkel-cell "
    "carcinoma, warts, inflammation. Such a photo still gets seven probabilities that sum to one.",
    "**akiec** is actinic keratosis and Bowen's disease, pre-malignant or in situ, not invasive carcinoma.",
    "Ink, rulers, hair and dark corners can mislead it.",
    "Probabilities assume the mix of diagnoses of the training data; where cancer is rarer, they are too high.",
)
BY_SOURCE = {
    "ham10000": (
        "**HAM10000 comes from two clinics**, in Vienna and Queensland. On photos of other clinics expect less: in a "
        "published comparison (arXiv 2606.13135) image-only models fell from an AUROC of .95-.97 on their own data to "
        ".80-.89 on others', and their probabilities became far too sure of themselves. The table by data set, above, "
        "shows it for this network.",
        "**Almost no dark skin.** HAM10000 does not record skin type, so the loss on dark skin cannot even be measured "
        "here.",
        "About half of the labels come from histopathology, nearly all moles without it from follow-up or consensus.",
    ),
    "isic2017": (
        "**ISIC 2017 knows three diagnoses.** Melanoma, seborrhoeic keratosis and nevus: how the other diagnoses fare "
        "outside HAM10000 cannot be measured with it. Many of its nevi are children's, some beside coloured stickers.",
    ),
}
"""By name of the source."""


def limits(sources: Iterable[str]) -> list[str]:
    """List the limits of a network that was trained on these sources, as Markdown sentences."""
    return [*EVERY_NETWORK, *(limit for name in sources for limit in BY_SOURCE.get(name, ()))]
