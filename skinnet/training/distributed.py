"""Training in several processes at once, one a GPU or a machine, started by torchrun:

    torchrun --nproc-per-node 4 -m skinnet train --out runs/mine

Every process takes its share of each batch; DistributedDataParallel averages their gradients, so that a step is that of
one process with the whole batch. The first process validates and writes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from skinnet.errors import TrainingError


@dataclass(frozen=True)
class Processes:
    """The place of this process among all: `rank` of `count`."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def share(self, batch: Sequence[int]) -> list[int]:
        """Select this process's items of a batch; together the processes take all."""
        return list(batch[self.rank :: self.count])

    def wrap(self, network: nn.Module, device: torch.device) -> nn.Module:
        """Wrap the network so that gradients are averaged over the processes."""
        if self.count == 1:
            return network
        return DistributedDataParallel(network, device_ids=[device] if device.type == "cuda" else None)

    def mean(self, value: float, device: torch.device) -> float:
        """Average a number over all processes."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=device)
        distributed.all_reduce(total)
        return float(total) / self.count

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            distributed.barrier()


ALONE = Processes()


@contextmanager
def joined_processes(device: torch.device, *, batch_size: int) -> Iterator[Processes]:
    """Join the processes that torchrun started; alone where it did not.

    Raises:
        TrainingError: if a batch cannot be shared out evenly, or there are fewer GPUs than processes here.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    if batch_size % count:
        raise TrainingError(f"{batch_size} images cannot be shared by {count} processes: change --batch-size.")
    if device.type == "cuda" and device.index >= torch.cuda.device_count():
        raise TrainingError(f"A process needs a GPU of its own: start {torch.cuda.device_count()} on this machine.")
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        if distributed.get_rank() > 0:
            logging.getLogger("skinnet").setLevel(logging.ERROR)  # the first one tells
        yield Processes(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()
