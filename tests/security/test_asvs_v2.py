"""OWASP ASVS 5.0, V2: what is taken as input, steps in their order, and limits of use."""

import re
import threading
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.core.settings import Rate, written
from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.features.throttling.settings import ThrottlingSettings
from flask_gatehouse.features.users import rules
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.test_fai import Faults
from tests.security.walk import (
    UNLIMITED,
    ask,
    invitation_for,
    people,
    routes,
    sent_to_login,
    session_rows,
    setup_link,
    snapshot,
    who,
)

DOCS = Path(__file__).parents[2] / "docs"

CHOSEN = "eleven patient otters"


def run(tester: GatehouseTester, *arguments: str) -> int:
    code: int = tester.app.test_cli_runner().invoke(args=["gatehouse", *arguments]).exit_code
    return code


def test_asvs_2_1_1_the_rules_of_every_field_are_written_down() -> None:
    users = (DOCS / "features" / "users.md").read_text("utf-8")
    assert f"{rules.SHORTEST_NAME} to {rules.LONGEST_NAME} letters" in users
    assert "one ASCII mailbox" in users
    passwords = (DOCS / "features" / "passwords.md").read_text("utf-8")
    for field in fields(PasswordSettings):
        if field.name in {"minimum", "maximum"}:
            (line,) = [
                line
                for line in passwords.splitlines()
                if f"`GATEHOUSE_PASSWORDS_{field.name.upper()}`" in line
            ]
            assert str(field.default) in line
    security = (DOCS / "security.md").read_text("utf-8")
    assert "`next` is followed only if it is a path" in security


def test_asvs_2_1_3_every_limit_of_use_is_written_down_with_its_value() -> None:
    page = (DOCS / "security.md").read_text("utf-8") + (
        DOCS / "reference" / "settings.md"
    ).read_text("utf-8")
    for group, shape in (("THROTTLING", ThrottlingSettings), ("SESSIONS", SessionSettings)):
        for field in fields(shape):
            key = f"`GATEHOUSE_{group}_{field.name.upper()}`"
            lines = [line for line in page.splitlines() if key in line]
            assert any(written(field.default) in line for line in lines), key


#: What a browser would not send: longer than `maxlength`, empty where `required`, no address.
PAST_THE_BROWSER = (
    {"username": "x" * 65, "email": "a@example.org", "password": CHOSEN},
    {"username": "", "email": "a@example.org", "password": CHOSEN},
    {"username": "chief", "email": "not an address", "password": CHOSEN},
    {"username": "chief", "email": f"{'a' * 250}@example.org", "password": CHOSEN},
    {"username": "chief", "email": "a@example.org", "password": ""},
    {"username": "chief", "email": "a@example.org", "password": "short"},
    {"username": "chief", "email": "a@example.org", "password": "x" * 2000},
    {"username": "<b>chief</b>", "email": "a@example.org", "password": CHOSEN},
    {"username": "chi\u200bef", "email": "a@example.org", "password": CHOSEN},
    {"username": "chief", "email": "\u202ea@example.org", "password": CHOSEN},
)


@pytest.mark.parametrize("fields_sent", PAST_THE_BROWSER)
def test_asvs_2_2_1_only_what_keeps_the_rules_is_taken(
    site: GatehouseTester, fields_sent: dict[str, str]
) -> None:
    path = setup_link(site)
    before = snapshot(site, without=("gatehouse_throttle",))
    page = forms.send(site.client(), path, **fields_sent)
    assert page.status_code == 422
    assert snapshot(site, without=("gatehouse_throttle",)) == before


def test_asvs_2_2_2_what_the_browser_would_have_refused_the_server_refuses(
    patient: GatehouseTester,
) -> None:
    user = patient.add_user("alice", email="alice@example.org")
    client = patient.client()
    client.get(invitation_for(patient, user))
    page = client.get("/invitation/")
    # The page asks the browser to look, and whoever has no browser is looked at all the same.
    assert re.search(r"<input[^>]*required", page.text)
    for password in ("", "short", "x" * 2000):
        assert forms.send(client, "/invitation/", password=password).status_code == 422
    for name, password in (("", ""), ("x" * 70_0, "x"), ("alice", "")):
        assert forms.sign_in(patient.client(), name, password).status_code == 401
    assert forms.sign_in(patient.client(), "alice", PASSWORD).status_code == 303


def test_asvs_2_2_3_what_fits_alone_must_fit_together(site: GatehouseTester) -> None:
    site.add_user("alice", email="alice@example.org")
    before = snapshot(site)
    # An address that somebody has, a name that somebody has, and a password made of the name.
    assert run(site, "users", "create", "bob", "--email", "ALICE@Example.ORG", "--invite") == 1
    assert run(site, "users", "create", "Alice", "--invite") == 1
    create = ["gatehouse", "users", "create", "marmaduke", "--password-stdin"]
    done = site.app.test_cli_runner().invoke(args=create, input="marmaduke marmaduke\n")
    assert done.exit_code == 1
    assert snapshot(site) == before


