"""The folder of `make space`, started as a Space starts it: another user, nothing writable but the folder for temporary
files, no HOME, listening on all addresses, behind a reverse proxy under a path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.site import load_cases
from demo.space import BUILDER, GRAPHICS_CARD, write_space
from tests.apps import classify, free_port, reverse_proxy, running

pytestmark = [
    pytest.mark.filterwarnings("default"),  # Gradio's own
    pytest.mark.skipif(sys.platform == "win32", reason="a Space is a Linux machine"),
]
MAY_READ = ["--bounding-set=-all,+dac_read_search", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *MAY_READ]
"""Not root, and no right to write anywhere; but may read everything, as the packages may lie in root's home."""
LEFT_TO_THE_BUILDER = {"pydantic", "pydantic-core", "annotated-types"}
"""Not pinned where the installed version is not one that Spaces take."""
START = """
import runpy, sys
sys.modules.update(dict.fromkeys({missing!r}))
sys.path.insert(0, "")
runpy.run_path("app.py", run_name="__main__")
"""
"""Starts the app without the packages that its requirements.txt does not name."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """The Space in `space/`, which nobody may write to, and `tmp/`, which everybody may."""
    root = Path(tempfile.mkdtemp(prefix="space-test-"))
    try:
        write_space(root / "space")
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o777)
        for path in (root, *(root / "space").rglob("*"), root / "space"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield root
    finally:
        for path in (root, *root.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(root)


def missing_packages(requirements: Path) -> list[str]:
    """Modules that are installed here, and would not be after `pip install -r requirements.txt`."""
    pinned = {line.partition("==")[0] for line in requirements.read_text(encoding="utf-8").splitlines()[1:]}
    missing = []
    for module, owners in metadata.packages_distributions().items():
        names = {owner.lower().replace("_", "-").replace(".", "-") for owner in owners}
        here = pinned | LEFT_TO_THE_BUILDER | {"skinnet"}  # ours lies in the folder itself
        if not names & here and not any(name.startswith(GRAPHICS_CARD) for name in names):
            missing.append(module)
    return missing


def of_a_space(port: int, folder: Path) -> dict[str, str]:
    """The environment in which a Space starts the app."""
    kept = {name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS") if name in os.environ}
    own = {"SYSTEM": "spaces", "SPACE_ID": "someone/skinnet", "GRADIO_SERVER_NAME": "0.0.0.0"}
    return kept | own | {"GRADIO_SERVER_PORT": str(port), "TMPDIR": str(folder / "tmp")}


def as_nobody() -> list[str]:
    """What starts a command as another user, where that is allowed."""
    return NOBODY if os.getuid() == 0 and shutil.which("setpriv") else []


def test_it_starts_as_a_space_does_and_classifies_behind_a_proxy(folder: Path, browser: Any) -> None:
    port, outside = free_port(), free_port()
    missing = missing_packages(folder / "space" / "requirements.txt")
    assert {"pytorch_grad_cam", "cv2", "pytest"} <= set(missing)
    settings = of_a_space(port, folder) | {"GRADIO_ROOT_PATH": "/skinnet"}
    start = [*as_nobody(), sys.executable, "-c", START.format(missing=missing)]
    with (
        running(settings, start, folder=folder / "space") as (app, _),
        reverse_proxy("/skinnet", to=port, port=outside) as address,
    ):
        policy = requests.get(f"{address}/", timeout=60).headers["content-security-policy"]
        assert "https://huggingface.co" in policy.partition("frame-ancestors")[2]
        photo = load_cases()[0].path
        assert classify(f"{address}/", photo) == "ok"
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        asked, errors = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.location["url"]) if message.type == "error" else None)
        page.goto(f"{address}/")
        page.locator(".viewer .choose").wait_for()
        page.locator(".viewer input[type=file]").first.set_input_files(str(photo))
        page.locator(".viewer h1.state").wait_for()
        page.evaluate("location.hash = 'about'")
        assert "as the Space someone/skinnet" in page.locator(".about .side").inner_text()
        page.close()
        assert [url for url in asked if not url.startswith((f"{address}/", "data:", "blob:"))] == []
        assert set(errors) <= {f"http://127.0.0.1:{outside}/favicon.ico"}  # outside the path, so not the app's
        assert list((folder / "tmp").glob(f"skinnet-*/**/{photo.name}"))
        app.terminate()
        said, _ = app.communicate(timeout=60)
    assert said == ""
    left = list((folder / "tmp").rglob("*"))  # torch leaves an empty folder
    assert [path for path in left if path.is_file() or path.name.startswith("skinnet-")] == []


@pytest.mark.stress
def test_it_starts_with_nothing_but_what_a_space_installs(folder: Path, tmp_path: Path) -> None:
    """The index of CPU builds may be out of reach, and is left out: a package registry gives the same versions."""
    pinned = (folder / "space" / "requirements.txt").read_text(encoding="utf-8").splitlines()[1:]
    (tmp_path / "requirements.txt").write_text("\n".join(pinned))
    builder = [each.replace("]", f"]=={metadata.version('gradio')}") for each in BUILDER]
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-r", str(tmp_path / "requirements.txt"), *builder]
    done = subprocess.run(install, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    start = [*as_nobody(), python, "app.py"]
    with running(of_a_space(free_port(), folder), start, folder=folder / "space") as (_, address):
        assert classify(address, load_cases()[0].path) == "ok"
    shutil.rmtree(tmp_path / "venv")
