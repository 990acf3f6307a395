"""OWASP ASVS 5.0, V7.1 to V7.5: sessions from their beginning to their end."""

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from flask_login import confirm_login

from flask_gatehouse import fresh_login_required, login_required
from flask_gatehouse.core import tokens
from flask_gatehouse.core.settings import written
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.walk import (
    REMEMBER,
    SESSION,
    Visit,
    change_password,
    count,
    events,
    handle_like,
    invitation_for,
    remembering,
    rows,
    who,
    with_cookies,
)

DOCS = Path(__file__).parents[2] / "docs"


def test_asvs_7_1_1_every_limit_is_written_down_with_its_value() -> None:
    page = (DOCS / "security.md").read_text("utf-8")
    for each in fields(SessionSettings):
        key = f"`GATEHOUSE_SESSIONS_{each.name.upper()}`"
        (line,) = [line for line in page.splitlines() if key in line]
        assert f"| {written(each.default)} |" in line


def test_asvs_7_1_2_one_sign_in_too_many_ends_the_oldest(site: GatehouseTester) -> None:
    user = site.add_user()
    clients = []
    for _ in range(21):
        site.clock.move(timedelta(seconds=1))
        clients.append(site.client(user))
    assert [who(client) for client in clients] == ["nobody"] + ["alice"] * 20
    assert count(site, Session) == 20


def test_asvs_7_1_2_nobody_else_loses_a_session_by_it(site: GatehouseTester) -> None:
    bystander = site.client(site.add_user("bob"))
    user = site.add_user("alice")
    for _ in range(22):
        site.client(user)
    assert who(bystander) == "bob"


def test_asvs_7_2_1_one_character_more_or_less_is_nobody(site: GatehouseTester) -> None:
    client = site.client(site.add_user())
    value = forms.cookie(client, SESSION) or ""
    for place in range(0, len(value), 5):
        letter = "A" if value[place] != "A" else "B"
        flipped = value[:place] + letter + value[place + 1 :]
        assert who(with_cookies(site, **{SESSION: flipped})) == "nobody", place
    with client.session_transaction() as kept:
        kept["_user_id"] = kept["user_id"] = "1"
    assert who(client) == "alice"


def test_asvs_7_2_2_each_sign_in_gets_a_handle_of_its_own(site: GatehouseTester) -> None:
    user = site.add_user()
    assert len({forms.cookie(site.client(user), SESSION) for _ in range(8)}) == 8
    for value in (str(user.id), user.username, str(site.app.config["SECRET_KEY"]), "api-key"):
        assert who(with_cookies(site, **{SESSION: value})) == "nobody"


def test_asvs_7_2_3_a_handle_has_256_random_bits_and_only_its_digest_is_kept(
    site: GatehouseTester,
) -> None:
    from base64 import urlsafe_b64decode  # noqa: PLC0415 - only here

    client = site.client(site.add_user())
    secret = (forms.cookie(client, SESSION) or "").rpartition(".")[2]
    assert len(urlsafe_b64decode(f"{secret}=")) == 32
    (row,) = rows(site, Session)
    assert len(row.digest) == 32
    assert secret not in repr([getattr(row, column.key) for column in Session.__table__.columns])
    assert urlsafe_b64decode(f"{secret}=") != row.digest


def test_asvs_7_2_3_ten_thousand_handles_are_ten_thousand() -> None:
    made = {tokens.new_secret() for _ in range(10_000)}
    assert len(made) == 10_000
    for place in range(42):
        assert len({secret[place] for secret in made}) == 64


def test_asvs_7_2_4_every_proof_gives_a_new_handle_and_ends_the_old_one(
    make_site: MakeSite, database_url: str
) -> None:
    app = make_site(database_url)

    @app.post("/again/")
    @login_required
    def again() -> str:
        confirm_login()
        return "again"

    tester = GatehouseTester(app)
    tester.add_user()
    client = tester.client()
    planted = handle_like()
    client.set_cookie(SESSION, planted)
    seen = [planted]
    forms.sign_in(client)
    seen.append(forms.cookie(client, SESSION) or "")
    assert client.post("/again/").text == "again"
    seen.append(forms.cookie(client, SESSION) or "")
    assert who(client) == "alice"
    assert len(set(seen)) == 3
    for old in seen[:-1]:
        assert who(with_cookies(tester, **{SESSION: old})) == "nobody"

    # Signing in again, in a browser whose session was copied before.
    client.delete_cookie("gatehouse_form")
    copy = seen[-1]
    forms.send(client, "/logout/")
    client.set_cookie(SESSION, copy)
    forms.sign_in(client)
    assert who(with_cookies(tester, **{SESSION: copy})) == "nobody"


def test_asvs_7_3_1_an_idle_session_is_over(site: GatehouseTester) -> None:
    client = site.client(site.add_user())
    site.clock.move(timedelta(minutes=59))
    assert who(client) == "alice"
    site.clock.move(timedelta(minutes=59))
    assert who(client) == "alice"
    site.clock.move(timedelta(hours=1, seconds=1))
    assert who(client) == "nobody"