def test_asvs_2_3_1_no_step_comes_before_the_one_it_needs(patient: GatehouseTester) -> None:
    kinds = people(patient)
    before = snapshot(patient, without=("gatehouse_throttle",))
    for name, client in kinds.items():
        # Choosing a password without having opened a link.
        sent = {"csrf_token": token_of(client), "password": CHOSEN}
        assert client.post("/invitation/", data=sent).status_code == 409, name
        # Making the first account without the link, or when there is one.
        assert ask(client, "/setup/" + "A" * 43 + "/").status_code == 404, name
    # Whoever is only remembered proves who they are before they end anything.
    client = kinds["remembered"]
    token = forms.token(client.get("/account/devices/"))
    page = client.post("/account/devices/end-others/", data={"csrf_token": token})
    assert page.status_code == 307
    assert page.location.startswith("/confirm/")
    # Whoever has no session confirms nothing.
    assert sent_to_login(kinds["anonymous"].get("/confirm/"))
    after = snapshot(patient, without=("gatehouse_throttle",))
    # The remembered browsers were given a session each, which is no step.
    after.pop("gatehouse_session")
    before.pop("gatehouse_session")
    after.pop("gatehouse_audit")
    before.pop("gatehouse_audit")
    assert after == before


def token_of(client: FlaskClient) -> str:
    """Return the token of whatever page with a form this browser gets."""
    for path in ("/account/", "/login/"):
        page = client.get(path)
        if 'name="csrf_token"' in page.text:
            return forms.token(page)
    raise AssertionError(client)


def test_asvs_2_3_2_the_limits_that_are_written_down_are_kept(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_THROTTLING_LINKS="3/10m"))
    user = site.add_user("alice")
    first = site.client(user)
    for _ in range(SessionSettings().per_user):
        site.clock.move(timedelta(seconds=1))
        site.client(user)
    assert who(first) == "nobody"
    assert session_rows(site) == SessionSettings().per_user
    link = "/invitation/" + "A" * 42 + "8/"
    visits = [site.client().get(link, follow_redirects=True) for _ in range(4)]
    assert [page.status_code for page in visits][-1] == 429
    assert "Retry-After" in visits[-1].headers


def test_asvs_2_3_3_a_new_password_is_set_whole_or_not_at_all(
    make_site: MakeSite, database_url: str
) -> None:
    site = GatehouseTester(make_site(database_url, **UNLIMITED))
    user = site.add_user("alice")
    inside = site.client(user)
    client = site.client()
    client.get(invitation_for(site, user))
    refused = 0
    with Faults(site) as faults:
        for number in range(1, 60):
            token = forms.token(client.get("/invitation/"))
            before = snapshot(site, without=("gatehouse_throttle",))
            faults.arm(number)
            page = client.post("/invitation/", data={"csrf_token": token, "password": CHOSEN})
            reached = faults.seen >= number
            faults.arm(0)
            if not reached:
                break
            refused += 1
            assert page.status_code == 503, number
            assert snapshot(site, without=("gatehouse_throttle",)) == before, number
    assert refused > 5
    assert page.status_code == 303
    assert who(inside) == "nobody"
    assert forms.sign_in(site.client(), "alice", PASSWORD).status_code == 401
    assert forms.sign_in(site.client(), "alice", CHOSEN).status_code == 303


def test_asvs_2_3_4_of_many_at_once_one_wins_and_one_administrator_stays(
    generous: GatehouseTester,
) -> None:
    site = generous
    names = ("ada", "bea", "cleo", "dora")
    for name in names:
        site.add_user(name, admin=True)
    start = threading.Barrier(len(names))
    codes: list[int] = []

    def suspend(name: str) -> None:
        start.wait()
        codes.append(run(site, "users", "suspend", name))

    threads = [threading.Thread(target=suspend, args=(name,)) for name in names]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert codes.count(0) <= len(names) - 1
    able = [name for name in names if forms.sign_in(site.client(), name).status_code == 303]
    assert len(able) >= 1


def test_asvs_2_4_1_too_much_is_refused_and_the_rest_goes_on(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = GatehouseTester(
        make_site(sqlite_url, GATEHOUSE_THROTTLING_NETWORK=Rate(5, timedelta(minutes=5)))
    )
    inside = site.client(site.add_user("alice"))
    pages = [forms.sign_in(site.client(), f"name{n}", "wrong") for n in range(8)]
    assert [page.status_code for page in pages] == [401] * 5 + [429] * 3
    assert all(int(page.headers["Retry-After"]) > 0 for page in pages[5:])
    assert site.client().get("/healthz").status_code == 200
    assert who(inside) == "alice"
    assert site.client().get("/login/").status_code == 200
    large = {"password": "x" * 70_000}
    for route in routes(site.app):
        if "POST" in route.methods:
            assert ask(site.client(), route.path, "POST", data=large).status_code in {404, 413}
