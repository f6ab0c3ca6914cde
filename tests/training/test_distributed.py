from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from skinnet.data.dataset import LesionDataset, draw_batches
from skinnet.errors import TrainingError
from skinnet.training.config import TrainConfig
from skinnet.training.distributed import Processes, joined_processes
from tests.conftest import PROJECT

COMPARE_GRADIENTS = """
import torch
from torch import nn
from skinnet.training.distributed import joined_processes

def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 7))

def loss(model, images, labels):
    return nn.functional.cross_entropy(model(images), labels, label_smoothing=0.1)

generator = torch.Generator().manual_seed(1)
images, labels = torch.rand(12, 3, 16, 16, generator=generator), torch.randint(0, 7, (12,), generator=generator)
alone, together = network(), network()
loss(alone, images, labels).backward()
with joined_processes(torch.device("cpu"), batch_size=12) as processes:
    mine = processes.share(range(12))
    parallel = processes.wrap(together, torch.device("cpu"))
    value = loss(parallel, images[mine], labels[mine])
    value.backward()
    for one, other in zip(alone.parameters(), together.parameters()):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-5, atol=1e-7)
    mean = processes.mean(value.item(), torch.device("cpu"))
    torch.testing.assert_close(mean, loss(alone, images, labels).item(), rtol=1e-5, atol=1e-7)
    print(f"process {processes.rank} of {processes.count} agrees")
"""


def torchrun(*arguments: str) -> str:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *arguments]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_processes_have_the_gradients_of_one(tmp_path: Path) -> None:
    (tmp_path / "compare.py").write_text(COMPARE_GRADIENTS)
    printed = torchrun(str(tmp_path / "compare.py"))
    assert "process 0 of 2 agrees" in printed
    assert "process 1 of 2 agrees" in printed


def test_two_processes_train_as_one_run(drawn_root: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    settings = ["--weights", "none", "--epochs", "1", "--batch-size", "16", "--root", str(drawn_root)]
    settings += ["--sources", "ham10000", "--partition", "split"]
    torchrun("-m", "skinnet", "train", *settings, "--out", str(out))
    history = pd.read_csv(out / "history.csv")
    assert history["epoch"].tolist() == [1]
    assert 0 < history["loss"][0] < 10
    state = torch.load(out / "state.pt", weights_only=True)
    assert not any(name.startswith("module.") for name in state["network"])


def test_every_image_of_a_batch_is_in_one_process() -> None:
    dataset = LesionDataset(torch.zeros(100, 1).numpy(), torch.arange(100).numpy() % 7, torch.arange(100).numpy())
    batches = draw_batches(dataset, batch_size=12, sampling_power=0.5, seed=0, epoch=0)
    for batch in batches:
        shares = [Processes(rank, 3).share(batch) for rank in range(3)]
        assert [len(share) for share in shares] == [4, 4, 4]
        assert sorted(item for share in shares for item in share) == sorted(batch)


def test_a_batch_that_cannot_be_shared_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    with (
        pytest.raises(TrainingError, match="32 images cannot be shared by 3 processes: change --batch-size"),
        joined_processes(torch.device("cpu"), batch_size=TrainConfig().batch_size),
    ):
        pass


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with (
        pytest.raises(TrainingError, match="A process needs a GPU of its own: start 1 on this machine"),
        joined_processes(torch.device("cuda", 1), batch_size=4),
    ):
        pass
