"""The data sets that `acquire` knows: their addresses, sizes, terms and labels.

    python -m skinnet acquire --list

Two more kinds have no record here: `isic`, any search of the ISIC Archive, and `folder`, pictures of your own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from skinnet.labels import CLASSES


@dataclass(frozen=True)
class RemoteFile:
    """A file of a source.

    Attributes:
        unpack_to: folder for what an archive holds ("." is the source's own), None for a file kept as it is.
        suffix: what is taken out of an archive, one or several; its other entries (notes, licences) stay packed.
        url: where it is, if the publisher has fixed addresses.
        packed: the publisher has it inside an archive; it is taken by itself where a mirror lists it.
    """

    name: str
    unpack_to: str | None = None
    suffix: str | tuple[str, ...] = ""
    url: str = ""
    packed: bool = False


@dataclass(frozen=True)
class Source:
    """A data set.

    Attributes:
        short_title: its name in a sentence.
        publisher: who says where the files are and what their checksums are; "fixed" if the addresses never change.
        listing: the address that the publisher answers at.
        size: bytes to download, roughly.
        labels: what the labels mean, in a sentence.
        diagnoses: its words for a diagnosis and ours; "" where there is none of ours.
        variants: files of the same names that are known to differ, by what they are: SHA-256 by file name.
    """

    name: str
    short_title: str
    title: str
    publisher: Literal["dataverse", "mendeley", "fixed"]
    listing: str
    size: int
    licence: str
    citation: str
    labels: str
    diagnoses: Mapping[str, str]
    files: tuple[RemoteFile, ...]
    variants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


HAM10000 = Source(
    name="ham10000",
    short_title="HAM10000",
    title="HAM10000: 10,015 dermatoscopic images of common pigmented skin lesions, with lesion masks",
    publisher="dataverse",
    listing="https://dataverse.harvard.edu/api/datasets/:persistentId/?persistentId=doi:10.7910/DVN/DBW86T",
    size=2_800_000_000,
    licence="CC BY-NC 4.0",
    citation="Tschandl P, Rosendahl C, Kittler H. Scientific Data 5:180161 (2018).",
    labels="dx is one of seven diagnoses; dx_type says how it was made (histo: under the microscope).",
    diagnoses={dx: dx for dx in CLASSES},
    files=(
        RemoteFile("HAM10000_metadata.csv"),
        RemoteFile("HAM10000_segmentations_lesion_tschandl.zip", "masks", ".png"),
        RemoteFile("HAM10000_images_part_1.zip", "images", ".jpg"),
        RemoteFile("HAM10000_images_part_2.zip", "images", ".jpg"),
    ),
    variants={
        "original 600x450": {
            "HAM10000_images_part_1.zip": "6202a599129c2efe81c25aea8586d422eeda8a4fae5df49dd7b7bbf956d419db",
            "HAM10000_images_part_2.zip": "9677f30118c21ecc667a147de369d89acb25efab046fd32f6b13ad677ce2d6d0",
        },
        "export 224x224": {
            "HAM10000_images_part_1.zip": "87dc3a038736112ebcdbb35f9e11508e8d53606c670f5415fdde6352bf856d99",
            "HAM10000_images_part_2.zip": "38fb728503001a6ecac4486fac6e25dc9bc222db6a911374431fbfa956c1e8ad",
        },
    },
)

CHALLENGE = "https://isic-challenge-data.s3.amazonaws.com/2018/"
CHALLENGE_CITATION = (
    "Codella N et al. arXiv:1902.03368 (2019); Tschandl P, Rosendahl C, Kittler H. Scientific Data 5:180161 (2018)."
)


def _challenge_2018(name: str, part: str, *, images: int, size: int) -> Source:
    files = [("Input", "images", ".jpg"), ("GroundTruth", ".", ".csv")]
    archives = [(f"ISIC2018_Task3_{part}_{what}.zip", folder, suffix) for what, folder, suffix in files]
    return Source(
        name=name,
        short_title=f"ISIC 2018 {part.lower()} set",
        title=f"ISIC 2018 challenge, task 3, {part.lower()} set: {images:,} dermatoscopic images",
        publisher="fixed",
        listing="",
        size=size,
        licence="CC BY-NC 4.0",
        citation=CHALLENGE_CITATION,
        labels="Ground truth is one-hot: of MEL, NV, BCC, AKIEC, BKL, DF, VASC exactly one column is 1.",
        diagnoses={dx.upper(): dx for dx in CLASSES},
        files=tuple(RemoteFile(archive, folder, suffix, CHALLENGE + archive) for archive, folder, suffix in archives),
    )


def _challenge_2017(name: str, unpack_to: str | None = None, suffix: str | tuple[str, ...] = "") -> RemoteFile:
    return RemoteFile(name, unpack_to, suffix, CHALLENGE_2017 + name)


ISIC2018_TEST = _challenge_2018("isic2018-test", "Test", images=1_512, size=402_000_000)
ISIC2018_VAL = _challenge_2018("isic2018-val", "Validation", images=193, size=52_000_000)

CHALLENGE_2017 = "https://isic-challenge-data.s3.amazonaws.com/2017/"
ISIC2017_PARTS = ("Training", "Validation", "Test_v2")

ISIC2017 = Source(
    name="isic2017",
    short_title="ISIC 2017 part 3",
    title="ISIC 2017 challenge, part 3: 2,750 dermatoscopic images from several clinics",
    publisher="fixed",
    listing="",
    size=12_800_000_000,
    licence="of each picture",
    citation="Codella N et al. ISBI 2018, 168-172; arXiv:1710.05006 (2017).",
    labels="Ground truth has the columns melanoma and seborrheic_keratosis; where both are 0 the lesion is a nevus.",
    diagnoses={"melanoma": "mel", "seborrheic_keratosis": "bkl", "nevus": "nv"},
    files=(
        *(_challenge_2017(f"ISIC-2017_{part}_Part3_GroundTruth.csv") for part in ISIC2017_PARTS),
        *(RemoteFile(f"ISIC-2017_{part}_Data_metadata.csv", packed=True) for part in ISIC2017_PARTS),
        *(
            _challenge_2017(f"ISIC-2017_{part}_Data.zip", "images", (".jpg", "_metadata.csv"))
            for part in ISIC2017_PARTS
        ),
    ),
    variants={
        "reduced to 288x288 and 296x222": {
            "ISIC-2017_Training_Data.zip": "a33f8310df5ef94bdd05e13e5b15a6ad023ad281cd3c4f6f81c0754737f46b7a",
            "ISIC-2017_Validation_Data.zip": "3e72d436270de6c4cd501ba3127f00e501fcd6814be696bfe2a671bfb54c4c72",
            "ISIC-2017_Test_v2_Data.zip": "f336f2361eaefbe9b6d7e7d192728e5d3bf5ea0f1a46f9e6324bc0ee83c7084a",
        }
    },
)

PAD_UFES_20 = Source(
    name="pad-ufes-20",
    short_title="PAD-UFES-20",
    title="PAD-UFES-20: 2,298 smartphone photos of skin lesions, with patients' answers",
    publisher="mendeley",
    listing="https://data.mendeley.com/public-api/datasets/zr7vgbcyr2?version=1",
    size=3_590_000_000,
    licence="CC BY 4.0",
    citation="Pacheco AGC et al. Data in Brief 32:106221 (2020). doi:10.17632/zr7vgbcyr2.1",
    labels="diagnostic is one of six words; SCC (squamous cell carcinoma) is malignant and none of the seven dx.",
    diagnoses={"ACK": "akiec", "BCC": "bcc", "MEL": "mel", "NEV": "nv", "SEK": "bkl", "SCC": ""},
    files=(
        RemoteFile("metadata.csv"),
        *(RemoteFile(f"imgs_part_{part}.zip", "images", ".png") for part in (1, 2, 3)),
    ),
)

SOURCES = {source.name: source for source in (HAM10000, ISIC2017, ISIC2018_TEST, ISIC2018_VAL, PAD_UFES_20)}

LICENCES = {
    "CC-0": ("Creative Commons Zero 1.0 Universal", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "CC-BY": ("Creative Commons Attribution 4.0 International", "https://creativecommons.org/licenses/by/4.0/"),
    "CC-BY-NC": (
        "Creative Commons Attribution-NonCommercial 4.0 International",
        "https://creativecommons.org/licenses/by-nc/4.0/",
    ),
}
"""The ISIC Archive's words for licences: title and canonical address."""

FOLDER_COLUMNS = (
    "image_id",
    "dx",
    "lesion_id",
    "patient_id",
    "dx_type",
    "age",
    "sex",
    "site",
    "malignant",
    "skin_type",
)
"""What a column of a user's own table may mean; image_id is a file name with or without its extension."""

OTHERS = {
    "isic": ("as found", "of each picture", "any search of the ISIC Archive: --query, --collections, --licence"),
    "folder": ("-", "yours", "pictures of your own with a CSV table; nothing is copied"),
}
"""Size, licence and title of the kinds without a record."""


def list_sources() -> str:
    """List all sources, one a line: name, size, licence, title."""
    rows = [(name, f"{source.size / 1e9:.2f} GB", source.licence, source.title) for name, source in SOURCES.items()]
    rows += [(name, *words) for name, words in OTHERS.items()]
    return "\n".join(f"{name:14} {size:>9}  {licence:16} {title}" for name, size, licence, title in rows)
