"""Being remembered restores who somebody is, and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from flask_gatehouse import User, fresh_login_required
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.rules import REMEMBERED
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import (
    REMEMBER,
    SESSION,
    change_password,
    remembering,
    rows,
    suspend,
    who,
    with_cookies,
)


@pytest.fixture
def careful(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The site with a page for which one must have proven oneself."""
    app = make_site(sqlite_url)

    @app.route("/careful/", methods=["GET", "POST"])
    @fresh_login_required
    def careful_page() -> str:
        return "done"

    return GatehouseTester(app)


def test_rem_01_a_remembered_browser_is_never_fresh(careful: GatehouseTester) -> None:
    user = careful.add_user()
    fresh, remembered = careful.client(user), remembering(careful, user)
    assert who(remembered) == "alice"
    assert fresh.get("/careful/").text == "done"
    for method in ("GET", "HEAD", "POST"):
        page = remembered.open("/careful/", method=method)
        assert page.status_code in {302, 303, 400, 401}
        assert "done" not in page.text


def test_rem_01_neither_use_nor_visiting_the_login_page_makes_it_fresh(
    careful: GatehouseTester,
) -> None:
    client = remembering(careful, careful.add_user())
    for path in ("/", "/login/", "/admin/", "/account/", "/logout/"):
        client.get(path)
        assert "done" not in client.get("/careful/").text
    token = forms.token(client.get("/logout/"))
    client.post("/login/", data={"csrf_token": token, "username": "alice", "password": "wrong"})
    assert "done" not in client.get("/careful/").text


def test_rem_01_the_remembered_handle_in_the_other_cookie_is_no_more(
    careful: GatehouseTester,
) -> None:
    value = forms.cookie(remembering(careful, careful.add_user()), REMEMBER)
    moved = with_cookies(careful, **{SESSION: value})
    assert "done" not in moved.get("/careful/").text


def by_logout(tester: GatehouseTester, user: User) -> None:
    client = tester.client()
    for name, value in KEPT.items():
        client.set_cookie(name, value)
    forms.send(client, "/logout/")


def by_end_sessions(tester: GatehouseTester, user: User) -> None:
    args = ["gatehouse", "users", "end-sessions", user.username]
    assert tester.app.test_cli_runner().invoke(args=args).exit_code == 0


def by_new_password(tester: GatehouseTester, user: User) -> None:
    change_password(tester, user.username, "nine patient otters swim")


def by_suspension(tester: GatehouseTester, user: User) -> None:
    suspend(tester, user.username)


def by_suspension_and_return(tester: GatehouseTester, user: User) -> None:
    suspend(tester, user.username)
    args = ["gatehouse", "users", "restore", user.username]
    assert tester.app.test_cli_runner().invoke(args=args).exit_code == 0


KEPT: dict[str, str] = {}


@pytest.mark.parametrize(
    "end",
    [by_logout, by_end_sessions, by_new_password, by_suspension, by_suspension_and_return],
)
def test_rem_03_whatever_ends_sessions_ends_being_remembered(
    site: GatehouseTester, end: Callable[[GatehouseTester, User], None]
) -> None:
    user = site.add_user()
    client = site.client()
    forms.sign_in(client, remember="y")
    KEPT.clear()
    KEPT.update({name: forms.cookie(client, name) or "" for name in (SESSION, REMEMBER)})
    only = with_cookies(site, **{REMEMBER: KEPT[REMEMBER]})
    assert who(only) == "alice"

    end(site, user)

    assert who(only) == "nobody"
    assert who(client) == "nobody"


def test_rem_03_logging_out_of_the_session_alone_forgets_as_well(site: GatehouseTester) -> None:
    site.add_user()
    client = site.client()
    forms.sign_in(client, remember="y")
    kept = forms.cookie(client, REMEMBER)
    client.delete_cookie(REMEMBER)
    forms.send(client, "/logout/")
    assert who(with_cookies(site, **{REMEMBER: kept})) == "nobody"


def test_rem_04_what_is_remembered_is_random(site: GatehouseTester) -> None:
    user = site.add_user("alice", email="alice@example.org")
    values = [forms.cookie(remembering(site, user), REMEMBER) or "" for _ in range(10)]
    secrets = [value.rpartition(".")[2] for value in values]
    assert len(set(secrets)) == 10
    assert all(len(secret) == 43 for secret in secrets)
    # No two of them share more than chance would give them.
    alike = max(
        sum(a == b for a, b in zip(one, other, strict=True))
        for number, one in enumerate(secrets)
        for other in secrets[:number]
    )
    assert alike < 12
    kept = [row for row in rows(site, Session) if row.kind == REMEMBERED]
    assert len({row.digest for row in kept}) == 10
    for value in (str(user.id), user.username, "", "None", "null"):
        assert who(with_cookies(site, **{REMEMBER: value})) == "nobody"


def test_rem_04_one_browser_that_forgets_leaves_the_others(site: GatehouseTester) -> None:
    user = site.add_user()
    one, other = remembering(site, user), remembering(site, user)
    forms.send(one, "/logout/")
    assert who(one) == "nobody"
    assert who(other) == "alice"


def test_rem_04_the_cookie_asks_for_no_more_than_thirty_days(site: GatehouseTester) -> None:
    site.add_user()
    page = forms.sign_in(site.client(), remember="y")
    (line,) = [
        line for line in page.headers.getlist("Set-Cookie") if line.startswith(f"{REMEMBER}=")
    ]
    assert f"Max-Age={int(timedelta(days=30).total_seconds())}" in line
