"""Whatever is sent to whichever address, an answer comes, and no stranger changes anything.

The short form sends some 2,000 requests, the long one (`GATEHOUSE_TEST_LONG=1`) more than 100,000,
and looks at the time as well. `GATEHOUSE_TEST_SEED` makes others; one seed always makes the same.
"""

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.passwords.service import FIRST
from flask_gatehouse.features.proofs.models import Proof
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from tests.fuzz.requests import Answer, Browser, Maker, Request
from tests.long_form import LONG, Dice, times
from tests.security.walk import (
    LAST_SEEN,
    SESSION,
    browser_goes_to,
    invitation_for,
    remembering,
    setup_link,
    snapshot,
    suspend,
)

#: Who sends. A visitor sends again what a site gave that never saw a sign-in: tokens and cookies.
KINDS = ("stranger", "visitor", "suspended", "member", "remembered", "administrator")

#: Those whom nobody let in.
OUTSIDE = KINDS[:3]

#: Requests of each kind of person.
COUNT = times(340, 17_000)

#: So often a browser signs in again and fetches a token: the requests may have signed it out.
ROUND = 25

#: Seconds that no answer may take, in the long form.
SLOW = 1.0

#: A slow answer is asked for again so often: another program may have had the machine.
ASKED_AGAIN = 3

#: Where a browser may be sent. Whoever asks for the other name of this machine gets that one.
OURS = {("http", "127.0.0.1"), ("http", "localhost")}

#: What says who somebody is and what they prove it with. No request knows a password or a link.
IDENTITY = ("gatehouse_user", "gatehouse_identifier", "gatehouse_password")


#: The record, of which rows and seals are compared by what happened.
RECORD = ("gatehouse_audit", "gatehouse_audit_lane")

#: What happens when somebody asks for a letter, for a new password or to log in by.
ASKED = {"recovery.asked", "login_by_mail.asked", "mail.posted"}


def done(tester: GatehouseTester) -> set[str]:
    """Return what was done so far, and not refused, by its names in the record."""
    with tester.work() as work:
        rows = select(AuditRow.name).where(AuditRow.outcome == "done").distinct()
        return set(work.db.scalars(rows))


def first_links(tester: GatehouseTester) -> set[bytes]:
    """Return the links for a first password that are good; no request knows one."""
    with tester.work() as work:
        those = select(Proof.digest).where(Proof.purpose == FIRST.name)
        return set(work.db.scalars(those))


class Crowd:
    """People of every kind, and the browsers in which they send."""

    def __init__(self, tester: GatehouseTester) -> None:
        self._tester = tester
        self._people: dict[str, User] = {
            "member": tester.add_user("member", email="member@example.org"),
            "suspended": tester.add_user("gone", email="gone@example.org"),
            "administrator": tester.add_user("chief", email="chief@example.org", admin=True),
        }
        self._people["remembered"] = self._people["member"]
        self._gone = tester.client(self._people["suspended"])
        suspend(tester, "gone")
        #: A link that is good, which only its owner has.
        self.link = invitation_for(tester, tester.add_user("new", password=None))

    def browser(self, kind: str) -> Browser:
        """Return a browser of somebody of this kind, who signed in just now if they can."""
        browser = Browser(self._tester.app)
        if kind in {"member", "administrator"}:
            client = self._tester.client(self._people[kind])
        elif kind == "remembered":
            client = remembering(self._tester, self._people[kind])
        elif kind == "suspended":
            client = self._gone
        else:
            return browser
        held = (client._cookies or {}).values()  # noqa: SLF001 - all that it holds
        browser.cookies = {cookie.key: cookie.value for cookie in held}
        return browser


@pytest.fixture
def crowd(patient: GatehouseTester) -> Crowd:
    return Crowd(patient)


def rules(tester: GatehouseTester) -> dict[str, set[str]]:
    """Return every address that the site knows with its methods, and some beside them."""
    known = {beside: {"GET"} for beside in ("/<nothing>/", "/admin/<nothing>", "*")}
    for rule in tester.app.url_map.iter_rules():
        known[rule.rule] = known.get(rule.rule, set()) | set(rule.methods or ())
    return known


def values(browser: Browser) -> list[str]:
    """Return what stands in addresses that exist: files, and devices of whoever is signed in."""
    page = browser.send(Request("GET", "/account/devices/")).text
    devices = re.findall(r"/account/devices/([^/\"]+)/", page)
    return ["gatehouse.css", "mark.svg", "A" * 43, *sorted(devices)]


def sent(
    tester: GatehouseTester, crowd: Crowd, kind: str, count: int
) -> Iterator[tuple[int, Request, Answer, float]]:
    """Send `count` requests of this kind of person, and yield each with answer and seconds."""
    dice, known = Dice(kind), rules(tester)
    if kind == "member":
        # A member may close their own account, and would be gone for the rest of it.
        known.pop("/account/leave/delete/")
        known.pop("/account/deactivate/")
    if kind in {"member", "administrator"}:
        # Whoever proved themselves just now may call themselves something else.
        known.pop("/account/name/change/")
    for number in range(count):
        if number % ROUND == 0:
            tester.clock.move(timedelta(seconds=1))
            browser, token = crowd.browser(kind), ""
            maker = Maker(dice, known, values(browser))
            if kind != "stranger":
                token = browser.token("/account/devices/") or browser.token("/login/")
        request = maker.request(token, browser.cookies)
        began = time.perf_counter()
        answer = browser.send(request)
        took = time.perf_counter() - began
        if took > SLOW:
            took = quickest(browser, request)
        yield number, request, answer, took


