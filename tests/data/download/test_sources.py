from __future__ import annotations

from skinnet.data.download.sources import OTHERS, PAD_UFES_20, SOURCES, list_sources
from skinnet.labels import CLASSES


def test_every_source_is_listed_with_size_and_licence() -> None:
    lines = list_sources().splitlines()
    assert [line.split()[0] for line in lines] == [*SOURCES, *OTHERS]
    pad = next(line for line in lines if line.startswith("pad-ufes-20"))
    assert "3.59 GB  CC BY 4.0" in pad
    assert "2,298 smartphone photos" in pad


def test_every_source_says_what_its_labels_mean() -> None:
    for source in SOURCES.values():
        assert source.labels
        assert source.citation
        assert set(source.diagnoses.values()) <= {*CLASSES, ""}
    assert PAD_UFES_20.diagnoses == {"ACK": "akiec", "BCC": "bcc", "MEL": "mel", "NEV": "nv", "SEK": "bkl", "SCC": ""}
    assert SOURCES["isic2018-test"].diagnoses["AKIEC"] == "akiec"


def test_checksums_are_of_files_that_the_source_has() -> None:
    for source in SOURCES.values():
        for sums in source.variants.values():
            assert set(sums) <= {file.name for file in source.files}
            assert all(len(sha256) == 64 for sha256 in sums.values())


def test_only_what_has_a_suffix_is_taken_out_of_an_archive() -> None:
    for source in SOURCES.values():
        assert all(bool(file.unpack_to) == bool(file.suffix) == file.name.endswith(".zip") for file in source.files)
