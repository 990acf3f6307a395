"""A recent proof: what asks for it, how it is given, and what it does not do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.security import generate_password_hash

from flask_gatehouse import Gatehouse, User, fresh_login_required
from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.login import service as desk
from flask_gatehouse.features.login.attempts import Attempt, Browser, Wish
from flask_gatehouse.features.login.errors import MayNotEnter
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.passwords.events import PasswordRehashed
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.sessions import finding
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.errors import SessionOver
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester, settings_for_tests
from tests.forms import cookie, send, sign_in, token

MakeSite = Callable[..., Flask]

ANOTHER = "nine patient otters swim"


def add_vaults(app: Flask) -> None:
    """Add pages that ask for a proof: of this session, of the setting's time, of a minute."""

    def page() -> str:
        return "the vault"

    for name, guard in (
        ("session", fresh_login_required),
        ("setting", fresh_login_required()),
        ("minute", fresh_login_required(within=timedelta(minutes=1))),
    ):
        app.add_url_rule(f"/{name}", name, guard(page), methods=["GET", "POST"])
    app.add_url_rule("/only-forms", "only_forms", fresh_login_required()(page), methods=["POST"])


@pytest.fixture
def alice(site: GatehouseTester) -> User:
    add_vaults(site.app)
    return site.add_user("alice")


def browser(site: GatehouseTester, **fields: Any) -> FlaskClient:
    client = site.client()
    assert sign_in(client, "alice", **fields).status_code == 303
    return client


def opened(client: FlaskClient) -> set[str]:
    names = ("session", "setting", "minute")
    return {name for name in names if client.get(f"/{name}").text == "the vault"}


def is_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def recorded(site: GatehouseTester, name: str) -> list[AuditRow]:
    with site.work() as work:
        return list(work.db.scalars(select(AuditRow).where(AuditRow.name == name)))


@pytest.mark.parametrize(
    ("passed", "open_still"),
    [
        (timedelta(seconds=59), {"session", "setting", "minute"}),
        (timedelta(minutes=1), {"session", "setting"}),
        (timedelta(minutes=4, seconds=59), {"session", "setting"}),
        (timedelta(minutes=5), {"session"}),
        (timedelta(minutes=59), {"session"}),
    ],
)
def test_a_proof_is_recent_for_so_long(
    site: GatehouseTester, alice: User, passed: timedelta, open_still: set[str]
) -> None:
    client = browser(site)
    site.clock.move(passed)
    assert opened(client) == open_still


def test_use_makes_no_proof_more_recent(site: GatehouseTester, alice: User) -> None:
    client = browser(site)
    for _ in range(5):
        site.clock.move(timedelta(minutes=1))
        client.get("/account/")
    assert opened(client) == {"session"}


def test_a_remembered_browser_has_proven_nothing(site: GatehouseTester, alice: User) -> None:
    client = browser(site, remember="y")
    client.delete_cookie("gatehouse")
    assert opened(client) == set()


def test_the_setting_decides_what_is_recent(make_site: MakeSite, sqlite_url: str) -> None:
    site = GatehouseTester(make_site(sqlite_url, GATEHOUSE_SESSIONS_FRESH_FOR="20m"))
    add_vaults(site.app)
    site.add_user("alice")
    client = browser(site)
    site.clock.move(timedelta(minutes=19))
    assert opened(client) == {"session", "setting"}


@pytest.mark.parametrize("value", ["31m", "59s", "0s"])
def test_a_time_that_is_too_long_or_too_short_stops_the_start(
    make_site: MakeSite, sqlite_url: str, value: str
) -> None:
    with pytest.raises(Misconfigured, match="GATEHOUSE_SESSIONS_FRESH_FOR"):
        make_site(sqlite_url, GATEHOUSE_SESSIONS_FRESH_FOR=value)


@pytest.mark.parametrize("within", [timedelta(0), timedelta(minutes=-1)])
def test_no_proof_can_be_of_now_or_later(within: timedelta) -> None:
    with pytest.raises(ValueError, match="within"):
        fresh_login_required(within=within)


def test_the_stale_confirm_and_come_back(site: GatehouseTester, alice: User) -> None:
    client = browser(site)
    site.clock.move(timedelta(minutes=30))
    answer = client.get("/minute?drawer=3")
    assert (answer.status_code, answer.location) == (
        302,
        "/confirm/?next=%2Fminute%3Fdrawer%3D3",
    )
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "Please confirm that it is you." in page.text
    assert "alice" in page.text
    assert 'value="/minute?drawer=3"' in page.text
    answer = send(client, answer.location, password=PASSWORD, next="/minute?drawer=3")
    assert (answer.status_code, answer.location) == (303, "/minute?drawer=3")
    assert opened(client) == {"session", "setting", "minute"}
    (told,) = recorded(site, "login.confirmed")
    assert told.user_id == alice.id


