"""What the console, webhooks, views and numbers leave in the record and the logs."""

import logging
import re
from collections.abc import Iterable

import pytest
from flask.testing import FlaskClient

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.audit.places import Place
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.viewing.models import Viewing
from flask_gatehouse.features.webhooks import sending
from flask_gatehouse.features.webhooks.models import Delivery, Webhook
from flask_gatehouse.features.webhooks.rules import LONGEST_WAIT
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.features.viewing.stories import END, at_work, page
from tests.security.test_log import FORGED, audit_of, logged
from tests.security.walk import OPENED, UNLIMITED, ask, rows

TOKEN = "marker-of-the-program-that-watches-0123456789"
WRONG = "marker-of-somebody-who-guesses-0123456789abc"
#: In the address of a receiver, as some services want it.
IN_ADDRESS = "marker-in-the-address-of-a-receiver"

#: What ends a line, or is obeyed by a terminal.
BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]")

LINES = {"GATEHOUSE_LOGS_REQUESTS": True, "GATEHOUSE_LOGS_EVENTS": True}


def site_that_tells(
    make_site: MakeSite, url: str, caplog: pytest.LogCaptureFixture
) -> GatehouseTester:
    caplog.set_level(logging.DEBUG, "gatehouse")
    caplog.set_level(logging.DEBUG, "gatehouse_site.app")
    config = {
        "GATEHOUSE_METRICS_TOKEN": TOKEN,
        "GATEHOUSE_WEBHOOKS_PRIVATE_HOSTS": "127.0.0.1",
    }
    return GatehouseTester(make_site(url, **UNLIMITED, **OPENED, **LINES, **config))


def handles(client: FlaskClient) -> set[str]:
    """Return what the browser holds, whole and the secret part alone."""
    values = [forms.cookie(client, name) for name in ("gatehouse", "gatehouse_aside")]
    return {part for value in values if value for part in (value, value.rpartition(".")[2])}


def test_log_01_no_secret_of_the_console_is_in_the_record_or_the_logs(
    make_site: MakeSite, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    site = site_that_tells(make_site, database_url, caplog)
    alice = site.add_user("alice", email="alice@example.org")
    somebody = site.add_user("chief", admin=True)
    chief = at_work(site, somebody)
    secrets = {TOKEN, WRONG, IN_ADDRESS} | handles(chief)

    address = f"http://127.0.0.1:1/in?token={IN_ADDRESS}"
    token = forms.token(chief.get("/admin/webhooks/"))
    added = chief.post(
        "/admin/webhooks/receivers/add/",
        data={"csrf_token": token, "url": address, "events": "*"},
    )
    secrets |= set(re.findall(r"whsec_[A-Za-z0-9+/=]+", added.text))
    (webhook,) = rows(site, Webhook)
    own = f"/admin/webhooks/{webhook.public_id}/"
    rotated = chief.post(f"{own}secret/", data={"csrf_token": token})
    secrets |= set(re.findall(r"whsec_[A-Za-z0-9+/=]+", rotated.text))
    assert len([each for each in secrets if each.startswith("whsec_")]) == 2
    (webhook,) = rows(site, Webhook)
    secrets |= {webhook.secret, webhook.former_secret}
    chief.post(f"{own}ping/", data={"csrf_token": token})
    for _ in range(2):
        assert sending.send_due(site.app.extensions["gatehouse"].works).delivered == 0
        site.clock.move(LONGEST_WAIT)
    for bearer in (TOKEN, WRONG):
        for kind in ("Bearer", "Basic", ""):
            ask(site.client(), "/metrics", headers={"Authorization": f"{kind} {bearer}"})

    chief = at_work(site, somebody)
    secrets |= handles(chief)
    assert forms.send(chief, page(alice), reason="request 4711").status_code == 303
    secrets |= handles(chief)
    token = forms.token(chief.get("/account/"))
    assert chief.post(END, data={"csrf_token": token}).status_code == 303
    secrets |= handles(chief)
    pages = ("/admin/", own, "/admin/record/", "/admin/settings/", "/admin/health/")
    shown = " ".join(chief.get(path).text for path in pages)

    told = {
        "record": audit_of(site),
        "logs": logged(caplog),
        "what is sent": " ".join(each.body for each in rows(site, Delivery)),
        # Whoever chose the address may read it there.
        "pages": shown.replace(IN_ADDRESS, ""),
    }
    assert "webhooks.secret_rotated" in told["record"]
    assert "was not taken" in told["logs"]
    found = [(where, each) for where, text in told.items() for each in secrets if each in text]
    assert found == []


@pytest.mark.parametrize("text", FORGED)
def test_inj_06_nothing_that_is_sent_in_the_console_makes_a_line_of_its_own(
    make_site: MakeSite, sqlite_url: str, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    site = site_that_tells(make_site, sqlite_url, caplog)
    alice, bob = (site.add_user(name, email=f"{name}@example.org") for name in ("alice", "bob"))
    chief = at_work(site, site.add_user("chief", admin=True))
    with site.work() as work:
        roles.make(work, name="helper", permissions=("people.read",))
    token = forms.token(chief.get("/admin/webhooks/"))
    chief.post(
        "/admin/webhooks/receivers/add/",
        data={"csrf_token": token, "url": "http://127.0.0.1:1/in", "events": "login.*"},
    )
    (webhook,) = rows(site, Webhook)
    event = rows(site, AuditRow)[0]
    there = {
        "name": "helper",
        "webhook": webhook.public_id,
        "event": str(Place(event.at, event.id)),
    }
    names: set[str] = set()
    for path, methods in console({**there, "person": str(alice.id)}):
        if "GET" in methods:
            names |= set(re.findall(r'name="([a-z_]+)"', chief.get(path).text))
            chief.get(path, query_string=dict.fromkeys(("q", "by", "name", "event", "at"), text))
    assert {"reason", "url", "events", "about"} <= names

    agent = {"HTTP_USER_AGENT": text.encode().decode("latin-1")}
    for person in (alice, bob):
        for path, methods in console({**there, "person": str(person.id)}):
            if "POST" in methods:
                data = dict.fromkeys(sorted(names - {"csrf_token"}), text)
                chief.post(path, data={**data, "csrf_token": token}, environ_overrides=agent)

    assert len(rows(site, AuditRow)) > 5
    # What has nothing to hide is a reason; nobody looks for one that has.
    assert len(rows(site, Viewing)) == (not BREAKING.search(text))
    for row in rows(site, AuditRow):
        told = [row.agent, row.address, *texts(row.facts)]
        assert [each for each in told if each and BREAKING.search(each)] == [], row.name
    messages = [each.getMessage() for each in caplog.records]
    assert [each for each in messages if len(each.splitlines()) > 1] == []


def texts(facts: object) -> list[str]:
    """Return every text in the facts of an event, also in lists."""
    if isinstance(facts, str):
        return [facts]
    inside = facts.values() if isinstance(facts, dict) else facts
    return [text for each in inside for text in texts(each)] if isinstance(inside, Iterable) else []


def console(there: dict[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the addresses of the console, and by which methods they are asked."""
    found = []
    for feature in FEATURES:
        for route in feature.routes:
            if route.needs is not None:
                path = route.rule
                for key, value in there.items():
                    path = path.replace(f"<{key}>", value)
                found.append((re.sub(r"<\w+>", "A" * 22, path), tuple(route.methods)))
    return found
