"""The page of letters, for developers."""

from html.parser import HTMLParser

import pytest
from flask import Flask

from flask_gatehouse.features.mail.letters import Letters
from tests.conftest import MakeSite

PAGES = ["/dev/letters/", "/dev/letters/invitation/"]


class Frames(HTMLParser):
    """Collects the frames of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.found.append(dict(attrs))


def test_every_letter_is_shown_in_a_frame_that_may_do_nothing(app: Flask) -> None:
    page = app.test_client().get("/dev/letters/")
    assert page.status_code == 200
    frames = Frames(page.text).found
    assert [frame["src"] for frame in frames] == [
        f"/dev/letters/{name}/" for name in Letters().names()
    ]
    assert {frame["sandbox"] for frame in frames} == {None}
    assert "Choose its password here:" in page.text


def test_a_letter_is_shown_with_its_own_style_and_nothing_else(app: Flask) -> None:
    answer = app.test_client().get("/dev/letters/invitation/")
    assert "Choose your password" in answer.text
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "style-src 'unsafe-inline'", "sandbox"} <= set(policy)
    assert "frame-ancestors 'self'" in policy


def test_a_letter_that_is_not_there_is_not_found(app: Flask) -> None:
    assert app.test_client().get("/dev/letters/nothing/").status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_nobody_else_sees_letters_of_a_developer(app: Flask, path: str) -> None:
    stranger = {"REMOTE_ADDR": "192.0.2.7"}
    assert app.test_client().get(path, environ_base=stranger).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_a_site_that_serves_people_shows_none(
    make_site: MakeSite, sqlite_url: str, path: str
) -> None:
    app = make_site(sqlite_url)
    app.testing = False
    assert app.test_client().get(path).status_code == 404
    app.debug = True
    assert app.test_client().get(path).status_code == 200
