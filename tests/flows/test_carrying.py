"""A simple form that was sent too late is not lost: it waits behind the page that asks."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse import fresh_login_required
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.forms import sign_in, token

DEVICES = "/account/devices/"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@pytest.fixture
def received(site: GatehouseTester) -> list[dict[str, list[str]]]:
    """What a page of the host was sent, with the token left out."""
    found: list[dict[str, list[str]]] = []

    @site.app.route("/notes/", methods=["GET", "POST"])
    @fresh_login_required(within=timedelta(minutes=1))
    def notes() -> str:
        fields = request.form.to_dict(flat=False)
        fields.pop("csrf_token", None)
        found.append(fields)
        return "kept"

    return found


@pytest.fixture
def late(site: GatehouseTester, received: list[dict[str, list[str]]]) -> FlaskClient:
    """Somebody whose proof is ten minutes old."""
    site.add_user("alice")
    client = site.client()
    assert sign_in(client, "alice").status_code == 303
    site.clock.move(timedelta(minutes=10))
    return client


def hidden(page: TestResponse) -> list[tuple[str, str]]:
    found = _HIDDEN.findall(page.text)
    return [(unescape(name), unescape(value)) for name, value in found if name != "csrf_token"]


def press(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    """Send a form of this site, and go where the browser is told to take it."""
    data = {"csrf_token": token(client.get("/account/")), **fields}
    answer = client.post(path, data=data)
    if answer.status_code != 307:
        return answer
    assert answer.location.startswith("/confirm/?")
    return client.post(answer.location, data=data)


def confirm(client: FlaskClient, page: TestResponse, password: str = PASSWORD) -> TestResponse:
    """Send the form of the page that asks."""
    data = {"csrf_token": [token(page)], "password": [password]}
    for name, value in hidden(page):
        data.setdefault(name, []).append(value)
    return client.post("/confirm/", data=data)


def carry_on(client: FlaskClient, page: TestResponse) -> TestResponse:
    """Press the one button."""
    target = re.search(r'<form class="gh-form" method="post" action="([^"]*)"', page.text)
    assert target is not None
    data = {"csrf_token": [token(page)]}
    for name, value in hidden(page):
        data.setdefault(name, []).append(value)
    return client.post(unescape(target[1]), data=data)


def test_a_form_arrives_as_it_was_sent(
    late: FlaskClient, received: list[dict[str, list[str]]]
) -> None:
    sent = {
        "title": 'Ünï "quoted" & <b>',
        "tag": ["one", "two"],
        "empty": "",
        "to": "x",
        "next": "y",
    }
    asked = press(late, "/notes/?page=2", **sent)
    assert asked.status_code == 200
    assert "Confirm that it is you" in asked.text
    assert "<b>" not in asked.text
    done = confirm(late, asked)
    assert done.status_code == 200
    assert received == []
    assert 'action="/notes/?page=2"' in done.text
    assert carry_on(late, done).text == "kept"
    expected = {name: value if isinstance(value, list) else [value] for name, value in sent.items()}
    assert received == [expected]


def test_one_of_our_own_forms_is_done_by_the_button_and_not_before(
    site: GatehouseTester, late: FlaskClient
) -> None:
    other = site.client()
    assert sign_in(other, "alice").status_code == 303
    ids = re.findall(rf"{DEVICES}([\w-]+)/end/", late.get(DEVICES).text)
    asked = press(late, f"{DEVICES}{ids[-1]}/end/")
    done = confirm(late, asked)
    assert other.get("/account/").status_code == 200
    assert carry_on(late, done).status_code == 303
    assert other.get("/account/").status_code == 302


def test_a_wrong_password_loses_nothing(
    late: FlaskClient, received: list[dict[str, list[str]]]
) -> None:
    asked = press(late, "/notes/", title="a note")
    again = confirm(late, asked, "not the password")
    assert again.status_code == 401
    assert carry_on(late, confirm(late, again)).text == "kept"
    assert received == [{"title": ["a note"]}]


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hush"},
        {"new_Password2": "hush"},
        {"api-token": "hush"},
        {"text": "hush" * 3000},
        {f"field{number}": "hush" for number in range(51)},
    ],
)
def test_what_is_secret_or_not_simple_is_in_no_other_page(
    late: FlaskClient, received: list[dict[str, list[str]]], fields: dict[str, str]
) -> None:
    answer = press(late, "/notes/", **fields)
    assert answer.status_code == 303
    assert answer.location == "/confirm/?next=%2Fnotes%2F"
    assert "hush" not in late.get(answer.location).text
    assert received == []


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}])
@pytest.mark.parametrize("with_token", [True, False])
def test_a_form_of_another_site_gets_no_good_token_from_us(
    late: FlaskClient, headers: dict[str, str], *, with_token: bool
) -> None:
    if with_token and not headers:
        return
    data = {"title": "not of this site"}
    if with_token:
        data["csrf_token"] = token(late.get("/account/"))
    answer = late.post("/notes/", data=data, headers=headers)
    assert answer.status_code == 303


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "", "javascript:0"])
def test_no_form_is_carried_to_another_site(late: FlaskClient, to: str) -> None:
    good = token(late.get("/account/"))
    page = late.post(f"/confirm/?to={to}", data={"csrf_token": good, "title": "x"})
    assert page.status_code == 401
    data = {"csrf_token": good, "password": PASSWORD, "to": to, "carried.title": "x"}
    done = late.post("/confirm/", data=data)
    assert done.status_code == 303
    assert "evil" not in done.location


def test_a_link_carries_nothing(late: FlaskClient) -> None:
    page = late.get("/confirm/?to=/notes/&title=x")
    assert hidden(page) == []
    assert confirm(late, page).status_code == 303


def test_files_are_not_carried(late: FlaskClient) -> None:
    data = {"csrf_token": token(late.get("/account/")), "title": "hush"}
    answer = late.post("/notes/", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303
