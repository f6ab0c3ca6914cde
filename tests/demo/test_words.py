from __future__ import annotations

import ast
import importlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.languages import accepted_language
from demo.words import FOLDER, LANGUAGES, SENTENCE_END, Words
from skinnet.images.quality import TOO_HIGH, TOO_LOW
from skinnet.inference.gate import NO_LESION, UNLIKE
from skinnet.inference.wording import percent
from skinnet.reporting.limits import BY_SOURCE, EVERY_NETWORK
from tests.conftest import PROJECT

GERMAN = Words.load("de")
OTHERS = LANGUAGES[1:]
DEMO = PROJECT / "demo"
RAISING = [
    *("images.source", "images.decode", "images.jpeg", "images.dicom", "inference.pictures", "studies.clinic_check"),
    *("evaluation.truth_table", "data.user_table"),
]
"""Modules of skinnet whose errors the app shows."""
SHOWING = [
    *("answer", "verdict", "coach", "ledger", "svg", "steps", "quiz", "batch_rows", "clinic_tables"),
    *("interface", "beside"),
]
"""Modules beside the tabs that make what is shown."""
RESULTS_SCRIPTS = PROJECT / "skinnet" / "reporting" / "results" / "js"


def sections(language: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def placeholders(text: str) -> list[str]:
    return [" ".join(sorted(set(re.findall(r"\{(\w+)\}", form)) - {"count"})) for form in text.split("|")]


def marks(text: str) -> list[str]:
    return sorted(re.findall(r"<[^>]+>", text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys_in_the_same_order_and_no_empty_text(language: str) -> None:
    ours, theirs = sections(LANGUAGES[0]), sections(language)
    assert [(name, list(keys)) for name, keys in ours.items()] == [(name, list(keys)) for name, keys in theirs.items()]
    assert all(text.strip() for keys in theirs.values() for text in keys.values())


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_the_placeholders_and_the_markup_of_the_english_one(language: str) -> None:
    english, other = Words.load(LANGUAGES[0]).texts, Words.load(language).texts
    different = [key for key in english if placeholders(english[key]) != placeholders(other[key])]
    tags = [
        key
        for key in english
        if sorted(re.findall(r"<[^>]+>", english[key])) != sorted(re.findall(r"<[^>]+>", other[key]))
    ]
    assert (different, tags) == ([], [])


def sources() -> dict[str, str]:
    paths = [path for ending in ("py", "js", "html") for path in DEMO.rglob(f"*.{ending}")]
    paths += RESULTS_SCRIPTS.glob("*.js")
    return {str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8") for path in paths}


def test_every_key_is_used_and_every_used_key_is_there() -> None:
    texts = Words.load(LANGUAGES[0]).texts
    written = "\n".join(sources().values())
    whole = set(re.findall(r"\b[a-z]+\.[a-z0-9_]+\b", written))
    beginnings = tuple(set(re.findall(r"[\"'`]([a-z]+\.[a-z_]*)[${]", written)))
    shown = [key for key in texts if not key.startswith(("sentences.", "measured."))]
    assert [key for key in shown if key not in whole and not key.startswith(beginnings)] == []
    known = "|".join(sections(LANGUAGES[0]))
    named = set(re.findall(rf"[\"'`{{]((?:{known})\.(?!html)[a-z0-9_]+)[\"'`}}]", written))
    assert len(named) > 200
    assert named - set(texts) == set()


def raised(path: Path) -> Iterator[str]:
    """The messages that a module raises for a user to read, with 7 for each value."""
    module = importlib.import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        call = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("PhotoError", "DataError"):
            yield from written(call.args[0], module)


def written(node: ast.expr, module: object) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.Name) and node.id.isupper():
        yield getattr(module, node.id)
    elif isinstance(node, ast.IfExp):
        yield from (*written(node.body, module), *written(node.orelse, module))
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else value(part, module) for part in node.values
        )


def value(part: ast.expr, module: object) -> str:
    """A text by its name, and 7 for what is known only when it happens."""
    name = part.value.id if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name) else ""
    return str(getattr(module, name)) if name.isupper() else "7"


def test_what_the_library_says_of_a_photo_or_a_table_is_translated() -> None:
    paths = [PROJECT / "skinnet" / f"{name.replace('.', '/')}.py" for name in RAISING]
    demo = [path for path in DEMO.rglob("*.py") if path.name != "endpoint.py"]  # the API stays English
    said = [message for path in (*paths, *demo) for message in raised(path)]
    said += [fault.words for fault in (*TOO_LOW.values(), *TOO_HIGH.values(), NO_LESION)]
    said += [*UNLIKE.values(), *EVERY_NETWORK, *(limit for limits in BY_SOURCE.values() for limit in limits)]
    assert len(said) > 40
    english = [part for message in said for part in SENTENCE_END.split(message) if GERMAN.sentence(part) == part]
    assert english == []


def test_sentences_keep_their_numbers_in_the_manner_of_the_language() -> None:
    note = "The picture is too dark. The file ends early: 12 % of the picture is missing."
    assert GERMAN.sentence(note) == "Das Bild ist zu dunkel. Die Datei endet zu früh: 12\u202f% des Bildes fehlen."
    assert [GERMAN.percent(share) for share in (0.0001, 0.0314, 0.5, 0.9999)] == [
        "unter 0,1\u202f%", "3,1\u202f%", "50\u202f%", "über 99,9\u202f%"
    ]  # fmt: skip
    assert GERMAN.number(1234567.5, ",.1f") == "1.234.567,5"
    assert GERMAN.sentence("Nobody wrote this.") == "Nobody wrote this."
    assert [Words.load("en").percent(share) for share in (0.0001, 0.5)] == ["under 0.1\u00a0%", "50\u00a0%"]
    assert percent(0.5) == "50 %"  # the command line and the API


def test_one_has_a_form_of_its_own_and_values_are_never_read_again() -> None:
    assert [GERMAN("batch.photos", count=count) for count in (0, 1, 2)] == ["0 Fotos", "1 Foto", "2 Fotos"]
    assert GERMAN("batch.open", name="{count}|{common.mel}.jpg").startswith("{count}|{common.mel}.jpg:")
    assert GERMAN.page("<p>{name} {common.mel}</p>", name="{common.nv}") == "<p>{common.nv} Melanom</p>"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR,fr;q=0.9,de;q=0.5,en;q=0.4", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("en;q=0.5, de;q=0.7", "de"),
        ("", "en"),
        ("*", "en"),
        ("fr", "en"),
        (";q=x,,;q=", "en"),
    ],
)
def test_a_browser_gets_the_language_it_prefers(header: str, language: str) -> None:
    assert accepted_language(header) == language


