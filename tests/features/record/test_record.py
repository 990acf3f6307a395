"""The record on pages: found, followed, and carried away by whom it is for."""

import csv
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.audit.places import Place
from flask_gatehouse.features.login.events import LoggedIn, LoggedOut, LoginRefused
from flask_gatehouse.features.record import rules, service
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import NOON, GatehouseTester
from tests.conftest import MakeSite
from tests.forms import token
from tests.security.walk import events

PAGE = "/admin/record/"
EXPORT = "/admin/record/chosen/export/"


@pytest.fixture
def chief(site: GatehouseTester) -> FlaskClient:
    """An administrator who signed in."""
    return signed_in(site, site.add_user("chief", admin=True))


def signed_in(site: GatehouseTester, user: User) -> FlaskClient:
    """Return a browser in which somebody has just proved who they are."""
    client = site.client()
    site.sign_in(client, user, methods=("password",))
    return client


def happen(site: GatehouseTester, *told: Any, **origin: Any) -> None:
    """Let events happen one second after the other."""
    works = site.app.extensions["gatehouse"].works
    for event in told:
        site.clock.move(timedelta(seconds=1))
        with works.begin(Origin(**{"channel": "web", **origin})) as work:
            work.record(event)


def refused(user: User | None = None) -> LoginRefused:
    return LoginRefused(
        user_id=None if user is None else user.id, method="password", name_hash="0" * 16
    )


def came(user: User | None = None) -> LoggedIn:
    return LoggedIn(
        user_id=None if user is None else user.id, methods=("password", "totp"), remembered=False
    )


def names(client: FlaskClient, query: str = "") -> list[str]:
    page = client.get(f"{PAGE}{query}")
    assert page.status_code == 200
    return re.findall(r'<th role="rowheader" scope="row"><a href="[^"]+">([^<]+)</a>', page.text)


def links(client: FlaskClient, address: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]+)"', client.get(address).text)]


def older(client: FlaskClient, address: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]+)"', client.get(address).text)
    return unescape(found[1]) if found else None


def follow(client: FlaskClient, address: str) -> str:
    found = re.search(r'data-live-link href="([^"]+)"', client.get(address).text)
    assert found is not None
    return unescape(found[1])


def given(site: GatehouseTester, name: str, *permissions: str) -> User:
    """Return a person who may do just that."""
    user = site.add_user(name)
    with site.work() as work:
        roles.make(work, name=f"role-of-{name}", permissions=permissions)
        roles.grant(work, user=user, role=f"role-of-{name}")
    return user


def take(client: FlaskClient, form: str = "json", **filters: str) -> Any:
    data = {"csrf_token": token(client.get("/admin/")), "form": form, **filters}
    return client.post(EXPORT, data=data)


def test_adm_09_nobody_without_the_permission_sees_page_event_or_file(
    site: GatehouseTester, chief: FlaskClient
) -> None:
    happen(site, came(), address="192.0.2.99")
    event = next(
        each for each in links(chief, f"{PAGE}?address=192.0.2.99") if re.search(r"/[0-9]+-", each)
    )
    everything_else = sorted(
        site.app.extensions["gatehouse"].house.part(Permissions).names
        - {"record.read", "record.export"}
    )
    others = [
        signed_in(site, given(site, "keeper", *everything_else)),
        signed_in(site, site.add_user("newbie")),
    ]
    for client in others:
        for address in (PAGE, f"{PAGE}?address=192.0.2.99", event, f"{PAGE}chain/"):
            page = client.get(address, headers={"Accept": "application/json"})
            assert page.status_code == 403, address
            assert "192.0.2.99" not in page.text.replace(address, "")
        assert take(client).status_code == 403
        assert PAGE not in client.get("/admin/").text
    reader = signed_in(site, given(site, "reader", "record.read"))
    assert "login.succeeded" in names(reader, "?address=192.0.2.99")
    assert EXPORT not in reader.get(PAGE).text
    assert take(reader).status_code == 403
    assert events(site, "record.exported") == []


