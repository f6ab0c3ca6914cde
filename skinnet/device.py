"""The machine that torch runs on."""

import ctypes
import os
import platform

import torch


def pick_device() -> torch.device:
    """CUDA (the one of this process, where torchrun started several), else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def memory_format(device: torch.device) -> torch.memory_format:
    """Channels last, which CPUs compute faster; on CUDA it slows depthwise convolutions down twentyfold."""
    return torch.contiguous_format if device.type == "cuda" else torch.channels_last


def describe(device: torch.device) -> str:
    """A device in words, for the record."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{os.cpu_count()} {platform.machine()} CPU cores" + (" with MPS" if device.type == "mps" else "")


def keep_freed_memory() -> None:
    """Ask glibc to keep freed memory: giving it back and taking it again costs a third of a training step."""
    if platform.libc_ver()[0] == "glibc":
        m_trim_threshold, m_mmap_max = -1, -4
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(m_mmap_max, 0)
        libc.mallopt(m_trim_threshold, 2**31 - 1)


def share_arenas() -> None:
    """Give all threads two of glibc's arenas together: with one each, an app keeps what every thread once held."""
    if platform.libc_ver()[0] == "glibc":
        m_arena_max = -8
        ctypes.CDLL("libc.so.6").mallopt(m_arena_max, 2)
