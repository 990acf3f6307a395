"""What signing in does: each promise of the contract over HTTP.

On every kind of database, by the fixture `site`; tables of headers and addresses, for which the
database cannot matter, on a file by the fixture `tester`.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import bcrypt
import flask_login
import pytest
from flask import Flask, get_flashed_messages, render_template_string
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from flask_login import user_logged_in
from sqlalchemy import func, inspect, select, text, update
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

import flask_gatehouse
from flask_gatehouse import Gatehouse, User, current_user, login_fresh, login_user, logout_user
from flask_gatehouse.db.base import Base
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester, settings_for_tests
from tests.forms import cookie, send, sign_in, token
from tests.newest import NEWEST

WRONG = "Invalid username or password."
OUT = "You have been logged out."
PLEASE = "Please log in to access this page."
ARGON2ID = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
OTHER_PASSWORD = "nine loud kettles"


def is_in(client: FlaskClient) -> bool:
    """Tell whether the protected area opens."""
    return client.get("/admin/").status_code == 200


def count(site: GatehouseTester, model: type[Base]) -> int:
    with site.work() as work:
        return work.db.scalar(select(func.count()).select_from(model)) or 0


def cookies_set(response: TestResponse) -> dict[str, "Morsel[str]"]:
    found = SimpleCookie()
    for header in response.headers.getlist("Set-Cookie"):
        found.load(header)
    return dict(found)


def thief_of(site: GatehouseTester, client: FlaskClient, *names: str) -> FlaskClient:
    """Return another browser with a copy of these cookies."""
    thief = site.client()
    for name in names:
        value = cookie(client, name)
        assert value is not None
        thief.set_cookie(name, value)
    return thief


def close_browser(client: FlaskClient) -> None:
    """Forget what browsers forget when they are closed: cookies without an expiry."""
    client.delete_cookie("gatehouse")
    client.delete_cookie("gatehouse_form")


def stored(site: GatehouseTester) -> str:
    """Return what is kept of the only password."""
    with site.work() as work:
        return work.db.scalars(select(Password.encoded)).one()


def keep_hash(site: GatehouseTester, encoded: str) -> None:
    with site.work() as work:
        work.db.execute(update(Password).values(encoded=encoded))


def suspend(site: GatehouseTester, name: str) -> None:
    with site.work() as work:
        users.suspend(work, user=users.named(work.db, name))


# 4.1


def test_4_1_a_user_is_a_row_made_by_a_migration(site: GatehouseTester) -> None:
    site.add_user("alice", email="alice@example.org")
    with site.work() as work:
        columns = work.db.execute(text("SELECT * FROM gatehouse_user")).mappings().one()
        made_by = work.db.scalar(text("SELECT version_num FROM gatehouse_schema"))
    assert made_by == NEWEST
    assert columns["username"] == "alice"
    assert columns["email"] == "alice@example.org"
    assert columns["active"]
    assert columns["created_at"] is not None
    assert columns["updated_at"] is not None


def test_4_1_the_password_hash_is_no_column_of_the_user(site: GatehouseTester) -> None:
    site.add_user()
    with site.work() as work:
        columns = work.db.execute(text("SELECT * FROM gatehouse_user")).mappings().one()
    assert not [name for name in columns if "password" in name or "hash" in name]
    assert ARGON2ID.fullmatch(stored(site))


def test_4_1_starting_the_site_makes_no_table(tmp_path: Path, make_site: Any) -> None:
    app = make_site(f"sqlite:///{tmp_path / 'fresh.db'}")
    assert app.test_client().get("/login/").status_code == 200
    with app.app_context():
        found = inspect(app.extensions["gatehouse"].works.engine).get_table_names()
    assert found == []


# 4.2


def test_4_2_only_an_argon2id_hash_is_stored(site: GatehouseTester) -> None:
    site.add_user("alice")
    assert ARGON2ID.fullmatch(stored(site))


def test_4_2_no_table_holds_the_password_after_sign_ins(site: GatehouseTester) -> None:
    site.add_user("alice")
    sign_in(site.client(), "alice", PASSWORD)
    sign_in(site.client(), PASSWORD, PASSWORD)
    sign_in(site.client(), "alice", OTHER_PASSWORD)
    with site.work() as work:
        held = [
            repr(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in work.db.execute(table.select())
        ]
    assert len(held) > 5
    assert [row for row in held if PASSWORD in row or OTHER_PASSWORD in row] == []


@pytest.mark.parametrize("attached", [True, False], ids=["in a session", "on its own"])
def test_4_2_set_password_and_check_password_exist_on_the_model(
    site: GatehouseTester, *, attached: bool
) -> None:
    alice = site.add_user("alice")
    with site.app.app_context(), site.work() as work:
        user = users.by_id(work.db, alice.id) if attached else alice
        assert user.check_password(PASSWORD)
        assert not user.check_password(OTHER_PASSWORD)
        work.db.rollback()
        user = users.by_id(work.db, alice.id) if attached else alice
        user.set_password(OTHER_PASSWORD)
    assert ARGON2ID.fullmatch(stored(site))
    assert sign_in(site.client(), "alice", PASSWORD).status_code == 401
    assert sign_in(site.client(), "alice", OTHER_PASSWORD).status_code == 303


@pytest.mark.parametrize("attached", [True, False], ids=["in a session", "on its own"])
def test_4_2_set_password_ends_the_sessions_of_before(
    site: GatehouseTester, *, attached: bool
) -> None:
    alice = site.add_user("alice")
    client = site.client(alice)
    assert is_in(client)
    with site.app.app_context(), site.work() as work:
        user = users.by_id(work.db, alice.id) if attached else alice
        user.set_password(OTHER_PASSWORD)
    assert not is_in(client)


@pytest.mark.parametrize("attached", [True, False], ids=["in a session", "on its own"])
def test_4_2_set_password_voids_an_open_invitation(
    site: GatehouseTester, *, attached: bool
) -> None:
    alice = site.add_user("alice", password=None)
    with site.work() as work:
        link = passwords.invite(work, user=users.by_id(work.db, alice.id))
    with site.app.app_context(), site.work() as work:
        user = users.by_id(work.db, alice.id) if attached else alice
        user.set_password(PASSWORD)
    stranger = site.client()
    stranger.get(f"/invitation/{link}/")
    assert stranger.get("/invitation/").status_code == 409
    assert sign_in(site.client(), "alice", PASSWORD).status_code == 303


def _django_pbkdf2() -> str:
    tag = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"salt", 1000)
    return f"pbkdf2_sha256$1000$salt${b64encode(tag).decode()}"


def _django_scrypt() -> str:
    tag = hashlib.scrypt(PASSWORD.encode(), salt=b"salt", n=1024, r=8, p=1, dklen=64)
    return f"scrypt$1024$salt$8$1${b64encode(tag).decode()}"


def _django_bcrypt_sha256() -> str:
    secret = hashlib.sha256(PASSWORD.encode()).hexdigest().encode()
    return "bcrypt_sha256$" + bcrypt.hashpw(secret, bcrypt.gensalt(4)).decode()


FOREIGN: dict[str, Callable[[], str]] = {
    "werkzeug scrypt": lambda: generate_password_hash(PASSWORD, method="scrypt:1024:8:1"),
    "werkzeug pbkdf2": lambda: generate_password_hash(PASSWORD, method="pbkdf2:sha256:1000"),
    "django pbkdf2": _django_pbkdf2,
    "django scrypt": _django_scrypt,
    "django bcrypt_sha256": _django_bcrypt_sha256,
    "bcrypt": lambda: bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_4_2_a_hash_of_another_system_is_accepted_and_replaced(
    site: GatehouseTester, kind: str
) -> None:
    site.add_user("alice")
    foreign = FOREIGN[kind]()
    keep_hash(site, foreign)

    assert sign_in(site.client(), "alice", OTHER_PASSWORD).status_code == 401
    assert stored(site) == foreign
    assert sign_in(site.client(), "alice", PASSWORD).status_code == 303
    renewed = stored(site)
    assert ARGON2ID.fullmatch(renewed)
    assert sign_in(site.client(), "alice", PASSWORD).status_code == 303
    assert stored(site) == renewed


def test_4_2_check_password_accepts_a_foreign_hash_and_replaces_nothing(
    site: GatehouseTester,
) -> None:
    alice = site.add_user("alice")
    foreign = FOREIGN["werkzeug scrypt"]()
    keep_hash(site, foreign)
    with site.app.app_context():
        assert alice.check_password(PASSWORD)
        assert not alice.check_password(OTHER_PASSWORD)
    assert stored(site) == foreign


def test_4_2_replacing_a_hash_ends_no_other_session(site: GatehouseTester) -> None:
    alice = site.add_user("alice")
    elsewhere = site.client(alice)
    keep_hash(site, FOREIGN["werkzeug scrypt"]())
    assert sign_in(site.client(), "alice", PASSWORD).status_code == 303
    assert is_in(elsewhere)


# 4.3


def add_windows(app: Flask) -> None:
    """Add views through which a test sees what views and templates see."""

    def who() -> ResponseReturnValue:
        return {
            "id": current_user.get_id(),
            "name": getattr(current_user, "username", None),
            "authenticated": current_user.is_authenticated,
            "active": current_user.is_active,
            "anonymous": current_user.is_anonymous,
            "template": render_template_string("{{ current_user.username or 'nobody' }}"),
        }

    def is_fresh() -> ResponseReturnValue:
        return {"fresh": bool(current_user.is_authenticated and login_fresh())}

    @flask_login.login_required  # type: ignore[untyped-decorator] # Flask-Login ships no types
    def old() -> str:
        return f"written for Flask-Login: {flask_login.current_user.username}"

    app.add_url_rule("/who", "who", who)
    app.add_url_rule("/old", "old", old)
    app.add_url_rule("/fresh", "fresh", is_fresh)
    app.add_url_rule(
        "/messages", "messages", lambda: {"said": get_flashed_messages(with_categories=True)}
    )


def fresh(client: FlaskClient) -> bool:
    answer = client.get("/fresh").json
    assert answer is not None
    return bool(answer["fresh"])


def test_4_3_current_user_is_the_person_in_views_and_templates(site: GatehouseTester) -> None:
    add_windows(site.app)
    alice = site.add_user("alice")
    client = site.client()
    sign_in(client, "alice")
    assert client.get("/who").json == {
        "id": str(alice.id),
        "name": "alice",
        "authenticated": True,
        "active": True,
        "anonymous": False,
        "template": "alice",
    }


def test_4_3_current_user_is_anonymous_for_everybody_else(site: GatehouseTester) -> None:
    add_windows(site.app)
    assert site.client().get("/who").json == {
        "id": None,
        "name": None,
        "authenticated": False,
        "active": False,
        "anonymous": True,
        "template": "nobody",
    }


def test_4_3_code_written_for_flask_login_sees_the_same_person(site: GatehouseTester) -> None:
    add_windows(site.app)
    site.add_user("alice")
    client = site.client()
    assert client.get("/old").status_code == 302
    sign_in(client, "alice")
    assert client.get("/old").text == "written for Flask-Login: alice"
    assert flask_gatehouse.current_user is flask_login.current_user


# 4.4


def vault() -> ResponseReturnValue:
    return "the vault"


def manager_of(site: GatehouseTester) -> flask_gatehouse.LoginManager:
    app: Any = site.app
    manager: flask_gatehouse.LoginManager = app.login_manager
    return manager


@pytest.mark.parametrize(
    ("wanted", "sent_to"),
    [
        ("/admin/", "/login/?next=%2Fadmin%2F"),
        ("/account/", "/login/?next=%2Faccount%2F"),
        ("/admin/people/?q=a&page=2", "/login/?next=%2Fadmin%2Fpeople%2F%3Fq%3Da%26page%3D2"),
    ],
)
def test_4_4_an_anonymous_visitor_is_sent_to_the_login_page(
    tester: GatehouseTester, wanted: str, sent_to: str
) -> None:
    client = tester.client()
    answer = client.get(wanted)
    assert answer.status_code == 302
    assert answer.location == sent_to
    page = client.get(answer.location)
    assert PLEASE in page.text
    assert PLEASE not in client.get("/login/").text


def test_4_4_after_signing_in_the_wanted_page_opens(site: GatehouseTester) -> None:
    site.add_user("alice", admin=True)
    client = site.client()
    login = client.get("/admin/people/?q=ali").location or ""
    page = client.get(login)
    hidden = re.search(r'name="next"[^>]* value="([^"]*)"', page.text)
    assert hidden is not None
    answer = client.post(
        "/login/",
        data={
            "csrf_token": token(page),
            "username": "alice",
            "password": PASSWORD,
            "next": hidden[1],
        },
    )
    assert answer.location == "/admin/people/?q=ali"
    assert client.get(answer.location).status_code == 200


def test_4_4_a_form_that_needs_a_sign_in_is_not_replayed(site: GatehouseTester) -> None:
    guarded = flask_gatehouse.login_required(vault)
    site.app.add_url_rule("/order", "order", guarded, methods=["POST"])
    answer = site.client().post("/order")
    assert answer.status_code == 303
    assert answer.location == "/login/"


def test_4_4_login_view_and_message_may_be_set(site: GatehouseTester) -> None:
    add_windows(site.app)
    manager = manager_of(site)
    manager.login_view = "site.home"
    manager.login_message = "Who goes there?"
    manager.login_message_category = "warning"
    client = site.client()
    assert client.get("/admin/").location == "/?next=%2Fadmin%2F"
    assert client.get("/messages").json == {"said": [["warning", "Who goes there?"]]}


def test_4_4_without_a_login_view_the_answer_is_401(site: GatehouseTester) -> None:
    manager_of(site).login_view = None
    answer = site.client().get("/admin/")
    assert answer.status_code == 401
    assert "Location" not in answer.headers


# 4.5


def test_4_5_the_form_has_its_fields(site: GatehouseTester) -> None:
    # The first form of the page; another way in may have one behind it.
    page = site.client().get("/login/?next=/account/").text.partition("</form>")[0]
    inputs = {
        match["name"]: match[0]
        for match in re.finditer(r'<input\b[^>]*\bname="(?P<name>[^"]+)"[^>]*>', page)
    }
    assert inputs.keys() == {"csrf_token", "next", "username", "password", "remember"}
    assert 'type="password"' in inputs["password"]
    assert 'type="checkbox"' in inputs["remember"]
    assert "checked" not in inputs["remember"]
    assert 'type="hidden"' in inputs["next"]
    assert 'value="/account/"' in inputs["next"]


def _no_token(site: GatehouseTester, client: FlaskClient) -> dict[str, str]:
    del site
    client.get("/login/")
    return {}


def _spoilt_token(site: GatehouseTester, client: FlaskClient) -> dict[str, str]:
    del site
    return {"csrf_token": token(client.get("/login/"))[:-1] + "~"}


def _token_of_somebody_else(site: GatehouseTester, client: FlaskClient) -> dict[str, str]:
    client.get("/login/")
    return {"csrf_token": token(site.client().get("/login/"))}


def _token_without_its_cookie(site: GatehouseTester, client: FlaskClient) -> dict[str, str]:
    made = token(client.get("/login/"))
    client.delete_cookie(site.app.config["SESSION_COOKIE_NAME"])
    return {"csrf_token": made}


@pytest.mark.parametrize(
    "fields", [_no_token, _spoilt_token, _token_of_somebody_else, _token_without_its_cookie]
)
def test_4_5_without_its_token_nothing_happens(
    site: GatehouseTester, fields: Callable[[GatehouseTester, FlaskClient], dict[str, str]]
) -> None:
    site.add_user("alice")
    client = site.client()
    given = fields(site, client)
    answer = client.post("/login/", data={"username": "alice", "password": PASSWORD, **given})
    assert answer.status_code == 400
    assert "gatehouse" not in cookies_set(answer)
    assert count(site, Session) == 0
    assert count(site, Counter) == 0
    assert not is_in(client)


def test_4_5_a_token_from_before_the_sign_in_is_worth_nothing_after_it(
    site: GatehouseTester,
) -> None:
    site.add_user("alice")
    client = site.client()
    before = token(client.get("/login/"))
    sign_in(client, "alice")
    assert client.post("/logout/", data={"csrf_token": before}).status_code == 400
    assert is_in(client)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_4_5_a_form_of_another_site_is_refused_even_with_a_token(
    tester: GatehouseTester, headers: dict[str, str]
) -> None:
    tester.add_user("alice")
    client = tester.client()
    fields = {"username": "alice", "password": PASSWORD, "csrf_token": token(client.get("/login/"))}
    assert client.post("/login/", data=fields, headers=headers).status_code == 400
    assert count(tester, Session) == 0


# 4.6


@pytest.mark.parametrize("name", ["alice", "ALICE", " alice ", "alice@example.org"])
def test_4_6_right_name_and_password_sign_in(site: GatehouseTester, name: str) -> None:
    site.add_user("alice", email="Alice@Example.org")
    client = site.client()
    answer = sign_in(client, name)
    assert answer.status_code == 303
    assert answer.location == "/admin/"
    page = client.get("/admin/").text
    assert "alice" in page
    assert "Alice@Example.org" in page


@pytest.mark.parametrize("wanted", ["/account/", "/account/?a=1&b=2", "/", "/healthz"])
def test_4_6_a_path_on_this_site_is_where_one_arrives(tester: GatehouseTester, wanted: str) -> None:
    tester.add_user("alice")
    assert sign_in(tester.client(), next=wanted).location == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/%5cevil.example",
        "/%2f%2fevil.example",
        "/./%2fevil.example",
        "/..//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/\tevil",
        "/a\r\nSet-Cookie: a=b",
        "http:/evil.example",
        "",
        "/login/",
        "/login",
        "/logout/",
        "/logout",
        "/logout/?a=b",
        "/" + "a" * 3000,
    ],
)
def test_4_6_anywhere_else_is_the_admin_page(tester: GatehouseTester, wanted: str) -> None:
    tester.add_user("alice")
    assert sign_in(tester.client(), next=wanted).location == "/admin/"


# 4.7


def test_4_7_without_remember_the_cookie_has_no_expiry(site: GatehouseTester) -> None:
    site.add_user("alice")
    given = cookies_set(sign_in(site.client()))
    assert "gatehouse_remember" not in given
    session = given["gatehouse"]
    assert not session["expires"]
    assert not session["max-age"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert session["path"] == "/"
    assert not session["domain"]


def test_4_7_without_remember_closing_the_browser_signs_out(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    close_browser(client)
    assert not is_in(client)


def test_4_7_an_unused_session_ends_at_the_idle_limit(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    site.clock.move(timedelta(minutes=59))
    assert is_in(client)
    site.clock.move(timedelta(minutes=60))
    assert not is_in(client)


def test_4_7_a_session_in_use_ends_at_the_absolute_limit(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    for _ in range(47):
        site.clock.move(timedelta(minutes=30))
        assert is_in(client)
    site.clock.move(timedelta(minutes=30))
    assert not is_in(client)


def test_4_7_remember_sets_a_cookie_for_thirty_days(site: GatehouseTester) -> None:
    site.add_user("alice")
    given = cookies_set(sign_in(site.client(), remember="y"))
    assert not given["gatehouse"]["max-age"]
    assert given["gatehouse_remember"]["max-age"] == str(30 * 24 * 3600)
    assert given["gatehouse_remember"]["httponly"]
    assert given["gatehouse_remember"].value != given["gatehouse"].value


def test_4_7_a_remembering_browser_comes_back_not_fresh(site: GatehouseTester) -> None:
    add_windows(site.app)
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    assert fresh(client)
    close_browser(client)
    assert is_in(client)
    assert not fresh(client)


def test_4_7_a_remembering_browser_is_asked_again_for_what_needs_a_fresh_session(
    site: GatehouseTester,
) -> None:
    site.app.add_url_rule("/vault", "vault", flask_gatehouse.fresh_login_required(vault))
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    assert client.get("/vault").text == "the vault"
    close_browser(client)
    assert client.get("/vault").location == "/confirm/?next=%2Fvault"


def test_4_7_a_browser_that_keeps_coming_is_forgotten_after_thirty_days(
    site: GatehouseTester,
) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    close_browser(client)
    for _ in range(29):
        site.clock.move(timedelta(days=1))
        assert is_in(client)
    site.clock.move(timedelta(hours=23))
    assert is_in(client)
    site.clock.move(timedelta(hours=1))
    assert not is_in(client)


def test_4_7_being_remembered_outlives_the_idle_limit_of_the_session(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    site.clock.move(timedelta(days=3))
    assert is_in(client)


@pytest.mark.parametrize("remember", ["y", ""])
def test_4_7_signing_in_again_decides_anew_whether_to_remember(
    site: GatehouseTester, remember: str
) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    client.post("/logout/", data={"csrf_token": token(client.get("/account/"))})
    sign_in(client, **({"remember": remember} if remember else {}))
    close_browser(client)
    assert is_in(client) is bool(remember)


# 4.8


def _unknown(site: GatehouseTester) -> tuple[str, str]:
    del site
    return "nobody", PASSWORD


def _wrong(site: GatehouseTester) -> tuple[str, str]:
    site.add_user("alice")
    return "alice", OTHER_PASSWORD


def _suspended(site: GatehouseTester) -> tuple[str, str]:
    site.add_user("alice")
    suspend(site, "alice")
    return "alice", PASSWORD


def _invited(site: GatehouseTester) -> tuple[str, str]:
    site.add_user("alice", password=None)
    return "alice", PASSWORD


def _impossible_name(site: GatehouseTester) -> tuple[str, str]:
    del site
    return "no such\nname\t\u202e", PASSWORD


def _unknown_address(site: GatehouseTester) -> tuple[str, str]:
    del site
    return "nobody@example.org", PASSWORD


@pytest.mark.parametrize(
    "made", [_unknown, _wrong, _suspended, _invited, _impossible_name, _unknown_address]
)
def test_4_8_every_wrong_sign_in_is_answered_alike(
    site: GatehouseTester, made: Callable[[GatehouseTester], tuple[str, str]]
) -> None:
    name, password = made(site)
    pool = site.app.extensions["gatehouse"].house.part(Hashes).pool
    client = site.client()
    page = client.get("/login/")
    hashed = pool.hashes_done
    answer = client.post(
        "/login/", data={"csrf_token": token(page), "username": name, "password": password}
    )
    # One hash each, known or unknown: that is what makes the time the same.
    assert pool.hashes_done == hashed + 1
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert 'name="password"' in answer.text
    assert password not in answer.text
    assert "gatehouse" not in cookies_set(answer)
    assert count(site, Session) == 0


def test_4_8_the_pages_for_known_and_unknown_do_not_differ(site: GatehouseTester) -> None:
    site.add_user("alice")
    pages = []
    for name in ("alice", "nobody"):
        client = site.client()
        page = sign_in(client, name, OTHER_PASSWORD)
        pages.append(page.text.replace(token(page), "").replace(name, ""))
        pages.append(str(sorted(page.headers.keys())))
    assert pages[:2] == pages[2:]


def test_4_8_a_wrong_password_keeps_name_and_wanted_page(site: GatehouseTester) -> None:
    page = sign_in(site.client(), "nobody", OTHER_PASSWORD, next="/account/").text
    assert 'value="nobody"' in page
    assert 'value="/account/"' in page


@pytest.mark.parametrize("fields", [{"username": ""}, {"password": ""}, {"username": "\0"}])
def test_4_8_something_missing_is_wrong_as_well(
    site: GatehouseTester, fields: dict[str, str]
) -> None:
    site.add_user("alice")
    answer = sign_in(site.client(), **{"username": "alice", "password": PASSWORD, **fields})
    assert answer.status_code == 401
    assert WRONG in answer.text


@pytest.mark.parametrize("password", ["x" * 60_000, "a\0b", "\ud800".encode("utf-8", "replace")])
def test_4_8_a_password_that_nobody_can_have_is_wrong(
    tester: GatehouseTester, password: str | bytes
) -> None:
    tester.add_user("alice")
    client = tester.client()
    answer = send(client, "/login/", username="alice", password=password)
    assert answer.status_code == 401
    assert WRONG in answer.text


# 4.9


def test_4_9_the_link_on_the_admin_page_leads_to_the_login_page(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    found = re.search(r'href="(/logout/)"', client.get("/admin/").text)
    assert found is not None
    answer = client.get(found[1], headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    assert answer.location == "/login/"
    assert OUT in client.get("/login/").text
    assert not is_in(client)


def test_4_9_a_post_with_the_token_ends_the_session_at_once(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    answer = client.post("/logout/", data={"csrf_token": token(client.get("/account/"))})
    assert (answer.status_code, answer.location) == (303, "/login/")
    assert OUT in client.get("/login/").text
    assert count(site, Session) == 0


def test_4_9_a_post_without_the_token_ends_nothing(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    assert client.post("/logout/").status_code == 400
    assert is_in(client)


_REFERRED = "http://localhost/admin/"


@pytest.mark.parametrize(
    ("headers", "ends"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}, True),
        ({"Referer": _REFERRED}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Referer": _REFERRED}, False),
        ({"Sec-Fetch-Site": "", "Referer": _REFERRED}, False),
        ({"Sec-Fetch-Site": "SAME-ORIGIN"}, False),
        ({}, False),
        ({"Referer": ""}, False),
        ({"Referer": "https://evil.example/"}, False),
        ({"Referer": "http://localhost.evil.example/"}, False),
        ({"Referer": "http://evil.example/http://localhost/"}, False),
        ({"Referer": "http://evil@localhost/"}, False),
        ({"Referer": "https://localhost/admin/"}, False),
        ({"Referer": "http://localhost:81/admin/"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Purpose": "prefetch"}, False),
        ({"Sec-Fetch-Site": "none", "Sec-Purpose": "prefetch;prerender"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Purpose": "prefetch"}, False),
        ({"Referer": _REFERRED, "Purpose": "prefetch"}, False),
    ],
    ids=str,
)
def test_4_9_a_link_ends_the_session_only_if_followed_on_this_site(
    tester: GatehouseTester, headers: dict[str, str], *, ends: bool
) -> None:
    client = tester.client(tester.add_user("alice"))
    answer = client.get("/logout/", headers=headers)
    assert answer.status_code == (303 if ends else 200)
    assert is_in(client) is not ends


def test_4_9_any_other_link_shows_a_page_with_one_button(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    page = client.get("/logout/", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.text.count("<button") == 1
    assert page.text.count("<form") == 1
    answer = client.post("/logout/", data={"csrf_token": token(page)})
    assert answer.location == "/login/"
    assert not is_in(client)


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_4_9_head_ends_nothing(site: GatehouseTester, headers: dict[str, str]) -> None:
    client = site.client(site.add_user("alice"))
    assert client.head("/logout/", headers=headers).status_code == 200
    assert is_in(client)


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH"])
def test_4_9_no_other_method_ends_anything(tester: GatehouseTester, method: str) -> None:
    client = tester.client(tester.add_user("alice"))
    answer = client.open("/logout/", method=method, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == (200 if method == "OPTIONS" else 405)
    assert is_in(client)


@pytest.mark.parametrize(
    "copied", [("gatehouse",), ("gatehouse_remember",), ("gatehouse", "gatehouse_remember")]
)
def test_4_9_copied_cookies_are_dead_after_logging_out(
    site: GatehouseTester, copied: tuple[str, ...]
) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    thief = thief_of(site, client, *copied)
    assert is_in(thief)
    client.get("/logout/", headers={"Sec-Fetch-Site": "same-origin"})
    assert not is_in(thief)
    assert count(site, Session) == 0


def test_4_9_logging_out_as_a_remembered_person_ends_both(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    thief = thief_of(site, client, "gatehouse")
    close_browser(client)
    assert is_in(client)
    client.get("/logout/", headers={"Sec-Fetch-Site": "none"})
    assert not is_in(thief)
    assert not is_in(client)


def test_4_9_logging_out_here_leaves_other_browsers_alone(site: GatehouseTester) -> None:
    alice = site.add_user("alice")
    here, there, somebody = site.client(alice), site.client(alice), site.client(site.add_user("bo"))
    here.get("/logout/", headers={"Sec-Fetch-Site": "none"})
    assert [is_in(each) for each in (here, there, somebody)] == [False, True, True]


def test_4_9_logging_out_takes_the_cookies_away(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    answer = client.get("/logout/", headers={"Sec-Fetch-Site": "none"})
    given = cookies_set(answer)
    assert [given[name]["max-age"] for name in ("gatehouse", "gatehouse_remember")] == ["0", "0"]
    assert cookie(client) is None
    assert cookie(client, "gatehouse_remember") is None


def test_4_9_logging_out_twice_is_no_error(site: GatehouseTester) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client)
    for _ in range(2):
        answer = client.get("/logout/", headers={"Sec-Fetch-Site": "none"})
        assert (answer.status_code, answer.location) == (303, "/login/")


# 4.10


@pytest.mark.parametrize("remembered", [False, True])
def test_4_10_a_signed_in_person_is_sent_on_to_the_admin_page(
    site: GatehouseTester, *, remembered: bool
) -> None:
    site.add_user("alice")
    client = site.client()
    sign_in(client, remember="y")
    if remembered:
        close_browser(client)
    answer = client.get("/login/")
    assert answer.status_code == 303
    assert answer.location == "/admin/"


@pytest.mark.parametrize("wanted", ["/login/", "/logout/", "//evil.example/"])
def test_4_10_being_sent_on_never_leads_in_circles_or_away(
    tester: GatehouseTester, wanted: str
) -> None:
    client = tester.client(tester.add_user("alice"))
    answer = client.get("/login/", query_string={"next": wanted})
    assert answer.location == "/admin/"


# 4.11


def make_host(url: str, home: Path) -> Flask:
    """Return a host application whose own views open and end sessions."""
    app = Flask("host")
    app.config.update(settings_for_tests(home), GATEHOUSE_DATABASE_URL=url)
    Gatehouse(app)
    add_windows(app)

    @app.post("/enter/<name>/<remember>")
    def enter(name: str, remember: str) -> ResponseReturnValue:
        with Gatehouse.unit_of_work() as work:
            user = work.db.scalars(select(User).where(User.username == name)).one()
        return {"entered": login_user(user, remember=remember == "yes")}

    @app.post("/leave")
    def leave() -> ResponseReturnValue:
        return {"left": logout_user(), "anonymous": current_user.is_anonymous}

    return app


@pytest.fixture
def host(database_url: str, tmp_path: Path) -> Iterator[GatehouseTester]:
    app = make_host(database_url, tmp_path)
    yield GatehouseTester(app)
    app.extensions["gatehouse"].works.engine.dispose()


def test_4_11_login_user_opens_a_session_on_the_server(host: GatehouseTester) -> None:
    host.add_user("alice")
    client = host.client()
    answer = client.post("/enter/alice/no")
    assert answer.json == {"entered": True}
    assert not cookies_set(answer)["gatehouse"]["max-age"]
    assert is_in(client)
    assert count(host, Session) == 1


def test_4_11_the_hosts_own_session_holds_no_word_of_it(host: GatehouseTester) -> None:
    alice = host.add_user("alice")
    client = host.client()
    client.post("/enter/alice/yes")
    with client.session_transaction() as kept:
        assert str(alice.id) not in str(dict(kept))
        assert not {"_user_id", "_fresh", "_id", "_remember"} & kept.keys()


def test_4_11_login_user_remembers_as_the_form_does(host: GatehouseTester) -> None:
    host.add_user("alice")
    client = host.client()
    answer = client.post("/enter/alice/yes")
    assert cookies_set(answer)["gatehouse_remember"]["max-age"] == str(30 * 24 * 3600)
    close_browser(client)
    assert is_in(client)


def test_4_11_logout_user_ends_it_for_every_copy(host: GatehouseTester) -> None:
    host.add_user("alice")
    client = host.client()
    client.post("/enter/alice/yes")
    thief = thief_of(host, client, "gatehouse", "gatehouse_remember")
    assert client.post("/leave").json == {"left": True, "anonymous": True}
    assert not is_in(client)
    assert not is_in(thief)
    assert count(host, Session) == 0


def test_4_11_the_hosts_view_and_our_pages_share_one_session(host: GatehouseTester) -> None:
    host.add_user("alice")
    client = host.client()
    client.post("/enter/alice/no")
    client.get("/logout/", headers={"Sec-Fetch-Site": "same-origin"})
    assert client.get("/old").status_code == 302
    sign_in(client, "alice")
    assert client.get("/old").text == "written for Flask-Login: alice"
    client.post("/leave")
    assert not is_in(client)


def test_4_11_a_session_planted_before_is_worth_nothing_after(host: GatehouseTester) -> None:
    host.add_user("alice")
    host.add_user("mallory")
    mallory = host.client()
    mallory.post("/enter/mallory/no")
    victim = thief_of(host, mallory, "gatehouse")
    victim.post("/enter/alice/no")
    assert not is_in(mallory)
    assert victim.get("/old").text == "written for Flask-Login: alice"


def test_4_11_a_suspended_person_does_not_come_in(host: GatehouseTester) -> None:
    host.add_user("alice")
    suspend(host, "alice")
    client = host.client()
    assert client.post("/enter/alice/yes").json == {"entered": False}
    assert count(host, Session) == 0
    assert not is_in(client)


def test_4_11_login_and_logout_work_on_the_page_they_happen_on(host: GatehouseTester) -> None:
    host.add_user("alice")
    client = host.client()
    assert client.get("/who").json is not None
    client.post("/enter/alice/no")
    who = client.get("/who").json
    assert who is not None
    assert who["name"] == "alice"
    client.post("/leave")
    who = client.get("/who").json
    assert who is not None
    assert who["anonymous"]


def test_4_6_an_error_of_whoever_listens_hands_out_no_session(site: GatehouseTester) -> None:
    site.add_user()

    def fail(_sender: object, **_: object) -> None:
        raise RuntimeError

    client = site.client()
    with user_logged_in.connected_to(fail, sender=site.app):
        refused = sign_in(client)
    assert refused.status_code == 500
    assert cookie(client) is None
    assert client.get("/admin/").status_code == 302