def test_asvs_7_3_2_no_activity_outlives_the_absolute_limit(site: GatehouseTester) -> None:
    user = site.add_user()
    client, back = site.client(user), remembering(site, user)
    for _ in range(6 * 24 - 1):
        site.clock.move(timedelta(minutes=10))
        if _ % 3 == 0:
            assert who(client) == "alice"
    site.clock.move(timedelta(minutes=10))
    assert who(client) == "nobody"
    for _ in range(29):
        assert who(back) == "alice"
        site.clock.move(timedelta(days=1))
    assert who(back) == "nobody"


def test_asvs_7_4_1_what_was_copied_is_dead_after_the_logout(site: GatehouseTester) -> None:
    site.add_user()
    client = site.client()
    forms.sign_in(client, remember="y")
    copies = {name: forms.cookie(client, name) for name in (SESSION, REMEMBER)}
    forms.send(client, "/logout/")
    for name, value in copies.items():
        assert who(with_cookies(site, **{name: value})) == "nobody"
    assert count(site, Session) == 0


def test_asvs_7_4_2_suspending_ends_everything_at_once(site: GatehouseTester) -> None:
    user = site.add_user("alice")
    site.add_user("bob")
    held = [site.client(user), site.client(user), remembering(site, user)]
    bystander = site.client()
    forms.sign_in(bystander, "bob")
    invited = site.client()
    invited.get(invitation_for(site, user))
    done = site.app.test_cli_runner().invoke(args=["gatehouse", "users", "suspend", "alice"])
    assert done.exit_code == 0
    assert [who(client) for client in held] == ["nobody"] * 3
    assert invited.get("/invitation/").status_code == 409
    assert who(bystander) == "bob"
    site.app.test_cli_runner().invoke(args=["gatehouse", "users", "restore", "alice"])
    assert [who(client) for client in held] == ["nobody"] * 3


def by_command(tester: GatehouseTester) -> None:
    change_password(tester, "alice", "nine patient otters swim")


def by_invitation(tester: GatehouseTester) -> None:
    from flask_gatehouse.features.users import service as users  # noqa: PLC0415 - only here

    with tester.work() as work:
        user = users.named(work.db, "alice")
    client = tester.client()
    client.get(invitation_for(tester, user))
    assert (
        forms.send(client, "/invitation/", password="nine patient otters swim").status_code == 303
    )
    assert who(client) == "nobody"


@pytest.mark.parametrize("change", [by_command, by_invitation])
def test_asvs_7_4_3_a_new_password_ends_every_session(
    site: GatehouseTester, change: Callable[[GatehouseTester], None]
) -> None:
    user = site.add_user()
    held = [site.client(user), remembering(site, user)]
    change(site)
    assert [who(client) for client in held] == ["nobody"] * 2


def test_asvs_7_4_4_every_page_of_somebody_signed_in_has_a_way_out(
    every_page: Sequence[Visit],
) -> None:
    form = re.compile(r'<form\b(?=[^>]*method="post")(?=[^>]*action="/logout/")', re.IGNORECASE)
    for kind, route, page in every_page:
        if kind in {"anonymous", "suspended"}:
            continue
        if page.mimetype == "text/html" and page.status_code == 200:
            assert form.search(page.text), (kind, route.path)


def test_asvs_7_4_5_an_administrator_ends_all_sessions_of_somebody(site: GatehouseTester) -> None:
    user = site.add_user("alice")
    bystander = site.client(site.add_user("bob"))
    held = [site.client(user), remembering(site, user)]
    args = ["gatehouse", "users", "end-sessions", "alice"]
    assert site.app.test_cli_runner().invoke(args=args).exit_code == 0
    assert [who(client) for client in held] == ["nobody"] * 2
    assert who(bystander) == "bob"
    (row,) = [each for each in events(site, "sessions.ended") if each.user_id == user.id]
    assert row.channel == "command"
    assert forms.sign_in(site.client(), "alice", PASSWORD).status_code == 303


def test_asvs_7_5_2_a_person_sees_their_sessions_and_ends_them_after_a_proof(
    site: GatehouseTester,
) -> None:
    user = site.add_user("alice")
    here, there = site.client(user), site.client(user)
    page = here.get("/account/devices/")
    assert page.text.count("<article") == 2
    for told in ("This one", "Address", "First seen", "Last seen", "Proven by"):
        assert told in page.text
    site.clock.move(timedelta(minutes=5))
    path, form = "/account/devices/end-others/", {"csrf_token": forms.token(page)}
    assert here.post(path, data=form).location.startswith("/confirm/")
    assert who(there) == "alice"
    assert forms.send(here, "/confirm/", password=PASSWORD).status_code == 303
    form = {"csrf_token": forms.token(here.get("/account/devices/"))}
    assert here.post(path, data=form).location == "/account/devices/"
    assert [who(client) for client in (here, there)] == ["alice", "nobody"]


def test_asvs_7_5_3_a_page_may_ask_for_a_recent_proof(site: GatehouseTester) -> None:
    @site.app.get("/export/")
    @fresh_login_required(within=timedelta(minutes=1))
    def export() -> str:
        return "everything"

    client = site.client(site.add_user())
    assert client.get("/export/").text == "everything"
    site.clock.move(timedelta(minutes=1))
    assert client.get("/export/").location.startswith("/confirm/")
    assert forms.send(client, "/confirm/", password=PASSWORD).status_code == 303
    assert client.get("/export/").text == "everything"
