from __future__ import annotations

import pytest

from skinnet.__main__ import main
from skinnet.cli.registry import COMMANDS
from tests.conftest import PROJECT

SUBCOMMANDS = [
    ["acquire", "ham10000"],
    ["acquire", "isic"],
    ["acquire", "folder"],
    ["acquire", "pad-ufes-20"],
    ["data", "report"],
    ["data", "duplicates"],
]


def test_every_file_of_a_command_is_registered() -> None:
    files = {path.stem for path in (PROJECT / "skinnet" / "cli").glob("*.py") if "\ndef add(" in path.read_text()}
    assert files == set(COMMANDS)


@pytest.mark.parametrize("command", [[], *([name.replace("_", "-")] for name in COMMANDS), *SUBCOMMANDS], ids=" ".join)
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    assert len(capsys.readouterr().out) > 200
