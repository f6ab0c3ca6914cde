"""Many people at once: each gets the answer to their own photo, whatever the others send."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import requests

from demo.site import load_cases
from skinnet.images.photo import open_photo
from skinnet.inference.classifier import Classifier
from tests.apps import free_port, half_an_upload, running, settings_of
from tests.mutations import mutations

CLIENTS = 20
MINUTES = 10
ROUNDING = 1e-4
"""Most by which a probability may differ from that of the photo alone."""


class Visitor(threading.Thread):
    """Somebody who sends photos, and now and then something else, until told to stop."""

    def __init__(self, address: str, photos: dict[Path, float], seed: int, *, until: float, count: int) -> None:
        super().__init__()
        self.address, self.photos = address.rstrip("/"), photos
        self.dice, self.until, self.count = random.Random(seed), until, count
        self.tally: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        sent = 0
        while time.monotonic() < self.until and sent < self.count:
            deed = self.dice.choices((self.photo, self.broken, self.malformed, self.aborted), weights=(12, 2, 1, 1))[0]
            try:
                deed()
            except Exception as error:  # whatever it is, the test must tell
                self.errors.append(f"{deed.__name__}: {error!r}")
            self.tally[deed.__name__] += 1
            sent += 1

    def ask(self, name: str, content: bytes) -> dict[str, object]:
        """Upload a file and have it classified: the answer, or {"error": the sentence}."""
        begin = time.monotonic()
        sent = requests.post(f"{self.address}/gradio_api/upload", files={"files": (name, content)}, timeout=120)
        sent.raise_for_status()
        data = {"data": [{"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}]}
        called = requests.post(f"{self.address}/gradio_api/call/classify", json=data, timeout=120)
        called.raise_for_status()
        event = called.json()["event_id"]
        text = requests.get(f"{self.address}/gradio_api/call/classify/{event}", timeout=300).text
        kind, _, rest = text.rpartition("event: ")[2].partition("\n")
        answer = json.loads(rest.removeprefix("data: ").strip())
        self.seconds.append(time.monotonic() - begin)
        return answer[0] if kind == "complete" else {"error": answer["error"]}

    def photo(self) -> None:
        path = self.dice.choice(list(self.photos))
        answer = self.ask("mole.jpg", path.read_bytes())
        assert abs(float(str(answer["p_malignant"])) - self.photos[path]) < ROUNDING, f"{path.name}: {answer}"

    def broken(self) -> None:
        whole = self.dice.choice(list(self.photos)).read_bytes()
        answer = self.ask("mole.jpg", whole[: self.dice.randrange(len(whole) // 2)])
        assert {"file", "picture"} & set(str(answer["error"]).split()), answer

    def malformed(self) -> None:
        body = self.dice.choice(["{}", "[]", '{"data": [{"path": "/etc/passwd"}]}', '{"data": [7]}', "\0"])
        kind = {"Content-Type": "application/json"}
        said = requests.post(f"{self.address}/gradio_api/call/classify", data=body, headers=kind, timeout=120)
        if said.ok:
            event = said.json()["event_id"]
            said = requests.get(f"{self.address}/gradio_api/call/classify/{event}", timeout=300)
            assert "event: error" in said.text, said.text
        assert "Traceback" not in said.text

    def aborted(self) -> None:
        half_an_upload(self.address).close()


def visit(address: str, photos: dict[Path, float], *, seconds: float = 1e9, count: int = 10**9) -> list[Visitor]:
    """Let `CLIENTS` visitors come at once, for some seconds or until each has sent so many things."""
    until = time.monotonic() + seconds
    visitors = [Visitor(address, photos, seed, until=until, count=count) for seed in range(CLIENTS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert [error for visitor in visitors for error in visitor.errors] == []
    return visitors


@pytest.fixture(scope="module")
def photos(shipped: Path) -> dict[Path, float]:
    """Photos that the gate lets pass, and the probability that each gets alone."""
    classifier = Classifier.load(shipped)
    found = {case.path: classifier.predict(open_photo(case.path)) for case in load_cases()[:CLIENTS]}
    scores = {path: prediction.p_malignant for path, prediction in found.items() if prediction.gate != "refuse"}
    assert len(set(scores.values())) == len(scores) > 10
    return scores


@pytest.mark.filterwarnings("default")
def test_twenty_at_once_get_the_answers_to_their_own_photos(address: str, photos: dict[Path, float]) -> None:
    visitors = visit(address, photos, count=2)
    assert sum((visitor.tally for visitor in visitors), Counter()).total() == 2 * CLIENTS


@pytest.mark.stress
def test_a_crowd_of_ten_minutes_leaves_the_memory_as_it_was(
    photos: dict[Path, float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(settings_of(free_port(), tmp_path)) as (app, address):

        def megabytes() -> float:
            status = Path(f"/proc/{app.pid}/status").read_text()
            return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000

        visit(address, photos, count=10)
        before = megabytes()
        visitors = visit(address, photos, seconds=60 * MINUTES)
        after = megabytes()
        app.terminate()
        output, _ = app.communicate(timeout=60)
    assert output == ""
    assert list(tmp_path.iterdir()) == []
    tally = sum((visitor.tally for visitor in visitors), Counter())
    seconds = np.array([each for visitor in visitors for each in visitor.seconds])
    middle, late = np.quantile(seconds, (0.5, 0.95))
    with capsys.disabled():
        print(f"\n{dict(tally)}; p50 {middle:.1f} s, p95 {late:.1f} s; {before:.0f} MB before, {after:.0f} MB after")
    assert after < 1.05 * before


@pytest.mark.stress
def test_five_hundred_damaged_files_are_a_verdict_or_a_sentence_each(
    photos: dict[Path, float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(settings_of(free_port(), tmp_path)) as (app, address):
        visitor = Visitor(address, photos, 0, until=0, count=0)
        answers = [visitor.ask("mole.jpg", data) for data in mutations(500, seed=2027)]
        slowest = max(visitor.seconds)
        visitor.photo()
        app.terminate()
        output, _ = app.communicate(timeout=60)
    assert [line for line in output.splitlines() if not line.startswith("tempfile.tif: ")] == []  # libtiff's words
    assert list(tmp_path.iterdir()) == []
    sentences = Counter(str(answer["error"]) for answer in answers if answer.get("error"))
    with capsys.disabled():
        print(f"\n{500 - sentences.total()} classified, {sentences.total()} refused in words, slowest {slowest:.2f} s")
    assert all(words.endswith(".") and str(tmp_path) not in words for words in sentences)
    assert slowest < 5