def test_adm_09_who_had_the_permission_a_moment_ago_has_it_no_more(
    site: GatehouseTester, chief: FlaskClient
) -> None:
    user = given(site, "reader", "record.read", "record.export")
    reader = signed_in(site, user)
    assert take(reader).status_code == 200
    with site.work() as work:
        roles.revoke(work, user=users.by_id(work.db, user.id), role="role-of-reader")
    assert reader.get(PAGE).status_code == 403
    assert take(reader).status_code == 403


def test_the_newest_stand_first_by_pages(site: GatehouseTester, chief: FlaskClient) -> None:
    happen(site, *[came() if n % 3 else LoggedOut() for n in range(120)], address="192.0.2.1")
    seen: list[str] = []
    address: str | None = f"{PAGE}?address=192.0.2.1"
    while address is not None:
        found = names(chief, address.removeprefix(PAGE))
        assert len(found) <= rules.PAGE
        seen += found
        address = older(chief, address)
    assert seen == ["login.succeeded" if n % 3 else "login.ended" for n in range(119, -1, -1)]


def test_filters(site: GatehouseTester) -> None:
    site.add_user("chief", admin=True)
    alice, bob = site.add_user("alice", email="alice@example.org"), site.add_user("bob")
    site.clock.move(timedelta(days=10))
    chief = signed_in(site, _anew(site))
    site.clock.move(timedelta(minutes=25))
    happen(site, came(alice), came(bob), refused(alice), address="192.0.2.1")
    happen(site, LoggedOut(user_id=bob.id), actor_id=alice.id, request_id="r" * 22)
    since = "since=20m"
    assert names(chief, f"?{since}") == [
        "login.ended",
        "login.refused",
        "login.succeeded",
        "login.succeeded",
    ]
    assert names(chief, f"?{since}&person=alice") == ["login.refused", "login.succeeded"]
    assert names(chief, f"?{since}&person=alice@example.org&outcome=done") == ["login.succeeded"]
    assert names(chief, f"?{since}&person={alice.id}&outcome=refused") == ["login.refused"]
    assert names(chief, f"?{since}&actor=alice") == ["login.ended"]
    assert names(chief, f"?request={'r' * 22}") == ["login.ended"]
    assert names(chief, "?address=192.0.2.1&event=login.succeeded") == ["login.succeeded"] * 2
    assert names(chief, f"?{since}&event=login") == names(chief, f"?{since}")
    assert names(chief, "?event=log") == []
    assert names(chief, "?until=2000-01-01") == []
    assert "login.refused" in names(chief, "?outcome=refused")
    at = (site.clock.now() - timedelta(seconds=2, milliseconds=500)).isoformat()
    assert names(chief, f"?{since}&until={at.replace('+', '%2B')}") == ["login.succeeded"]


def test_a_family_is_shown_in_the_order_of_time(site: GatehouseTester, chief: FlaskClient) -> None:
    happen(site, *[(came, refused)[n % 2]() for n in range(130)], address="192.0.2.5")
    seen: list[str] = []
    address: str | None = f"{PAGE}?event=login&since=140s"
    while address is not None:
        seen += names(chief, address.removeprefix(PAGE))
        address = older(chief, address)
    assert seen[:130] == [("login.succeeded", "login.refused")[n % 2] for n in range(129, -1, -1)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?person=mallory", "There is no such account."),
        ("?actor=mallory", "There is no such account."),
        ("?since=yesterday", "“From” is no time"),
        ("?until=2026-31-01", "“Before” is no time"),
        ("?since=0001-01-01T00:00%2B01:00", "“From” is no time"),
        ("?until=9999-12-31T23:59-01:00", "“Before” is no time"),
    ],
)
def test_what_means_nothing_is_said_and_shows_nothing(
    site: GatehouseTester, chief: FlaskClient, query: str, said: str
) -> None:
    page = chief.get(f"{PAGE}{query}")
    assert page.status_code == 200
    alert = re.search(r'role="alert"><p>(.*?)</p>', page.text)
    assert alert is not None
    assert said in alert[1]
    assert names(chief, query) == []


