"""The list finds whom it is asked for, each once and nobody else, on whatever page."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_gatehouse.features.audit import reading
from flask_gatehouse.features.people import finding, rules
from flask_gatehouse.features.people.rules import Wanted
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from tests import forms

NAMES = ("abel", "abby", "bert", "carl", "carla", "dora", "edna", "fred", "a_b", "axb", "gus")


@pytest.fixture
def populated(site: GatehouseTester) -> GatehouseTester:
    """Return a site with some of each kind, of whom several signed in at the same moment."""
    with site.work() as work:
        roles.make(work, name="support", permissions=("people.read",))
        for number, name in enumerate(NAMES):
            user = users.create(
                work, username=name, email=f"{name[::-1]}@example.org", admin=number % 5 == 0
            )
            user.created_at = work.now - timedelta(days=number // 3)
            user.signed_in_at = work.now - timedelta(days=number // 2) if number % 3 else None
            if number % 4 == 1:
                roles.grant(work, user=user, role="support")
            if number % 3 == 1:
                addresses.prove(work, user=user, address=f"{name[::-1]}@example.org")
            if number == 6:
                users.suspend(work, user=user)
            if number == 7:
                users.deactivate(work, user_id=user.id, only_if=User.id == user.id)
    return site


def naive(work: Any, user: User, wanted: Wanted) -> bool:
    """Decide about one person in plain Python."""
    now: datetime = work.now
    names = [user.username, user.username[::-1] + "@example.org"]
    found = [
        wanted.search in each if wanted.anywhere else each.startswith(wanted.search)
        for each in names
    ]
    number = NAMES.index(user.username)
    seen = user.signed_in_at or user.created_at
    state = {
        None: True,
        "active": number not in {6, 7},
        "suspended": number == 6,
        "deactivated": number == 7,
        "leaving": False,
        "unconfirmed": number % 3 != 1,
    }[wanted.state]
    role = {"": True, "administrator": number % 5 == 0, "support": number % 4 == 1}
    return (
        (not wanted.search or any(found))
        and role.get(wanted.role, False)
        and state
        and wanted.factor is not True
        and (wanted.idle_days is None or seen < now - timedelta(days=wanted.idle_days))
    )


WANTED = st.builds(
    Wanted,
    search=st.sampled_from(["", "a", "ab", "a_b", "%", "_", "carl", "le", "org", "dora", "\\"]),
    anywhere=st.booleans(),
    role=st.sampled_from(["", "", "administrator", "support", "nobody"]),
    state=st.sampled_from([None, None, *rules.STATES]),
    factor=st.sampled_from([None, None, True, False]),
    idle_days=st.sampled_from([None, None, 1, 2, 3]),
    sort=st.sampled_from(list(rules.SORTS)),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wanted=WANTED, size=st.integers(1, 5), few=st.sampled_from([0, 2, 2_500]))
def test_adm_10_every_page_holds_exactly_who_is_wanted(
    populated: GatehouseTester, wanted: Wanted, size: int, few: int
) -> None:
    with (
        patch.object(finding, "_FEW", few),
        populated.work() as work,
        work.reading() as db,
    ):
        house = work.house
        everybody = [each for each in db.query(User).all() if naive(work, each, wanted)]
        pages, after = [], None
        for _ in range(len(NAMES) + 1):
            page = finding.page(house, db, wanted, now=work.now, after=after, size=size)
            pages.append(page)
            if page.after is None:
                break
            after = rules.place(str(page.after), sort=wanted.sort)
            assert after == page.after
        forward = [each.user.username for page in pages for each in page.people]
        assert sorted(forward) == sorted(each.username for each in everybody)
        assert finding.count(house, db, wanted, now=work.now) == len(forward)
        assert finding.look(house, db, wanted, now=work.now).total == len(forward)
        back, before = pages[-1].people, pages[-1].before
        walked = [each.user.username for each in back]
        while before is not None:
            page = finding.page(house, db, wanted, now=work.now, before=before, size=size)
            walked = [each.user.username for each in page.people] + walked
            before = page.before
        assert walked == forward


@pytest.mark.parametrize("sort", list(rules.SORTS))
def test_the_order_is_the_one_that_was_asked_for(
    populated: GatehouseTester, sort: rules.Sort
) -> None:
    found = [
        each.user
        for each in finding.everyone(populated_works(populated), Wanted(sort=sort), size=3)
    ]
    if sort == "name":
        assert [each.username for each in found] == sorted(NAMES)
    elif sort == "created":
        moments = [each.created_at for each in found]
        assert moments == sorted(moments, reverse=True)
    else:
        seen = [each.signed_in_at for each in found]
        known = [each for each in seen if each is not None]
        assert seen[: len(known)] == sorted(known, reverse=True)


@pytest.mark.parametrize("few", [0, 2_500])
def test_whose_name_begins_with_it_comes_before_whose_address_does(
    site: GatehouseTester, few: int
) -> None:
    for name, address in (("anna", "x"), ("bea", "anna.b"), ("zoe", "anna.z"), ("annabel", "y")):
        site.add_user(name, email=f"{address}@example.org")
    with patch.object(finding, "_FEW", few):
        found = finding.everyone(populated_works(site), Wanted(search="anna"), size=1)
        assert [each.user.username for each in found] == ["anna", "annabel", "bea", "zoe"]


def populated_works(site: GatehouseTester) -> Any:
    return site.app.extensions["gatehouse"].works


@pytest.mark.parametrize(
    "place",
    [
        "",
        "x",
        "A" * 2000,
        "W10",
        "bnVsbA",
        "WyJuYW1lIiwwLCJhIiwiYiJd",
        "'; --",
        "WyJuYW1lIiwwLG51bGwsbnVsbF0",
    ],
)
def test_a_place_that_is_none_is_the_beginning(site: GatehouseTester, place: str) -> None:
    client = site.client(site.add_user("chief", admin=True))
    page = client.get("/admin/people/", query_string={"after": place, "sort": "created"})
    assert page.status_code == 200
    assert ">chief<" in page.text


def test_pages_lead_on_and_back_by_links(site: GatehouseTester) -> None:
    chief = site.add_user("chief", admin=True)
    with site.work() as work:
        for number in range(60):
            users.create(work, username=f"person{number:02}")
    client = site.client(chief)
    first = client.get("/admin/people/?q=person")
    assert "60 people" in first.text
    assert "person49" in first.text
    assert "person50" not in first.text
    onward = first.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(onward)
    assert "person49" not in second.text
    assert "person59" in second.text
    assert 'rel="next"' not in second.text
    back = second.text.split('rel="prev" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "person00" in client.get(back).text


def test_a_list_leaves_as_csv_without_formulas_and_the_record_says_so(
    site: GatehouseTester,
) -> None:
    chief = site.add_user("chief", admin=True)
    client = site.client()
    site.add_user("alice", email="=1+1@example.org")
    forms.sign_in(client, "chief")
    token = forms.token(client.get("/admin/people/"))
    fields = {"csrf_token": token, "form": "csv", "q": "alice"}
    answer = client.post("/admin/people/several/export/", data=fields)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
    assert "'=1+1@example.org" in answer.text
    assert "chief" not in answer.text
    assert "argon2" not in answer.text
    lines = client.post("/admin/people/several/export/", data={**fields, "form": "jsonl"})
    assert len(lines.text.splitlines()) == 1
    said = [row for row in record(site) if row.name == "people.exported"]
    assert [row.actor_id for row in said] == [chief.id, chief.id]
    assert said[0].facts["count"] == 1


def record(site: GatehouseTester) -> list[Any]:
    with site.work() as work, work.reading() as db:
        return reading.newest(db, reading.Wanted(), limit=50)
