"""Events, sent to a real receiver on this machine."""

import json
import re
import runpy
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import get_type_hints
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from flask_gatehouse.core.events import Event, Origin
from flask_gatehouse.db.work import Works
from flask_gatehouse.extension import events_of
from flask_gatehouse.features.login.events import LoggedIn, LoginRefused
from flask_gatehouse.features.webhooks import clearing, sending, service
from flask_gatehouse.features.webhooks.models import Delivery, Webhook
from flask_gatehouse.features.webhooks.worker import WebhookWorker
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.webhooks.receivers import Receiver, listening, signed_by
from tests.flows.test_races import at_once

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/webhooks/receiver.py"
PAGE = ROOT / "docs/features/webhooks.md"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    return GatehouseTester(make_site(database_url, GATEHOUSE_WEBHOOKS_PRIVATE_HOSTS=("127.0.0.1",)))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as found:
        yield found


def works_of(site: GatehouseTester) -> Works:
    works: Works = site.app.extensions["gatehouse"].works
    return works


def add(site: GatehouseTester, receiver: Receiver, *wants: str) -> tuple[str, str]:
    with site.work() as work:
        webhook, secret = service.add(work, url=receiver.url, wants=wants or ["login.*"])
        return webhook.public_id, secret


def happen(site: GatehouseTester, *told: Event) -> None:
    with works_of(site).begin(Origin(channel="web", address="203.0.113.9")) as work:
        work.record_all(told)


def came() -> LoggedIn:
    return LoggedIn(methods=("password",), remembered=False)


def send(site: GatehouseTester) -> sending.Sent:
    return sending.send_due(works_of(site))


def only(site: GatehouseTester) -> Delivery:
    with works_of(site).reading() as db:
        return db.scalars(select(Delivery)).one()


def hook(site: GatehouseTester) -> Webhook:
    with works_of(site).reading() as db:
        return db.scalars(select(Webhook)).one()


def test_what_is_wanted_arrives_once_and_signed(site: GatehouseTester, receiver: Receiver) -> None:
    _, secret = add(site, receiver)
    happen(site, came())
    assert send(site) == sending.Sent(delivered=1)
    assert send(site) == sending.Sent()
    [request] = receiver.got
    assert signed_by(secret, request)
    assert not signed_by(secret, (request[0], request[1] + b" "))
    assert not signed_by("whsec_" + "A" * 44, request)
    assert request[0]["webhook-timestamp"] == str(int(site.clock.now().timestamp()))
    assert request[0]["content-type"] == "application/json"
    assert receiver.paths == ["/hook?from=gatehouse"]
    assert receiver.told[0]["type"] == "login.succeeded"
    assert only(site).body == ""


def test_nothing_personal_is_told(site: GatehouseTester, receiver: Receiver) -> None:
    user = site.add_user("reader", email="reader@example.org")
    add(site, receiver, "*")
    happen(site, LoginRefused(user_id=user.id, method="password", name_hash="0" * 16))
    send(site)
    [told] = receiver.told
    assert told["data"]["user_id"] == str(user.id)
    assert told["data"]["outcome"] == "refused"
    said = json.dumps(told)
    for personal in ("reader", "203.0.113.9", "0" * 16):
        assert personal not in said


def test_the_page_names_every_fact_that_is_told() -> None:
    told = {
        event.name: {
            fact
            for fact in event.fact_names
            if fact != "user_id" and get_type_hints(event)[fact] in (int, bool)
        }
        for event in events_of(FEATURES)
        if not event.name.startswith("webhooks.")
    }
    rows = re.findall(r"^\| (`[a-z_.`, ]+`) \| (`[a-z_`, ]+`) \|$", PAGE.read_text(), re.MULTILINE)
    named = {
        event: set(re.findall(r"[a-z_]+", facts))
        for events, facts in rows
        for event in re.findall(r"[a-z_.]+", events)
    }
    assert named == {event: facts for event, facts in told.items() if facts}


def test_what_nobody_wants_is_not_written(site: GatehouseTester, receiver: Receiver) -> None:
    add(site, receiver, "mail.*", "login.refused")
    happen(site, came())
    assert send(site) == sending.Sent()
    with works_of(site).reading() as db:
        assert db.scalars(select(Delivery)).all() == []


