"""Time `--engine ray` with growing folders, on the cluster at RAY_ADDRESS or with a worker for each core.

    python benchmarks/cluster.py 1000 20000
    python benchmarks/cluster.py 1000 20000 --empty  # Ray's own share: files that no one classifies

Each number is a run over so many copies of fifty drawn lesions. It prints the time to the first row, in which Ray and
its workers start, then a line for each thousand of the pictures after it. Processor time, of all processes on this
machine, says what a picture costs even if the machine does other work meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).parent.parent
sys.path[0] = str(PROJECT)

from skinnet.inference.cluster import cluster_rows
from skinnet.inference.pictures import Picture
from tests.drawings import LOOKS, draw_lesion

DRAWINGS = 50
STEP = 1000
CHILDREN: dict[int, float] = {}
"""Seconds of each process that was started; those that have ended count, too."""


def processor_seconds() -> float:
    """Time of this process and of those it has started."""
    import ray  # noqa: F401  # it brings psutil
    import psutil  # isort: skip

    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            CHILDREN[child.pid] = sum(child.cpu_times()[:2])
    return time.process_time() + sum(CHILDREN.values())


def run(pictures: list[Picture]) -> None:
    """Classify pictures, and print what each step cost."""
    begin = time.perf_counter()
    for done, _ in enumerate(cluster_rows(pictures, PROJECT / "checkpoints" / "committee")):
        if done == 0:
            last, last_processor = time.perf_counter(), processor_seconds()
            print(f"{len(pictures):,} pictures, first row after {last - begin:.1f} s", flush=True)
        elif done % STEP == 0 or done == len(pictures) - 1:
            count = (done - 1) % STEP + 1
            now, now_processor = time.perf_counter(), processor_seconds()
            wall, processor = 1000 * (now - last) / count, 1000 * (now_processor - last_processor) / count
            print(f"up to {done + 1:,}: {wall:.1f} ms each, {processor:.1f} ms of processor time", flush=True)
            last, last_processor = now, now_processor
    print(f"in all {time.perf_counter() - begin:.1f} s, Ray's end included", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="+", type=int, metavar="COUNT", help="pictures in a run")
    parser.add_argument("--empty", action="store_true", help="empty files, each of which is a row with an error")
    options = parser.parse_args()
    looks = list(LOOKS.values())
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number:06d}.jpg") for number in range(max(options.counts))]
        for number, path in enumerate(paths):
            if options.empty:
                path.touch()
            elif number < DRAWINGS:
                draw_lesion(looks[number % len(looks)], seed=number).save(path, quality=95)
            else:
                path.write_bytes(paths[number % DRAWINGS].read_bytes())
        for count in options.counts:
            run([Picture(str(path), path.absolute, path) for path in paths[:count]])


if __name__ == "__main__":
    main()