def test_a_long_text_of_a_user_s_costs_no_time() -> None:
    for text in ('" ("' * 8_000, "a (b) to c: " * 4_000):
        begin = time.perf_counter()
        assert GERMAN.sentence(text) == text
        assert time.perf_counter() - begin < 1


def prose(texts: list[str]) -> list[str]:
    """The texts that a reader would take for words: a capital and another word, or four words."""
    bare = [re.sub(r"<[^>]*>|\$\{[^}]*\}|\{[\w.]+\}", "", text).strip() for text in texts]
    return [text for text in bare if re.search(r"^[A-Z][a-z]+,? [a-z]+|[a-z]+ [a-z]+ [a-z]+ [a-z]+", text)]


def test_the_scripts_and_the_pages_have_no_text_of_their_own() -> None:
    found = {}
    for name, source in sources().items():
        if name.endswith(".html"):
            found[name] = [text for text in re.findall(r">([^<]+)<", source) if re.search("[a-z]{2}", prose_free(text))]
        elif name.endswith(".js"):
            code = re.sub(r"^\s*//.*$|\s// .*$", "", source, flags=re.MULTILINE)
            found[name] = prose(re.findall(r"\"([^\"\n]*)\"", code) + re.findall(r"`([^`]*)`", code))
    assert {name: texts for name, texts in found.items() if texts} == {}


def prose_free(text: str) -> str:
    return re.sub(r"\{[\w.]+\}", "", text)


def test_the_tabs_have_no_text_of_their_own() -> None:
    """Docstrings, errors and the log are English; the rest of a module shows keys."""
    found = {}
    for path in [*(DEMO / "tabs").glob("*.py"), *(DEMO / f"{name}.py" for name in SHOWING)]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        apart = {id(inner) for node in ast.walk(tree) if is_english(node) for inner in ast.walk(node)}
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        found[str(path.relative_to(PROJECT))] = prose([str(node.value) for node in texts if id(node) not in apart])
    known = {name: [text for text in texts if GERMAN.sentence(text) == text] for name, texts in found.items()}
    assert {name: texts for name, texts in known.items() if texts} == {}


def is_english(node: ast.AST) -> bool:
    """Whether it is an error, a line of the log, a docstring, or the constant text of an error."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.JoinedStr) and ast.unparse(node.targets[0]).isupper()
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."))
