"""Classify pictures on a Ray cluster, or in a process for each core of this machine.

    for place, row in cluster_rows(pictures, Path("checkpoints/committee")):
        pictures[place], row

Ray gives blocks of pictures to its workers. If a worker or its machine dies, Ray gives its block to another one. The
machines of a cluster read pictures and checkpoint at the same paths; pictures in ZIP archives are sent to them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

import torch

from skinnet.cores import usable_cores
from skinnet.errors import DataError, PhotoError, printable
from skinnet.inference.batch import Row, predict_picture
from skinnet.inference.classifier import Classifier
from skinnet.inference.pictures import Picture

BLOCK = 4
"""Pictures that a worker gets at a time; their rows come back together."""
AHEAD = 3
"""Blocks under way for each core, so that no worker waits for the next."""
TRIES = 3
"""On a busy machine Ray may give up a start after 15 s, which no option changes."""
STORE_BYTES = 80 << 20
"""Memory for what is sent: little more than the least that Ray accepts, since rows are small."""


def cluster_rows(pictures: Sequence[Picture], checkpoint: Path) -> Iterator[tuple[int, Row]]:
    """Classify pictures on the cluster at RAY_ADDRESS, or else on this machine.

    Yields:
        The place of a picture among `pictures`, and its row, in the order in which they are done.

    Raises:
        DataError: if Ray is not installed, does not start or fails.
    """
    with _cluster() as ray:
        classify = ray.remote(num_cpus=1)(_classify)
        cores = int(ray.cluster_resources().get("CPU", 0))
        if not cores:
            raise DataError("The Ray cluster has no core that may work.")
        first_places: dict[Any, int] = {}  # by the block that is under way
        for place in range(0, len(pictures), BLOCK):
            block = [_portable(picture) for picture in pictures[place : place + BLOCK]]
            first_places[classify.remote(str(checkpoint.absolute()), block)] = place
            if len(first_places) >= AHEAD * cores:
                yield from _next_rows(ray, first_places)
        while first_places:
            yield from _next_rows(ray, first_places)


def _next_rows(ray: Any, first_places: dict[Any, int]) -> Iterator[tuple[int, Row]]:
    """Wait for a block, take it out, and give its rows."""
    (done, *_), _ = ray.wait(list(first_places))
    return enumerate(ray.get(done), first_places.pop(done))


@contextmanager
def _cluster() -> Iterator[Any]:
    """Start Ray, or connect to it; yield the module."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray would report its use to its makers
    here = not os.environ.get("RAY_ADDRESS")
    if here:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # on any system: listen to this machine alone
        os.environ.setdefault("RAY_AUTH_TOKEN", token_hex())  # else Ray leaves one in the user's folder
    else:
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # where no one answers, give up after a minute
    try:
        import ray
    except ImportError as error:
        raise DataError('--engine ray needs Ray: pip install "skinnet[ray]".') from error
    short = "/tmp" if os.name == "posix" else None  # the paths of sockets may have some 100 characters
    with TemporaryDirectory(prefix="skinnet-", dir=short, ignore_cleanup_errors=True) as folder:
        try:
            _start(ray, folder if here else None)
            yield ray
        except ray.exceptions.RayTaskError as error:
            raise error.cause from error  # as without Ray
        except ray.exceptions.RayError as error:
            raise _failure("The Ray cluster failed", error) from error
        finally:
            ray.shutdown()


def _start(ray: Any, folder: str | None) -> None:
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    local = {"address": "local", "num_cpus": usable_cores(), "object_store_memory": STORE_BYTES, "_temp_dir": folder}
    for left in reversed(range(TRIES if folder else 1)):
        try:
            ray.init(**quiet, **(local if folder else {}))
            return
        except Exception as error:  # Ray raises no narrower one where a node does not start in time
            ray.shutdown()
            if not left:
                raise _failure("Ray did not start", error) from error


def _failure(what: str, error: Exception) -> DataError:
    first_line, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return DataError(f"{what}: {printable(first_line)}")


def _portable(picture: Picture) -> Picture:
    """A picture that another process can read: by its absolute path, or with its bytes if it lies in an archive."""
    found: bytes | Path | PhotoError
    try:
        found = picture.read()
    except PhotoError as error:
        found = error
    return Picture(picture.name, partial(_give, found.absolute() if isinstance(found, Path) else found), None)


def _give(found: bytes | Path | PhotoError) -> bytes | Path:
    if isinstance(found, PhotoError):
        raise found
    return found


def _classify(checkpoint: str, pictures: list[Picture]) -> list[Row]:
    """What runs on the cluster."""
    return [predict_picture(_classifier(checkpoint), picture) for picture in pictures]


@cache
def _classifier(checkpoint: str) -> Classifier:
    """Load the classifier, once in each worker."""
    torch.set_num_threads(1)  # there is a worker for each core
    return Classifier.load(Path(checkpoint), fast=True)