def test_a_rare_event_is_looked_for_a_bounded_part_at_a_time(
    site: GatehouseTester, chief: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOKED_AT", 10)
    happen(site, LoggedOut(), address="192.0.2.1", request_id="q" * 22)
    happen(site, *[came() for _ in range(35)], address="192.0.2.1")
    address: str | None = f"{PAGE}?request={'q' * 22}"
    looks = 0
    while address is not None and not names(chief, address.removeprefix(PAGE)):
        assert "Older events were not looked at yet." in unescape(chief.get(address).text)
        address = older(chief, address)
        looks += 1
    assert address is not None
    assert names(chief, address.removeprefix(PAGE)) == ["login.ended"]
    assert looks == 3


def test_what_came_since_is_shown_once_also_what_was_committed_late(
    site: GatehouseTester, chief: FlaskClient
) -> None:
    works = site.app.extensions["gatehouse"].works
    link = follow(chief, PAGE)
    assert names(chief, link.removeprefix(PAGE)) == []
    happen(site, came(), refused())
    assert names(chief, link.removeprefix(PAGE)) == ["login.refused", "login.succeeded"]
    further = follow(chief, link)
    assert names(chief, further.removeprefix(PAGE)) == []
    # Begun before all that was seen, and committed after it.
    with works.begin(Origin(channel="web")) as work:
        work.now = work.now - timedelta(minutes=5)
        work.record(LoggedOut())
    assert names(chief, further.removeprefix(PAGE)) == ["login.ended"]
    filtered = follow(chief, f"{PAGE}?event=login.refused")
    happen(site, came(), refused())
    assert names(chief, filtered.removeprefix(PAGE)) == ["login.refused"]


def test_more_than_one_look_shows_is_shown_by_the_next(
    site: GatehouseTester, chief: FlaskClient
) -> None:
    link = follow(chief, PAGE)
    works = site.app.extensions["gatehouse"].works
    with works.begin(Origin(channel="web")) as work:
        work.record_all([came() for _ in range(150)])
    assert len(names(chief, link.removeprefix(PAGE))) == 100
    assert "There is more: show it" in chief.get(link).text
    assert len(names(chief, follow(chief, link).removeprefix(PAGE))) == 50


def test_one_event_in_full(site: GatehouseTester, chief: FlaskClient) -> None:
    alice = site.add_user("alice")
    happen(site, came(alice), address="192.0.2.8", agent="Firefox/140.0", request_id="x" * 22)
    address = next(
        each for each in links(chief, f"{PAGE}?address=192.0.2.8") if re.search(r"/[0-9]+-", each)
    )
    text = chief.get(address).text
    for said in (
        "login.succeeded",
        "Somebody signed in.",
        "192.0.2.8",
        "Firefox/140.0",
        "x" * 22,
        str(alice.id),
        "alice",
        "password, totp",
        "Lane and place",
    ):
        assert said in text, said
    same = next(each for each in links(chief, address) if "request=" in each)
    assert names(chief, same.removeprefix(PAGE)) == ["login.succeeded"]


@pytest.mark.parametrize(
    "event", ["x", "1-2", f"{Place(NOON, UUID(int=7))}", "9" * 17 + "-" + "a" * 32, "chain%00"]
)
def test_an_event_that_is_not_there_is_not_found(
    site: GatehouseTester, chief: FlaskClient, event: str
) -> None:
    assert chief.get(f"{PAGE}{event}/").status_code == 404


def test_an_account_that_was_erased_is_shown_by_its_id(
    site: GatehouseTester, chief: FlaskClient
) -> None:
    alice = site.add_user("alice")
    happen(site, came(alice), address="192.0.2.8")
    runner = site.app.test_cli_runner()
    done = runner.invoke(args=["gatehouse", "users", "erase", "alice", "--yes"])
    assert done.exit_code == 0, done.output
    assert "login.succeeded" in names(chief, f"?person={alice.id}")
    address = next(
        each
        for each in links(chief, f"{PAGE}?person={alice.id}&event=login.succeeded")
        if re.search(r"/[0-9]+-", each)
    )
    text = chief.get(address).text
    assert "an account that is gone" in text
    assert "are forgotten" in text
    assert "192.0.2.8" not in text


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_file_of_what_was_chosen(site: GatehouseTester, chief: FlaskClient, form: str) -> None:
    happen(site, came(), refused(), address="192.0.2.1", agent="=HYPERLINK(1)")
    answer = take(chief, form, address="192.0.2.1")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    text = answer.text
    if form == "json":
        rows = [json.loads(line) for line in text.splitlines()]
        assert rows[0]["agent"] == "=HYPERLINK(1)"
    else:
        rows = list(csv.DictReader(text.splitlines()))
        assert rows[0]["agent"] == "'=HYPERLINK(1)"
    assert [row["event"] for row in rows] == ["login.succeeded", "login.refused"]
    (written,) = events(site, "record.exported")
    assert written.facts == {"form": form, "rows": 2, "filters": ["address"]}
    assert written.actor_id is not None


def test_too_much_is_refused_before_the_first_line(make_site: MakeSite, database_url: str) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_RECORD_EXPORT_LIMIT="3"))
    chief = signed_in(site, site.add_user("chief", admin=True))
    happen(site, *[came() for _ in range(4)], address="192.0.2.1")
    answer = take(chief, address="192.0.2.1")
    assert answer.status_code == 303
    assert "address=192.0.2.1" in answer.location
    assert "These are more than 3 events." in chief.get(answer.location).text
    assert events(site, "record.exported") == []
    some = take(chief, address="192.0.2.1", since="2s")
    assert len(some.text.splitlines()) == 3