@pytest.mark.timeout(times(120, 7200))
@pytest.mark.parametrize("kind", KINDS)
def test_every_request_is_answered_and_nobody_becomes_somebody_else(
    patient: GatehouseTester, crowd: Crowd, kind: str
) -> None:
    # What a refusal or a look at a page leaves: counters, and sessions of those who are inside. And
    # what asking for a letter or a passkey leaves, which is all that a stranger can have done.
    asked = ("gatehouse_proof", "gatehouse_outbox", "gatehouse_passkey_challenge")
    may_change = ("gatehouse_throttle", *asked, *RECORD)
    was_done = done(patient)
    links = first_links(patient)
    # The crowd signs in, and a wrong password that somebody signed in types is counted.
    columns = LAST_SEEN | ({"signed_in_at"} if kind in OUTSIDE else {"signed_in_at", "failures"})
    before = snapshot(patient, without=may_change, columns=columns)
    seen: dict[int, int] = {}
    for number, request, answer, took in sent(patient, crowd, kind, COUNT):
        where = f"{kind} {number}\n{request}\n{answer.status}\n{answer.text[:1500]}"
        seen[answer.status] = seen.get(answer.status, 0) + 1
        assert answer.status < 500, where
        check_answer(answer, where)
        if kind in OUTSIDE:
            assert not opens_a_session(answer), where
        if LONG:
            assert took < SLOW, where
    after = snapshot(patient, without=may_change, columns=columns)
    if kind in OUTSIDE:
        # Whoever is suspended may still sign out what is left of a session.
        assert set(after.pop("gatehouse_session")) <= set(before.pop("gatehouse_session"))
        assert after == before
        assert done(patient) - was_done <= ASKED
    for table in IDENTITY:
        assert after[table] == before[table]
    assert first_links(patient) == links != set()
    # Not all of it was turned away at the first gate.
    assert len(seen) > 5, seen
    print(f"{kind}: {dict(sorted(seen.items()))}")  # noqa: T201 - the figures, with pytest -s


def check_answer(answer: Answer, where: str) -> None:
    """Look for what must stand in no answer."""
    names = {name.lower() for name, _ in answer.headers}
    assert "x-evil" not in names, where
    assert all("\r" not in value and "\n" not in value for _, value in answer.headers), where
    assert {"x-content-type-options", "content-security-policy"} <= names, where
    assert "<script>alert" not in answer.text, where
    assert "Traceback" not in answer.text, where
    for name, value in answer.headers:
        if name == "Location":
            scheme, host = browser_goes_to(value, "http://127.0.0.1:5000/")
            assert (scheme, host.partition(":")[0]) in OURS, where


def opens_a_session(answer: Answer) -> bool:
    """Return whether an answer hands out a handle."""
    given = [value for name, value in answer.headers if name == "Set-Cookie"]
    return any(line.startswith((f"{SESSION}=gh", f"{SESSION}_remember=gh")) for line in given)


def quickest(browser: Browser, request: Request) -> float:
    """Return the seconds of the quickest of a few more answers."""
    took = []
    for _ in range(ASKED_AGAIN):
        began = time.perf_counter()
        browser.send(request)
        took.append(time.perf_counter() - began)
    return min(took)


@pytest.mark.timeout(times(120, 1800))
def test_while_the_site_is_new_nobody_without_the_link_makes_an_account(
    patient: GatehouseTester,
) -> None:
    setup_link(patient)
    before = snapshot(patient, without=("gatehouse_throttle", "gatehouse_passkey_challenge"))
    maker = Maker(Dice("new"), rules(patient), ("A" * 43,))
    browser = Browser(patient.app)
    for number in range(times(100, 3000)):
        if number % ROUND == 0:
            patient.clock.move(timedelta(seconds=1))
            token = browser.token("/login/")
        request = maker.request(token, browser.cookies)
        answer = browser.send(request)
        where = f"{number}\n{request}\n{answer.status}\n{answer.text[:1500]}"
        assert answer.status < 500, where
        check_answer(answer, where)
    assert (
        snapshot(patient, without=("gatehouse_throttle", "gatehouse_passkey_challenge")) == before
    )


def test_the_same_seed_makes_the_same_requests() -> None:
    def first(name: str) -> list[Request]:
        maker = Maker(Dice(name), {"/": ("GET",), "/x/<y>/": ("GET", "POST")}, ("z",))
        return [maker.request("token", {"gatehouse": "held"}) for _ in range(50)]

    assert first("one") == first("one")
    assert first("one") != first("other")
