"""No damage to a checkpoint is served: each ends in one line, before a photo is read."""

from __future__ import annotations

import copy
import json
import math
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from skinnet.checkpoint import CONFIG, CONFORMAL, GATE, GATE_STATISTICS, WEIGHTS, load_config
from skinnet.errors import CheckpointError, SkinnetError
from skinnet.files import digest
from skinnet.inference.classifier import Classifier
from skinnet.inference.conformal import load_sets
from skinnet.inference.gate import load_gate

Keys = tuple[str | int, ...]
DAMAGE = (None, "text", math.nan, -1, 0, 1e30, [])
HARMLESS = {
    "mean": (0,),
    "prior_shift": (
        0,
        -1,
    ),
    "sensitivity": (0,),
    "best_epoch": (0,),
    "training_minutes": (
        0,
        1e30,
    ),
    "counts": (0,),
    "malignant": (0,),
    "least": (0,),
    "floors": (0,),
    "promised": (
        0,
        None,
    ),
    "lesions": (0,),
}
"""By field: what is within the range of a fit, or is shown in the card and never applied."""


def fields(content: Any, path: Keys = ()) -> Iterator[Keys]:
    """The place of every field of a JSON object, at any depth."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from fields(value, (*path, key))


def at(content: Any, path: Keys) -> Any:
    for key in path:
        content = content[key]
    return content


def damaged(content: Any, path: Keys, value: Any) -> Any:
    changed = copy.deepcopy(content)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def is_harmless(content: Any, path: Keys, value: Any) -> bool:
    sound = at(content, path)
    if isinstance(sound, dict | list):
        return False
    if path[2:3] == ("training",):  # shown in the card, whose writer compares each with its range
        number_will_do = path[3] not in ("sources", "partition") and type(value) in (int, float)
        return value == "text" or (number_will_do and value == value)
    if isinstance(sound, str):
        return value == "text" and sound != "95" and not {"classes", "statistics_sha256"} & {*path}
    names = {"least" if "bounds" in path and path[-1] == 0 else key for key in path if isinstance(key, str)}
    return any(value in HARMLESS.get(name, ()) for name in names if name != "lesions" or "sets" in path)


def load_settings(folder: Path) -> None:
    load_config(folder)
    load_gate(folder)
    load_sets(folder)


@pytest.mark.parametrize(("name", "part"), [(CONFIG, None), (GATE, "gate"), (CONFORMAL, "sets")])
def test_no_field_takes_what_is_no_value_of_it(name: str, part: str | None, shipped: Path, tmp_path: Path) -> None:
    for each in (CONFIG, GATE, GATE_STATISTICS, CONFORMAL):
        shutil.copyfile(shipped / each, tmp_path / each)
    content = json.loads((shipped / name).read_text(encoding="utf-8"))
    content = {part: content[part]} if part else content
    refused = 0
    for path in fields(content):
        for value in DAMAGE:
            (tmp_path / name).write_text(json.dumps(damaged(content, path, value)), encoding="utf-8")
            if is_harmless(content, path, value):
                load_settings(tmp_path)
                continue
            with pytest.raises(CheckpointError, match=r"^[^\n]*$"):
                load_settings(tmp_path)
            refused += 1
    assert refused > 80


def test_json_of_any_depth_or_size_of_number_is_refused_in_a_line(shipped: Path, tmp_path: Path) -> None:
    sound = (shipped / CONFIG).read_text(encoding="utf-8")
    deep = "[" * 100_000 + "]" * 100_000
    nested, huge = sound.replace('"frame"', f'"more": {deep}, "frame"'), sound.replace(" 256\n", f" {'9' * 400}\n")
    for text in (deep, nested, huge, "null", ""):
        (tmp_path / CONFIG).write_text(text, encoding="utf-8")
        with pytest.raises(CheckpointError, match=r"config\.json is .*damaged"):
            load_config(tmp_path)


@pytest.fixture
def copied(shipped: Path, tmp_path: Path) -> Path:
    """A copy of the shipped checkpoint, to be damaged."""
    for name in (CONFIG, WEIGHTS, GATE, GATE_STATISTICS, CONFORMAL):
        shutil.copyfile(shipped / name, tmp_path / name)
    return tmp_path


def write_setting(path: Path, value: object, *keys: str | int) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(damaged(content, keys, value)), encoding="utf-8")


class Opened:
    """Unpickling it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.trace,)


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 64
    path.write_bytes(content)


def test_damaged_weights_are_never_served(copied: Path, tmp_path: Path) -> None:
    sound, trace = (copied / WEIGHTS).read_bytes(), tmp_path / "unpickled"
    flip_a_bit(copied / WEIGHTS)
    with pytest.raises(CheckpointError, match=r"is not the file whose hash config\.json holds"):
        Classifier.load(copied)
    for content in (b"", sound[:-1], pickle.dumps(Opened(trace)), b"\xff" * 100):
        (copied / WEIGHTS).write_bytes(content)
        write_setting(copied / CONFIG, digest(copied / WEIGHTS), "weights_sha256")
        with pytest.raises(CheckpointError, match="are damaged or do not fit"):
            Classifier.load(copied)
    torch.save({"weight": Opened(trace)}, copied / WEIGHTS)
    write_setting(copied / CONFIG, digest(copied / WEIGHTS), "weights_sha256")
    with pytest.raises(CheckpointError, match="are damaged or do not fit"):
        Classifier.load(copied)
    assert not trace.exists()


def test_weights_that_are_not_finite_are_refused(copied: Path) -> None:
    weights = load_file(copied / WEIGHTS)
    next(each for each in weights.values() if each.ndim == 4)[0, 0, 0, 0] = np.inf
    save_file(weights, copied / WEIGHTS)
    write_setting(copied / CONFIG, digest(copied / WEIGHTS), "weights_sha256")
    with pytest.raises(CheckpointError, match="are not all finite numbers"):
        Classifier.load(copied)


def test_the_gate_of_another_network_is_refused(copied: Path) -> None:
    flip_a_bit(copied / GATE_STATISTICS)
    with pytest.raises(CheckpointError, match="is damaged: run python -m skinnet fit-gate again"):
        Classifier.load(copied)
    zeros = np.zeros(10, np.float32)
    arrays = {"mean": zeros[:9], "whitening": np.eye(9, dtype=np.float32), "lesion": zeros}
    save_file(arrays, copied / GATE_STATISTICS)
    write_setting(copied / GATE, digest(copied / GATE_STATISTICS), "gate", "statistics_sha256")
    with pytest.raises(CheckpointError, match=r"gate\.json in .* does not fit the network: run"):
        Classifier.load(copied)
    for layer in ("no.such.layer", "features", ""):
        write_setting(copied / GATE, layer, "gate", "layers", 0)
        with pytest.raises(CheckpointError, match=r"gate\.json in .* does not fit the network: run"):
            Classifier.load(copied)


def test_a_verdict_that_is_not_finite_is_no_verdict(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = Classifier.load(shipped)
    broken = torch.full((1, 7), math.nan)
    monkeypatch.setattr(classifier.network, "forward", lambda images: broken.repeat(len(images), 1))
    classifier.gate, classifier.feature_layer = None, None
    with pytest.raises(SkinnetError, match="gave no finite number, so there is no verdict"):
        classifier.predict(Image.new("RGB", (300, 200)))
