"""The exceptions of skinnet.

Each message says what is wrong, where, and the fix. The library raises, the command line prints the
message on one line and exits with 1, and the app shows the same words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from itertools import islice

SHORTLIST = 5
"""At most this many bad rows are named in an error."""


class SkinnetError(Exception):
    """Base of every error that a user can cause and fix."""


class AcquireError(SkinnetError):
    """A data set could not be downloaded, verified or unpacked."""


class DataError(SkinnetError):
    """The data folder lacks something, or holds something that does not fit."""


class PhotoError(SkinnetError):
    """A picture cannot be classified: unreadable, too large, too small."""


class CheckpointError(SkinnetError):
    """A checkpoint is missing, damaged or does not fit."""


class TrainingError(SkinnetError):
    """Training cannot start or go on."""


def shortlist(names: Collection[object]) -> str:
    """Write the first few names for a sentence, and how many more there are."""
    shown = ", ".join(str(name) for name in islice(names, SHORTLIST))
    return f"{shown} and {len(names) - SHORTLIST} more" if len(names) > SHORTLIST else shown


def printable(text: str) -> str:
    """Write what a terminal, a table or UTF-8 cannot take as escapes: control characters, line ends, odd bytes."""
    return "".join(map(_printable, text))


def _printable(sign: str) -> str:
    if sign.isprintable() or unicodedata.category(sign) == "Zs":
        return sign
    number = ord(sign)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file name that is not UTF-8
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