def test_confirming_replaces_the_handle_and_the_old_one_is_dead(
    site: GatehouseTester, alice: User
) -> None:
    client, thief = browser(site), site.client()
    old = cookie(client) or ""
    thief.set_cookie("gatehouse", old)
    assert is_in(thief)
    old_token = token(client.get("/confirm/"))
    assert send(client, "/confirm/", password=PASSWORD).status_code == 303
    assert cookie(client) != old
    assert is_in(client)
    assert not is_in(thief)
    assert client.post("/logout/", data={"csrf_token": old_token}).status_code == 400


def test_a_remembered_browser_that_confirms_is_fresh(site: GatehouseTester, alice: User) -> None:
    client = browser(site, remember="y")
    kept = cookie(client, "gatehouse_remember")
    client.delete_cookie("gatehouse")
    assert send(client, "/confirm/", password=PASSWORD).status_code == 303
    assert opened(client) == {"session", "setting", "minute"}
    assert cookie(client, "gatehouse_remember") == kept
    client.delete_cookie("gatehouse")
    assert opened(client) == set(), "the remembered session itself stays unproven"


@pytest.mark.parametrize(
    ("path", "fields", "back"),
    [
        ("/setting?drawer=3", {}, "/setting?drawer=3"),
        ("/setting", {"next": "/account/"}, "/account/"),
        ("/setting", {"next": "https://evil.example/"}, "/setting"),
        ("/only-forms", {}, None),
        ("/only-forms", {"next": "/account/"}, "/account/"),
        ("/only-forms", {"next": "//evil.example/"}, None),
    ],
)
def test_a_form_that_was_sent_leads_back_to_its_page_and_is_not_sent_again(
    site: GatehouseTester, alice: User, path: str, fields: dict[str, str], back: str | None
) -> None:
    client = browser(site)
    site.clock.move(timedelta(minutes=6))
    answer = client.post(path, data=fields, query_string=None)
    assert answer.status_code == 303
    confirm = client.get(answer.location)
    assert confirm.request.path == "/confirm/"
    assert confirm.request.args.get("next") == back


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/", "/confirm/", "/login/", "/logout/", "/only-forms"],
)
def test_after_confirming_nobody_is_sent_elsewhere_or_in_circles(
    site: GatehouseTester, alice: User, wanted: str
) -> None:
    client = browser(site)
    assert send(client, "/confirm/", password=PASSWORD, next=wanted).location == "/admin/"


@pytest.mark.parametrize("given", ["wrong", "", "x" * 5000, "\ud800"])
def test_a_wrong_password_makes_nothing_fresh(
    site: GatehouseTester, alice: User, given: str
) -> None:
    client = browser(site)
    site.clock.move(timedelta(minutes=6))
    handle = cookie(client)
    sent = given.encode("utf-8", "surrogatepass")
    page = send(client, "/confirm/", password=sent, next="/minute")
    assert page.status_code == 401
    assert "That is not the password of your account." in page.text
    assert 'value="/minute"' in page.text
    assert cookie(client) == handle
    assert opened(client) == {"session"}


def test_a_refusal_is_recorded_like_that_of_a_sign_in(site: GatehouseTester, alice: User) -> None:
    client = browser(site)
    send(client, "/confirm/", password="wrong")
    (told,) = recorded(site, "login.refused")
    assert (told.user_id, told.facts["method"]) == (alice.id, "password")
    assert recorded(site, "login.confirmed") == []


def test_guesses_are_counted_together_with_those_of_the_login_page(
    site: GatehouseTester, alice: User
) -> None:
    client = browser(site)
    for _ in range(10):
        assert send(client, "/confirm/", password="wrong").status_code == 401
    client.delete_cookie("gatehouse")
    page = sign_in(client, "alice")
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "900"
    site.clock.move(timedelta(minutes=15))
    assert sign_in(client, "alice").status_code == 303