def test_what_is_rolled_back_is_told_to_nobody(site: GatehouseTester, receiver: Receiver) -> None:
    add(site, receiver)

    def fail() -> None:
        with works_of(site).begin(Origin(channel="web")) as work:
            work.record_all([came()])
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert send(site) == sending.Sent()
    assert receiver.got == []


def test_a_receiver_that_was_down_gets_it_under_the_same_id(site: GatehouseTester) -> None:
    with listening() as receiver:
        _, secret = add(site, receiver)
        receiver.status = 503
        happen(site, came())
        assert send(site) == sending.Sent(failed=1)
    assert send(site) == sending.Sent()
    site.clock.move(timedelta(seconds=11))
    assert send(site) == sending.Sent(failed=1)
    assert only(site).reason == "nobody listens there"
    site.clock.move(timedelta(seconds=41))
    with listening(urlsplit(receiver.url).port or 0) as back:
        assert send(site) == sending.Sent(delivered=1)
    assert back.ids == receiver.ids == [only(site).message_id]
    before, after = receiver.got[0][0], back.got[0][0]
    assert int(after["webhook-timestamp"]) == int(before["webhook-timestamp"]) + 52
    assert signed_by(secret, back.got[0])
    assert hook(site).failing_since is None


def test_two_workers_never_send_one_delivery_at_once(
    site: GatehouseTester, receiver: Receiver
) -> None:
    add(site, receiver)
    happen(site, *[came() for _ in range(8)])
    at_once([lambda: send(site)] * 3)
    while send(site).delivered:
        pass
    assert len(receiver.ids) == len(set(receiver.ids)) == 8


def test_what_a_dead_process_had_is_sent_when_its_lease_is_over(
    site: GatehouseTester, receiver: Receiver
) -> None:
    add(site, receiver)
    happen(site, came())
    row = only(site)
    assert sending._lease(works_of(site), [(row.id, row.attempts)])  # noqa: SLF001 - a process that dies here
    assert sending._lease(works_of(site), [(row.id, row.attempts)]) == []  # noqa: SLF001 - too late
    assert send(site) == sending.Sent()
    site.clock.move(timedelta(minutes=10))
    assert send(site) == sending.Sent(delivered=1)


def test_a_redirect_is_not_followed(site: GatehouseTester, receiver: Receiver) -> None:
    with listening() as elsewhere:
        add(site, receiver)
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        happen(site, came())
        assert send(site) == sending.Sent(failed=1)
        assert elsewhere.got == []
    assert only(site).reason == "it answered with a redirect"


def test_it_is_given_up_after_a_day_and_can_be_tried_again(
    site: GatehouseTester, receiver: Receiver
) -> None:
    public_id, _ = add(site, receiver)
    receiver.status = 500
    happen(site, came())
    rounds = 0
    while send(site).failed:
        rounds += 1
        site.clock.move(timedelta(hours=6))
        assert rounds < 10
    row = only(site)
    assert row.failed_at is not None
    assert (row.status, row.reason) == (500, "it answered 500")
    receiver.status = 200
    with site.work() as work:
        service.retry(work, public_id=public_id, delivery_id=row.id)
    assert send(site) == sending.Sent(delivered=1)
    assert len(set(receiver.ids)) == 1


def test_who_fails_for_days_is_switched_off_and_administrators_are_told(
    site: GatehouseTester, receiver: Receiver
) -> None:
    site.add_user("chief", email="chief@example.org", admin=True)
    public_id, _ = add(site, receiver)
    receiver.status = 500
    for _ in range(4):
        happen(site, came())
        send(site)
        site.clock.move(timedelta(days=1))
    found = hook(site)
    assert not found.enabled
    assert found.disabled_at is not None
    [letter] = [mail for mail in site.mails() if "receiver" in str(mail["Subject"])]
    assert letter["To"] == "chief@example.org"
    happen(site, came())
    assert send(site) == sending.Sent()
    receiver.status = 200
    with site.work() as work:
        service.resume(work, public_id=public_id)
    happen(site, came())
    assert send(site).delivered


def test_who_is_gone_is_switched_off_at_once(site: GatehouseTester, receiver: Receiver) -> None:
    add(site, receiver)
    receiver.status = 410
    happen(site, came())
    assert send(site) == sending.Sent(given_up=1)
    assert not hook(site).enabled


