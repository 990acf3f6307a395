"""The documentation says what the code does: generated pages, examples, and the build itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from flask_gatehouse.core.settings import written
from flask_gatehouse.extension import events_in
from flask_gatehouse.feature import Feature
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.web.access import MARK
from tools import reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOLDER = ROOT / "src" / "flask_gatehouse" / "features"
FOLDERS = sorted(path.parent.name for path in FOLDER.glob("*/__init__.py"))
LETTERS = sorted(path.parent for path in FOLDER.glob("*/mail/*/subject.txt"))
RENEW = "run .venv/bin/python tools/reference.py"


def text_of(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_a_page_of_the_reference_is_what_the_code_says(name: str) -> None:
    assert text_of(f"reference/{name}") == reference.PAGES[name](), RENEW


def test_the_reference_has_no_other_page() -> None:
    others = {"checks.md", "drills.md"}  # written by tools of their own
    assert {path.name for path in (DOCS / "reference").iterdir()} == set(reference.PAGES) | others


def test_every_folder_of_a_feature_has_its_page_and_every_page_its_folder() -> None:
    pages = {path.stem for path in (DOCS / "features").glob("*.md")} - {"index"}
    assert pages == set(FOLDERS) == {feature.name for feature in FEATURES}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_the_page_of_a_feature_states_its_facts(feature: Feature) -> None:
    assert reference.facts(feature) in text_of(f"features/{feature.name}.md"), RENEW


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_the_page_of_a_feature_says_why_it_is_so(feature: Feature) -> None:
    before = text_of(f"features/{feature.name}.md").partition(reference.BEGIN)[0]
    assert "## Why it is so" in before
    assert "Standards:" in before


def test_every_setting_event_error_and_command_is_in_the_reference() -> None:
    assert reference.all_settings()
    missing = [
        *(each.key for each in reference.all_settings() if each.key not in SETTINGS),
        *(event.name for event in reference.all_events() if f"`{event.name}`" not in EVENTS),
        *(kind.code for kind in reference.refusals() if f"`{kind.code}`" not in ERRORS),
        *(name for name in reference.commands() if f"`gatehouse {name}`" not in COMMANDS),
    ]
    assert missing == []


SETTINGS = text_of("reference/settings.md")
EVENTS = text_of("reference/events.md")
ERRORS = text_of("reference/errors.md")
COMMANDS = text_of("reference/commands.md")


def test_every_setting_says_what_it_means() -> None:
    assert [each.key for each in reference.all_settings() if not each.meaning.endswith(".")] == []


def test_every_event_has_a_meaning_and_a_name_of_its_feature() -> None:
    for feature in FEATURES:
        for event in events_in(feature.events) if feature.events else []:
            assert event.meaning.endswith(".")
            assert event.name.startswith(f"{feature.name}.")


def test_every_code_is_told_apart_from_every_other() -> None:
    codes = [kind.code for kind in reference.refusals()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("group", ["throttling", "sessions"])
def test_the_page_on_security_states_every_limit_with_its_value(group: str) -> None:
    page = text_of("security.md")
    stated = [
        each.key
        for each in reference.settings_of(group)
        if f"`{each.key}`" in page and f"{written(each.default)}" in page
    ]
    assert stated == [each.key for each in reference.settings_of(group)]


def test_the_page_on_security_names_every_event_of_the_record() -> None:
    page = text_of("security.md")
    assert [event.name for event in reference.all_events() if f"`{event.name}`" not in page] == []


def test_every_view_of_ours_says_who_may_enter(app: Flask) -> None:
    unmarked = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.endswith("static")
        and not hasattr(app.view_functions[rule.endpoint], MARK)
    ]
    assert unmarked == []


@pytest.mark.parametrize("folder", LETTERS, ids=lambda folder: folder.name)
def test_every_letter_has_a_subject_a_text_html_and_a_sample(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "subject.txt",
        "body.txt",
        "body.html",
        "sample.toml",
    }
    assert all(path.read_text("utf-8").strip() for path in folder.iterdir())


def test_letters_were_found() -> None:
    assert {folder.name for folder in LETTERS} >= {"invitation", "test"}


def test_every_decision_says_context_decision_and_consequences() -> None:
    for path in sorted((DOCS / "adr").glob("0*.md")):
        heads = re.findall(r"^## (.+)$", path.read_text("utf-8"), re.MULTILINE)
        assert heads[:3] == ["Context", "Decision", "Consequences"], path.name


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "adr").glob("0*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.name
)
def test_files_that_a_page_links_to_exist(page: Path) -> None:
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    broken = [
        link
        for link in links
        if not re.match(r"[a-z]+:", link) and not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_files_that_the_map_names_exist() -> None:
    named = re.findall(r"`((?:features|web|db|core|cli|testing)/[\w/]+\.py)`", text_of("map.md"))
    assert len(named) > 15
    source = ROOT / "src" / "flask_gatehouse"
    assert [name for name in named if not (source / name).exists()] == []


@pytest.mark.timeout(240)
def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html"]
    built = subprocess.run(
        [*command, "-d", str(tmp_path / "doctrees"), str(DOCS), str(tmp_path / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")
    assert (tmp_path / "html" / "map.html").exists()
