"""The record counted by hours and days, and shown in pictures and numbers."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flask_gatehouse.core.events import Event, Origin
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.admin import service as console
from flask_gatehouse.features.login.events import LoggedIn, LoginRefused
from flask_gatehouse.features.mail.events import LetterFailed, LetterSent
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.statistics import counting, pictures, rules, service
from flask_gatehouse.features.statistics.models import CountedBucket, Statistic
from flask_gatehouse.features.throttling.events import LimitReached
from flask_gatehouse.testing import GatehouseTester
from tests.flows.test_races import at_once

PAGE = "/admin/statistics/"
HOURS, DAYS = rules.SPANS


def works_of(site: GatehouseTester) -> Works:
    works: Works = site.app.extensions["gatehouse"].works
    return works


def happen(site: GatehouseTester, *told: Event, at: datetime | None = None) -> None:
    with works_of(site).begin(Origin(channel="web")) as work:
        work.now = at or work.now
        work.record_all(told)


def came(*methods: str) -> LoggedIn:
    return LoggedIn(methods=methods or ("password",), remembered=False)


def refused() -> LoginRefused:
    return LoginRefused(method="password", name_hash="0" * 16)


def count_all(site: GatehouseTester) -> int:
    pieces = 0
    while counting.step(works_of(site)):
        pieces += 1
        assert pieces < 200
    return pieces


def look(site: GatehouseTester, span: rules.Span = HOURS) -> service.Look:
    with works_of(site).reading() as db:
        return service.look(db, now=site.clock.now(), span=span)


def values(site: GatehouseTester, label: str, span: rules.Span = HOURS) -> list[int | None]:
    return next(each.values for each in look(site, span).series if each.label == label)


def shown(client: FlaskClient, address: str) -> str:
    return re.sub(r"(\s*<[^>]+>\s*)+", " ", client.get(address).text)


def invoke(site: GatehouseTester, *args: str) -> str:
    done = site.app.test_cli_runner().invoke(args=["gatehouse", "statistics", *args])
    assert done.exit_code == 0, done.output
    return str(done.output)


@pytest.fixture
def chief(site: GatehouseTester) -> FlaskClient:
    """An administrator who signed in, which is one sign-in more."""
    return site.client(site.add_user("chief", admin=True))


def test_what_happened_is_counted_by_hours(site: GatehouseTester) -> None:
    now = site.clock.now()
    happen(site, came(), came("password", "totp"), refused(), at=now - timedelta(hours=2))
    happen(site, came(), LimitReached(limit="network"), LetterSent(letter="reset"))
    happen(site, LetterFailed(letter="reset", attempts=9))
    count_all(site)
    assert values(site, "Signed in")[-3:] == [2, 0, 1]
    assert values(site, "Refused")[-3:] == [1, 0, 0]
    assert values(site, "Limits reached")[-1] == 1
    assert values(site, "Sent")[-1] == 1
    assert values(site, "Given up")[-1] == 1
    found = look(site)
    assert found.ways == [("password", 2), ("password + totp", 1)]
    assert found.limits == [("network", 1)]
    assert found.counted_at == now


def test_what_happened_before_is_counted_once_by_days(site: GatehouseTester) -> None:
    now = site.clock.now()
    happen(site, came(), refused(), at=now - timedelta(days=80))
    happen(site, came(), at=now - timedelta(days=1))
    happen(site, came("passkey"))
    assert count_all(site) == 48 + 89
    assert count_all(site) == 0
    signed_in = values(site, "Signed in", DAYS)
    assert sum(each or 0 for each in signed_in) == 3
    assert (signed_in[9], signed_in[-2], signed_in[-1]) == (1, 1, 1)
    assert values(site, "Refused", DAYS)[9] == 1
    assert look(site, DAYS).ways == [("password", 2), ("passkey", 1)]


def test_what_is_committed_late_is_counted(site: GatehouseTester) -> None:
    began = site.clock.now() + timedelta(minutes=59)
    site.clock.move(timedelta(hours=1, minutes=1))
    count_all(site)
    assert values(site, "Signed in")[-2:] == [0, 0]
    # It began in the hour that was just counted, and is committed now.
    happen(site, came(), at=began)
    site.clock.move(timedelta(minutes=15))
    count_all(site)
    assert values(site, "Signed in")[-2:] == [1, 0]


def test_what_was_counted_for_good_is_not_counted_again(site: GatehouseTester) -> None:
    site.clock.move(timedelta(hours=3))
    count_all(site)
    happen(site, came(), at=site.clock.now() - timedelta(hours=2))
    count_all(site)
    assert sum(each or 0 for each in values(site, "Signed in")) == 0
    assert "Counted" in invoke(site, "rebuild")
    assert sum(each or 0 for each in values(site, "Signed in")) == 1


def test_several_processes_count_at_once_what_is_so(site: GatehouseTester) -> None:
    happen(site, *[came() for _ in range(20)])
    bucket = rules.begin(site.clock.now(), rules.HOUR)
    works = works_of(site)

    def count() -> str:
        counting.count(works, hours=rules.HOUR, bucket=bucket)
        return "counted"

    assert at_once([count] * 6) == ["counted"] * 6
    count_all(site)
    assert values(site, "Signed in")[-1] == 20
    with site.work() as work:
        rows = select(Statistic.count).where(
            Statistic.span == rules.HOUR,
            Statistic.bucket == bucket,
            Statistic.name == "login.succeeded",
        )
        assert work.db.scalars(rows).all() == [20]


def test_what_is_old_goes(site: GatehouseTester) -> None:
    happen(site, came())
    count_all(site)
    site.clock.move(timedelta(days=500))
    count_all(site)
    with site.work() as work:
        oldest = work.db.scalar(select(CountedBucket.bucket).order_by(CountedBucket.bucket))
    assert oldest is not None
    assert oldest > site.clock.now() - timedelta(days=400)


def test_gauges_are_looked_at_once_an_hour(site: GatehouseTester, chief: FlaskClient) -> None:
    count_all(site)
    assert values(site, "Open sessions")[-1] == 1
    assert look(site).gauges["people"] == 1
    site.add_user("newbie")
    count_all(site)
    assert look(site).gauges["people"] == 1
    site.clock.move(timedelta(hours=1))
    count_all(site)
    assert look(site).gauges["people"] == 2
    assert look(site).gauges["administrators"] == 1


def test_the_page_says_in_numbers_what_the_pictures_show(
    site: GatehouseTester, chief: FlaskClient
) -> None:
    assert "Nothing was counted yet." in chief.get(PAGE).text
    happen(site, *[came() for _ in range(7)], *[refused() for _ in range(3)])
    count_all(site)
    for address in (PAGE, f"{PAGE}?by=days", f"{PAGE}?by=nothing"):
        text = chief.get(address).text
        assert "Signed in: 8, Refused: 3." in text
        assert text.count('role="img"') == 4
        for name in re.findall(r'role="img" aria-labelledby="([^"]+)"', text):
            assert all(f'id="{each}"' in text for each in name.split())
        assert re.search(
            r"<tbody>\s*<tr>\s*<th scope=\"row\">[^<]+</th>\s*<td>8</td>\s*<td>3</td>", text
        )
    assert "style=" not in text


def test_the_first_page_has_a_card_of_the_last_day(
    site: GatehouseTester, chief: FlaskClient
) -> None:
    assert "Nothing was counted yet." in chief.get("/admin/").text
    happen(site, came(), came(), refused())
    count_all(site)
    text = shown(chief, "/admin/")
    assert "Signed in 3 Refused 1 Limits reached 0 Letters given up 0" in text


def test_only_who_may_sees_the_numbers(site: GatehouseTester, chief: FlaskClient) -> None:
    count_all(site)
    keeper, reader = site.add_user("keeper"), site.add_user("reader")
    with site.work() as work:
        roles.make(work, name="keepers", permissions=("record.read", "people.read"))
        roles.make(work, name="counters", permissions=("statistics.read",))
        roles.grant(work, user=keeper, role="keepers")
        roles.grant(work, user=reader, role="counters")
    there = site.client(keeper)
    assert there.get(PAGE).status_code == 403
    assert "The last 24 hours" not in there.get("/admin/").text
    assert site.client(reader).get(PAGE).status_code == 200


def test_the_command_shows_the_same(site: GatehouseTester) -> None:
    happen(site, came(), refused())
    count_all(site)
    lines = [
        json.loads(line) for line in invoke(site, "show", "--by", "hours", "--json").splitlines()
    ]
    assert len(lines) == 48
    assert lines[-1]["sign-ins: Signed in"] == 1
    assert lines[-1]["sign-ins: Refused"] == 1
    assert len(invoke(site, "show").splitlines()) == 91


def test_of_many_people_the_first_page_says_about_how_many(
    site: GatehouseTester, chief: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        site.add_user(f"person{number}")
    count_all(site)
    assert "People 5 Administrator 1" in shown(chief, "/admin/")
    monkeypatch.setattr(console, "COUNTED", 3)
    assert "People about 5" in shown(chief, "/admin/")


@pytest.mark.parametrize(
    ("highest", "end"),
    [(0, 4), (4, 4), (5, 5), (7, 8), (11, 20), (21, 30), (999, 1000), (1001, 2000)],
)
def test_a_scale_ends_with_a_round_number(highest: int, end: int) -> None:
    assert pictures.top(highest) == end


def test_bars_stand_on_each_other_and_stay_in_the_picture() -> None:
    bars = pictures.bars([(3, 1), (0, 0), (0, 4)], ends_at=4)
    assert [(bar.number, bar.y, bar.height) for bar in bars] == [
        (0, 45.0, 135.0),
        (1, 0.0, 45.0),
        (1, 0.0, 180.0),
    ]
    assert all(bar.x >= 0 and bar.x + bar.width <= pictures.WIDTH for bar in bars)


def test_a_line_is_interrupted_where_nobody_looked() -> None:
    assert len(pictures.lines([1, None, 2, 3, None], ends_at=4)) == 2
    assert pictures.lines([None], ends_at=4) == []


def test_hours_and_days_begin_in_utc() -> None:
    at = datetime(2026, 6, 15, 12, 34, tzinfo=UTC)
    assert rules.buckets(at, rules.HOUR, 2) == [at.replace(hour=11, minute=0), at.replace(minute=0)]
    assert rules.buckets(at, rules.DAY, 1) == [at.replace(hour=0, minute=0)]