def test_strangers_keep_nobody_from_confirming(site: GatehouseTester, alice: User) -> None:
    client, stranger = browser(site), site.client()
    statuses = [sign_in(stranger, "alice", "wrong").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert send(client, "/confirm/", password=PASSWORD).status_code == 303


def test_after_ten_wrong_confirmations_the_session_ends_also_where_it_was_copied(
    site: GatehouseTester, alice: User
) -> None:
    client = browser(site, remember=True)
    handle = cookie(client)
    for _ in range(10):
        assert send(client, "/confirm/", password="wrong").status_code == 401
    page = send(client, "/confirm/", password=PASSWORD)
    assert page.status_code == 303
    assert page.headers["Location"].startswith("/login/")
    assert client.get("/account/").status_code == 302
    copied = site.client()
    copied.set_cookie("gatehouse", str(handle))
    assert copied.get("/account/").status_code == 302


def test_another_session_of_the_same_person_goes_on(site: GatehouseTester, alice: User) -> None:
    client, other = browser(site), browser(site)
    for _ in range(10):
        send(client, "/confirm/", password="wrong")
    assert send(client, "/confirm/", password=PASSWORD).headers["Location"].startswith("/login/")
    assert other.get("/account/").status_code == 200


def test_a_success_forgets_what_was_counted(site: GatehouseTester, alice: User) -> None:
    client = browser(site)
    for _ in range(2):
        for _ in range(9):
            assert send(client, "/confirm/", password="wrong").status_code == 401
        assert send(client, "/confirm/", password=PASSWORD).status_code == 303


def test_a_form_without_a_token_confirms_nothing(site: GatehouseTester, alice: User) -> None:
    client = browser(site)
    site.clock.move(timedelta(minutes=6))
    assert client.post("/confirm/", data={"password": PASSWORD}).status_code == 400
    assert opened(client) == {"session"}


def test_the_page_always_asks_so_that_a_shorter_time_leads_in_no_circle(
    site: GatehouseTester, alice: User
) -> None:
    client = browser(site)
    site.clock.move(timedelta(minutes=2))
    answer = client.get("/minute")
    assert client.get(answer.location).status_code == 200


def test_strangers_are_sent_to_the_login_page(site: GatehouseTester, alice: User) -> None:
    for path in ("/confirm/", "/setting"):
        assert (site.client().get(path).location or "").startswith("/login/")


def suspended(site: GatehouseTester, user: User) -> None:
    with site.work() as work:
        users.suspend(work, user=users.by_id(work.db, user.id))


def ended(site: GatehouseTester, user: User) -> None:
    with site.work() as work:
        sessions.end_all(work, user_id=user.id)


def changed(site: GatehouseTester, user: User) -> None:
    with site.work() as work:
        account = users.by_id(work.db, user.id)
        sealed = passwords.seal(work, password=ANOTHER, about=())
        passwords.keep(work, user=account, sealed=sealed)


Happening = Callable[[GatehouseTester, User], None]
happenings = pytest.mark.parametrize("happens", [suspended, ended, changed])


@happenings
def test_who_is_out_meanwhile_is_sent_to_the_login_page(
    site: GatehouseTester, alice: User, happens: Happening
) -> None:
    client = browser(site)
    form = token(client.get("/confirm/"))
    happens(site, alice)
    answer = client.post("/confirm/", data={"csrf_token": form, "password": PASSWORD})
    assert answer.status_code == 303
    assert answer.location.startswith("/login/")
    assert not is_in(client)


@happenings
def test_what_happens_as_soon_as_it_is_confirmed_puts_out_all_the_same(
    site: GatehouseTester, alice: User, happens: Happening
) -> None:
    client = browser(site)

    class Meanwhile(Listener):
        """Takes its turn when the password was right, before the browser has its new handle."""

        def hear(self, event: Event, origin: Origin) -> None:
            del origin
            if isinstance(event, PasswordRehashed):
                happens(site, alice)

    site.app.extensions["gatehouse"].house.furnish([Meanwhile()])
    outdated = generate_password_hash(PASSWORD, "pbkdf2:sha256:1000")
    with site.work() as work:
        work.db.execute(update(Password).values(encoded=outdated))
    send(client, "/confirm/", password=PASSWORD)
    assert not is_in(client)


@happenings
def test_the_desk_confirms_no_session_that_is_over(
    site: GatehouseTester, alice: User, happens: Happening
) -> None:
    client = browser(site)
    works = site.app.extensions["gatehouse"].works
    standing = finding.Finder(works).find(cookie(client))
    assert standing is not None
    happens(site, alice)
    with pytest.raises((MayNotEnter, SessionOver)), site.work() as work:
        desk.confirm(
            work,
            standing=standing,
            attempt=Attempt(user_id=alice.id, methods=("password",)),
            wish=Wish(),
            browser=Browser(handles=[]),
        )


def test_an_account_without_a_password_is_told_so(site: GatehouseTester) -> None:
    client = site.client(site.add_user("bea", password=None))
    page = client.get("/confirm/")
    assert page.status_code == 200
    assert "Your account has no password" in page.text
    assert 'type="password"' not in page.text
    form = {"csrf_token": token(page), "password": ""}
    assert client.post("/confirm/", data=form).status_code == 401


def test_a_host_keeps_the_page_and_the_message_that_it_chose(
    tmp_path: Any, sqlite_url: str
) -> None:
    gatehouse = Gatehouse()
    gatehouse.login_manager.refresh_view = "/are-you-still-there"
    gatehouse.login_manager.needs_refresh_message = "Still you?"
    app = Flask(__name__)
    app.config.from_mapping(settings_for_tests(tmp_path), GATEHOUSE_DATABASE_URL=sqlite_url)
    gatehouse.init_app(app)
    assert gatehouse.login_manager.refresh_view == "/are-you-still-there"
    assert gatehouse.login_manager.needs_refresh_message == "Still you?"


def test_without_our_pages_the_stale_get_401(tmp_path: Any, sqlite_url: str) -> None:
    app = Flask(__name__)
    app.config.from_mapping(settings_for_tests(tmp_path), GATEHOUSE_DATABASE_URL=sqlite_url)
    Gatehouse(app, pages=False)
    add_vaults(app)
    site = GatehouseTester(app)
    client = site.client(site.add_user("alice"))
    site.clock.move(timedelta(minutes=6))
    assert client.get("/setting").status_code == 401
    assert client.get("/session").text == "the vault"