def test_a_file_needs_a_recent_proof(site: GatehouseTester, chief: FlaskClient) -> None:
    assert take(chief).status_code == 200
    site.clock.move(timedelta(minutes=20))
    assert chief.get(PAGE).status_code == 200
    answer = take(chief)
    assert answer.status_code in {302, 303, 307}
    assert "/confirm/" in answer.location
    assert len(events(site, "record.exported")) == 1


def verify(site: GatehouseTester) -> Any:
    return site.app.test_cli_runner().invoke(args=["gatehouse", "audit", "verify"])


def test_the_state_of_the_chain(site: GatehouseTester, chief: FlaskClient) -> None:
    alice = site.add_user("alice")
    assert "Nobody looked yet" in chief.get(f"{PAGE}chain/").text
    assert verify(site).exit_code == 0
    text = re.sub(r"<[^>]+>", "", chief.get(f"{PAGE}chain/").text)
    assert re.search(r"all \d+ rows were as they were written", text)
    assert "365 days" in text
    assert "90 days" in text
    happen(site, came(alice), address="192.0.2.1")
    with site.work() as work:
        changed = update(AuditRow).where(AuditRow.address == "192.0.2.1")
        work.db.execute(changed.values(outcome="refused"))
    assert verify(site).exit_code == 1
    text = re.sub(r"<[^>]+>", "", chief.get(f"{PAGE}chain/").text)
    assert "1 thing was not as written" in text
    assert "something was changed or moved" in text
    site.clock.move(timedelta(days=366))
    assert "is due to go" in re.sub(
        r"<[^>]+>", "", signed_in(site, _anew(site)).get(f"{PAGE}chain/").text
    )


def _anew(site: GatehouseTester) -> User:
    with site.work() as work:
        return users.named(work.db, "chief")


def test_the_command_finds_by_actor_and_request(site: GatehouseTester, chief: FlaskClient) -> None:
    alice = site.add_user("alice")
    happen(site, LoggedOut(), actor_id=alice.id, request_id="r" * 22)
    for args in (["--actor", "alice"], ["--request", "r" * 22], ["--actor", str(alice.id)]):
        runner = site.app.test_cli_runner()
        done = runner.invoke(args=["gatehouse", "audit", "list", "--json", *args])
        assert [json.loads(line)["event"] for line in done.output.splitlines()] == ["login.ended"]


@pytest.mark.parametrize("text", ["", "x", "1", "1.", "1.2-", "1.2-x.3", "-".join(["1.1"] * 101)])
def test_what_says_nothing_of_lanes_is_none(text: str) -> None:
    assert rules.seen(text) is None


def test_how_far_lanes_were_seen_is_written_and_read() -> None:
    assert rules.seen(rules.written({16: 7, 0: 12})) == {0: 12, 16: 7}
    assert rules.seen(rules.written({})) == {0: 0}
