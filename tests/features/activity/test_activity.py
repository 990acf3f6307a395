"""The page on which people see what happened to their account."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from flask_gatehouse import User
from flask_gatehouse.core.events import Event, Origin
from flask_gatehouse.extension import events_of
from flask_gatehouse.features.audit.places import Place
from flask_gatehouse.features.login.events import LoggedIn
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import NOON, PASSWORD, GatehouseTester
from tests.forms import send, sign_in

PAGE = "/account/activity/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def alice(site: GatehouseTester) -> User:
    return site.add_user("alice")


def come_in(site: GatehouseTester, name: str = "alice") -> FlaskClient:
    client = site.client()
    assert sign_in(client, name).status_code == 303
    return client


def entries(client: FlaskClient, address: str = PAGE) -> list[str]:
    page = client.get(address)
    assert page.status_code == 200
    heads = re.findall(r'<th role="rowheader" scope="row">(.*?)</th>', page.text)
    return [unescape(re.sub(r"\s*<[^>]+>\s*", " ", head)).strip() for head in heads]


def link(client: FlaskClient, rel: str, address: str = PAGE) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', client.get(address).text)
    return unescape(found[1]) if found else None


def test_what_happened_stands_there_in_words_with_when_and_from_where(
    site: GatehouseTester, alice: User
) -> None:
    site.clock.move(timedelta(minutes=7))
    stranger = site.client()
    stranger.environ_base["REMOTE_ADDR"] = "192.0.2.9"
    sign_in(stranger, "alice", "wrong")
    site.clock.move(timedelta(minutes=1))
    here = site.client()
    here.environ_base["HTTP_USER_AGENT"] = FIREFOX
    sign_in(here, "alice")

    assert entries(here)[:2] == [
        "You signed in.",
        "Somebody tried to sign in as you, and was refused. Refused",
    ]
    assert set(entries(here)[2:]) == {
        "Your account was made.",
        "Your password was set, which ended every earlier sign-in.",
    }
    newest, refused, made = here.get(PAGE).text.split('<tr role="row">')[2:5]
    assert "15 June 2026, 12:08 UTC" in newest
    assert "Firefox on Linux" in newest
    assert "192.0.2.9" in refused
    assert "15 June 2026, 12:07 UTC" in refused
    assert "Whoever runs this site" in made


def test_the_account_page_leads_there(site: GatehouseTester, alice: User) -> None:
    assert f'href="{PAGE}"' in come_in(site).get("/account/").text


def test_a_stranger_signs_in_first_and_then_arrives(site: GatehouseTester, alice: User) -> None:
    client = site.client()
    door = client.get(PAGE).location
    assert door.startswith("/login/?next=")
    assert send(client, door, username="alice", password=PASSWORD).location == PAGE


def test_nobody_sees_what_happened_to_others(site: GatehouseTester, alice: User) -> None:
    site.add_user("bob")
    site.clock.move(timedelta(hours=1))
    for _ in range(3):
        sign_in(site.client(), "alice", "wrong")
    sign_in(site.client(), "nobody-here", "wrong")
    bob = come_in(site, "bob")
    assert "Somebody tried to sign in as you, and was refused. Refused" not in entries(bob)
    own = set(entries(bob))
    # Whatever is asked for: an id in the address changes nothing, and neither does a place.
    places = [Place(NOON + timedelta(hours=2), uuid4()), Place(NOON, uuid4())]
    tried = [f"user_id={alice.id}", f"user={alice.id}", "username=alice"]
    tried += [f"{name}={place}" for name in ("before", "after") for place in places]
    for query in tried:
        assert set(entries(bob, f"{PAGE}?{query}")) <= own, query


def test_an_account_sees_no_event_that_is_about_nobody(site: GatehouseTester, alice: User) -> None:
    with site.work() as work:
        work.record(LoggedIn(methods=("host",), remembered=False, subject="somebody of the host"))
    assert entries(come_in(site)).count("You signed in.") == 1


def test_nothing_that_a_stranger_typed_is_on_the_page(site: GatehouseTester, alice: User) -> None:
    stranger = site.client()
    stranger.environ_base["HTTP_USER_AGENT"] = "<script>alert(1)</script> Firefox/1"
    sign_in(stranger, "ALICE", "marker-typed-by-a-stranger")
    sign_in(stranger, "marker-typed-by-a-stranger", "alice")
    page = come_in(site).get(PAGE).text
    assert "marker" not in page
    assert "<script" not in page
    assert "alert" not in page
    assert not re.search(r"name_hash|[0-9a-f]{16}\b(?!-)", page.split("<tbody")[1].split("<nav")[0])


def test_the_other_s_pages_are_reached_by_older_and_newer(
    site: GatehouseTester, alice: User
) -> None:
    works = site.app.extensions["gatehouse"].works
    client = come_in(site)
    total = len(entries(client)) + 60
    for n in range(60):
        # Several in one moment: a page may end between them.
        site.clock.move(timedelta(seconds=1 if n % 7 == 0 else 0))
        with works.begin(Origin(channel="web", address=f"192.0.2.{n}")) as work:
            work.record(LoggedIn(user_id=alice.id, methods=(), remembered=False))

    def addresses(address: str) -> list[str]:
        return re.findall(
            r'data-label="Address"><span[^>]*>(.*?)</span></td>', client.get(address).text
        )

    down, pages = PAGE, []
    while True:
        pages.append(addresses(down))
        older = link(client, "next", down)
        if older is None:
            break
        down = older
    assert [len(page) for page in pages] == [25, 25, total - 50]
    assert len({each for page in pages for each in page if each.startswith("192.0.2.")}) == 60
    up, back = down, []
    while True:
        newer = link(client, "prev", up)
        if newer is None:
            break
        up = newer
        back.append(addresses(up))
    assert back == [pages[1], pages[0]]
    assert link(client, "prev") is None


@pytest.mark.parametrize(
    "query",
    ["before=x", "after=", "before=1-2", "before=99999999999999999-" + "0" * 32, "after=-1-0"],
)
def test_a_place_that_is_none_shows_the_newest(
    site: GatehouseTester, alice: User, query: str
) -> None:
    client = come_in(site)
    assert entries(client, f"{PAGE}?{query}") == entries(client)


def test_beyond_the_last_entry_there_is_a_way_back(site: GatehouseTester, alice: User) -> None:
    client = come_in(site)
    page = client.get(f"{PAGE}?before={Place(NOON - timedelta(days=9), uuid4())}")
    assert page.status_code == 200
    assert "Nothing to show here." in page.text
    assert f'href="{PAGE}"' in page.text


def test_what_the_page_says_of_a_sign_out(site: GatehouseTester, alice: User) -> None:
    first = come_in(site)
    site.clock.move(timedelta(minutes=1))
    send(first, "/logout/")
    site.clock.move(timedelta(minutes=1))
    assert entries(come_in(site))[:3] == ["You signed in.", "You signed out.", "You signed in."]


@pytest.mark.parametrize("event", events_of(FEATURES), ids=lambda event: event.name)
def test_every_event_says_what_a_person_reads_or_that_it_is_nothing_to_them(
    event: type[Event],
) -> None:
    assert "sentence" in vars(event), "declare a sentence, or None and why"
    assert event.sentence is None or re.fullmatch(r"[A-Z][^<>{}]+\.", event.sentence)
