"""Letters from templates."""

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from flask_gatehouse import features, web
from flask_gatehouse.features.mail.errors import SubjectRefused
from flask_gatehouse.features.mail.letters import Letters, Rendered
from tests.features.mail.houses import LINK

FACTS = {"site_name": "Club", "link": LINK, "hours": 24}
FOLDERS = [
    folder
    for folder in Path(features.__file__ or "").parent.glob("*/mail/*")
    if folder.is_dir() and folder.name != "__pycache__"
]


NAMES = sorted(folder.name for folder in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_letter_has_a_subject_a_text_and_html(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "subject.txt",
        "body.txt",
        "body.html",
        "sample.toml",
    }


def test_no_two_letters_have_one_name() -> None:
    names = [folder.name for folder in FOLDERS]
    assert sorted(names) == sorted(set(names))
    assert {"invitation", "test"} <= set(names)


def test_an_invitation_says_what_to_do_and_for_how_long() -> None:
    letter = Letters().render("invitation", FACTS)
    assert letter.subject == "Choose your password for Club"
    assert f"\n\n{LINK}\n\n" in letter.text
    assert "within 24 hours." in letter.text
    assert letter.html.count(f'href="{LINK}"') == 2
    assert "<title>Club</title>" in letter.html
    assert "within 1 hour." in Letters().render("invitation", FACTS | {"hours": 1}).text


def test_html_is_escaped_and_text_is_left_as_it_is() -> None:
    letter = Letters().render("test", {"site_name": "<b>Dogs & Cats</b>"})
    assert letter.subject == "A test letter from <b>Dogs & Cats</b>"
    assert "letters of <b>Dogs & Cats</b> arrive" in letter.text
    assert "&lt;b&gt;Dogs &amp; Cats&lt;/b&gt;" in letter.html
    assert "<b>" not in letter.html


@pytest.mark.parametrize("typed", ["{{ 7*7 }}", "{% raw %}", "${7*7}", "{{ link }}"])
def test_what_is_filled_in_is_never_a_template(typed: str) -> None:
    letter = Letters().render("test", {"site_name": typed})
    assert letter.subject == f"A test letter from {typed}"
    assert typed in letter.text
    assert typed in letter.html


def test_a_missing_fact_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="hours"):
        Letters().render("invitation", {"site_name": "Club", "link": LINK})


def test_a_fact_cannot_begin_a_second_line_of_the_subject() -> None:
    with pytest.raises(SubjectRefused):
        Letters().render("test", {"site_name": "Club\r\nBcc: bob@example.org"})


def test_a_host_replaces_a_part_of_a_letter_and_keeps_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "gatehouse" / "mail" / "invitation"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Welcome to {{ site_name }}!\n")
    (folder.parent / "layout.html").write_text("<main>{% block content %}{% endblock %}</main>")
    letter = Letters(tmp_path).render("invitation", FACTS)
    assert letter.subject == "Welcome to Club!"
    assert letter.html.startswith("<main>")
    assert LINK in letter.text


KNOWN = {"site_name": "Club", "site_url": "https://club.example"}


def sampled(name: str) -> Rendered:
    return Letters().render(name, KNOWN | Letters().sample(name))


@pytest.mark.parametrize("name", NAMES)
def test_letters_load_nothing_from_outside(name: str) -> None:
    html = sampled(name).html
    assert "src=" not in html
    assert "url(" not in html
    assert "<link" not in html
    assert "@import" not in html


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_leads_to_its_own_link_and_to_the_site_only(name: str) -> None:
    known = {KNOWN["site_url"], Letters().sample(name).get("link")}
    said = sampled(name)
    for text in (said.text, said.html):
        assert set(re.findall(r"https?://[^\s\"<>]+[^\s\"<>,.]", text)) <= known


@pytest.mark.parametrize("name", NAMES)
def test_text_and_html_say_why_the_letter_came_and_who_sends_it(name: str) -> None:
    said = sampled(name)
    for text in (said.text, said.html):
        assert "You get this letter because" in text
        assert "Sent by Club." in text


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_has_the_colours_of_the_site_by_day_and_by_night(name: str) -> None:
    html = sampled(name).html
    sheet = (Path(web.__file__).parent / "static" / "tokens.css").read_text()
    by_day, by_night = re.findall(r"--gh-surface: (#[0-9a-f]{6});", sheet)
    before, _, after = html.partition("prefers-color-scheme: dark")
    assert by_night in after.partition("</style>")[0]
    assert by_day in after.partition("</style>")[2]
    assert by_night not in before


def test_a_host_may_have_a_letter_without_a_sample(tmp_path: Path) -> None:
    folder = tmp_path / "gatehouse" / "mail" / "greeting"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Good morning\n")
    letters = Letters(tmp_path)
    assert "greeting" in letters.names()
    assert letters.sample("greeting") == {}