def test_two_secrets_sign_while_one_is_replaced(site: GatehouseTester, receiver: Receiver) -> None:
    public_id, former = add(site, receiver)
    with site.work() as work:
        secret = service.rotate(work, public_id=public_id)
    happen(site, came())
    send(site)
    assert signed_by(secret, receiver.got[0])
    assert signed_by(former, receiver.got[0])
    site.clock.move(timedelta(days=1, seconds=1))
    happen(site, came())
    send(site)
    assert signed_by(secret, receiver.got[1])
    assert not signed_by(former, receiver.got[1])
    clearing.Resealing(works_of(site).house).do(works_of(site))
    assert hook(site).former_secret is None


def test_a_secret_that_nobody_can_read_any_more_is_replaced(
    make_site: MakeSite, database_url: str, receiver: Receiver
) -> None:
    def site(key: str) -> GatehouseTester:
        config = {"GATEHOUSE_SECRET_KEY": key * 4}
        hosts = ("127.0.0.1",)
        return GatehouseTester(
            make_site(database_url, GATEHOUSE_WEBHOOKS_PRIVATE_HOSTS=hosts, **config)
        )

    public_id, _ = add(site("k9Qz7Lw2Xv5Rt8Yb"), receiver)
    later = site("m3Hd6Jf1Np4Sg0Uc")
    happen(later, came())
    assert send(later) == sending.Sent(failed=1)
    assert str(only(later).reason).startswith("its secret cannot be read")
    assert receiver.got == []
    with later.work() as work:
        secret = service.rotate(work, public_id=public_id)
    later.clock.move(timedelta(seconds=11))
    assert send(later) == sending.Sent(delivered=1)
    assert signed_by(secret, receiver.got[0])


def test_a_secret_is_sealed_in_its_row(site: GatehouseTester, receiver: Receiver) -> None:
    _, secret = add(site, receiver)
    assert secret.removeprefix("whsec_") not in hook(site).secret
    assert "whsec" not in hook(site).secret


def test_what_is_over_is_forgotten(site: GatehouseTester, receiver: Receiver) -> None:
    add(site, receiver)
    happen(site, came())
    send(site)
    clearing.Clearing(works_of(site).house).do(works_of(site))
    assert only(site).delivered_at is not None
    site.clock.move(timedelta(days=7, seconds=1))
    clearing.Clearing(works_of(site).house).do(works_of(site))
    with works_of(site).reading() as db:
        assert db.scalars(select(Delivery)).all() == []


def test_a_paused_receiver_hears_nothing(site: GatehouseTester, receiver: Receiver) -> None:
    public_id, _ = add(site, receiver)
    happen(site, came())
    with site.work() as work:
        service.pause(work, public_id=public_id)
    happen(site, came())
    assert send(site) == sending.Sent()
    assert receiver.got == []


def test_the_worker_sends_what_happens(site: GatehouseTester, receiver: Receiver) -> None:
    add(site, receiver)
    worker = WebhookWorker(works_of(site), poll=timedelta(seconds=0.01)).start()
    happen(site, came())
    try:
        while not receiver.got:
            worker.nudge()
    finally:
        worker.stop()
    assert only(site).delivered_at is not None


def test_the_receiver_of_the_examples_takes_what_is_ours(
    site: GatehouseTester, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id, secret = add(site, receiver)
    with site.work() as work:
        service.ping(work, public_id=public_id)
    send(site)
    headers, body = receiver.got[0]
    example = runpy.run_path(str(EXAMPLE))
    example["app"].config["WEBHOOK_SECRET"] = secret
    monkeypatch.setattr(time, "time", lambda: float(headers["webhook-timestamp"]))

    def take(said: bytes = body, **changed: str) -> int:
        sent = {**headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
        answer = example["app"].test_client().post("/gatehouse", data=said, headers=sent)
        return int(answer.status_code)

    assert (take(), take()) == (204, 204)
    assert list(example["seen"]) == receiver.ids
    assert take(body + b" ") == 401
    assert take(webhook_id="msg_other") == 401
    assert take(webhook_timestamp="1") == 401
    assert take(webhook_signature="v1,") == 401
    old = float(headers["webhook-timestamp"]) + 301
    monkeypatch.setattr(time, "time", lambda: old)
    assert take() == 401
