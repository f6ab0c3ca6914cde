"""Write the folder of a Hugging Face Space: python -m demo.space (or make space)

The folder, build/space/, holds the app, the shipped checkpoint, and the versions of all packages as they are installed
here, where the tests ran. docs/deploy.md says how to publish it.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from skinnet.cli.options import SHIPPED_CHECKPOINT

PROJECT = Path(__file__).resolve().parent.parent
SPACE = PROJECT / "build" / "space"
COPIED = ("app.py", "demo", "skinnet", "LICENSE", str(SHIPPED_CHECKPOINT))
UNUSED = ("grad-cam",)
"""What the command line alone needs; it would bring OpenCV and the libraries of a screen."""
BUILDER = ("gradio[mcp,oauth]", "uvicorn>=0.14", "websockets>=10.4", "spaces")
"""What a Space installs together with `requirements.txt`, so that the versions must agree with these, too."""
GRAPHICS_CARD = ("cuda-", "nvidia-", "triton")
"""What the CPU build of torch does without."""
CPU_INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"
README = """---
title: skinnet
emoji: 🔬
colorFrom: gray
colorTo: indigo
sdk: gradio
sdk_version: {gradio}
python_version: "{python}"
app_file: app.py
license: cc-by-nc-4.0
short_description: Skin cancer in dermatoscopic photos. Not a device.
tags:
  - dermatology
  - dermoscopy
  - image-classification
  - explainability
  - education
models:
  - timm/tf_efficientnet_lite0.in1k
  - facebook/dinov2-small
---
# skinnet
Classifies a dermatoscopic photo of a skin lesion: how likely it is malignant, which of seven diagnoses fits, and where
the network saw evidence. For teaching and demonstration: **not a medical device**. Photos are sent to the host of this
Space and deleted within minutes; do not upload pictures of patients.

Code: Apache-2.0. Weights: CC BY-NC 4.0, see `{card}`. The weights started from the two models named above.
"""


def write_space(folder: Path) -> None:
    """Write everything that a Space needs into a folder, which must not exist yet."""
    hidden = shutil.ignore_patterns("__pycache__", ".*")
    for name in COPIED:
        source, target = PROJECT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=hidden)
        else:
            shutil.copyfile(source, target)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    container = (PROJECT / "Dockerfile").read_text(encoding="utf-8").replace("PYTHON=3.11", f"PYTHON={python}")
    readme = README.format(gradio=metadata.version("gradio"), python=python, card=SHIPPED_CHECKPOINT / "MODEL_CARD.md")
    requirements = "\n".join([CPU_INDEX, *pins(needed()), ""])
    for name, text in {"Dockerfile": container, "README.md": readme, "requirements.txt": requirements}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def needed() -> list[str]:
    """What the app needs, by the project's requirements, and the extra `fast`."""
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    asked = [line for line in lines if line and not line.startswith("#")] + extras["fast"]
    return [line for line in asked if canonicalize_name(Requirement(line).name) not in UNUSED]


def pins(requirements: list[str]) -> list[str]:
    """All packages that some requirements come to, in the versions installed here, one a line.

    Left to the builder: what it alone asks for and is not installed here, and what is installed here in a version that
    it cannot take (pydantic, unless the extra `mcp` is installed).
    """
    roots = [Requirement(line) for line in (*requirements, *BUILDER)]
    left: set[str] = set()
    while True:
        asked = _asked(roots, left)
        versions = {name: Version(metadata.version(name)) for name in asked}
        wrong = {name for name, version in versions.items() if not asked[name].contains(version, prereleases=True)}
        if not wrong:
            return [f"{name}=={version.public}" for name, version in sorted(versions.items())]
        left |= wrong


def _asked(roots: list[Requirement], left: set[str]) -> dict[str, SpecifierSet]:
    """The installed packages that requirements come to, and the versions that are asked for, by name."""
    asked: dict[str, SpecifierSet] = {}
    todo, done = list(roots), set[tuple[str, str]]()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name in left or name.startswith(GRAPHICS_CARD) or not _installed(name):
            continue
        asked[name] = asked.get(name, SpecifierSet()) & requirement.specifier
        for extra in {"", *requirement.extras}:
            if (name, extra) not in done:
                done.add((name, extra))
                lines = [Requirement(line) for line in metadata.requires(name) or []]
                todo += [line for line in lines if line.marker is None or line.marker.evaluate({"extra": extra})]
    return asked


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def main() -> None:
    """Write `build/space/` anew."""
    shutil.rmtree(SPACE, ignore_errors=True)
    write_space(SPACE)
    print(f"Wrote {SPACE.relative_to(PROJECT)}: docs/deploy.md says how to publish it.")


if __name__ == "__main__":
    main()
