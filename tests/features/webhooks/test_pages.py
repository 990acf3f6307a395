"""The console's pages about webhooks, and the commands."""

import json
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.webhooks.models import Delivery, Webhook
from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.features.webhooks.receivers import listening, signed_by

PAGE = "/admin/webhooks/"
URL = "https://hooks.example.org/gatehouse"


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    return GatehouseTester(
        make_site(
            database_url,
            GATEHOUSE_WEBHOOKS_PRIVATE_HOSTS=("127.0.0.1",),
            GATEHOUSE_WEBHOOKS_ENDPOINTS=2,
        )
    )


@pytest.fixture
def keeper(site: GatehouseTester) -> FlaskClient:
    """Somebody who may do this and nothing else."""
    user = site.add_user("keeper")
    with site.work() as work:
        roles.make(work, name="hooks", permissions=["webhooks.edit"])
        roles.grant(work, user=user, role="hooks")
    return site.client(user)


def run(site: GatehouseTester, *args: str) -> tuple[int, str]:
    done = site.app.test_cli_runner().invoke(args=["gatehouse", "webhooks", *args])
    return done.exit_code, done.output


def post(client: FlaskClient, path: str, at: str = PAGE, **data: str) -> tuple[int, str]:
    token = forms.token(client.get(at))
    answer = client.post(path, data={"csrf_token": token, **data})
    return answer.status_code, answer.text


def test_a_receiver_is_added_and_its_secret_is_shown_once(
    site: GatehouseTester, keeper: FlaskClient
) -> None:
    status, said = post(keeper, f"{PAGE}receivers/add/", url=URL, events="login.*\nmail.posted")
    assert status == 200
    secret = re.findall(r"whsec_[A-Za-z0-9+/=]+", said)
    assert len(secret) == 1
    with site.work() as work:
        hook = work.db.scalars(select(Webhook)).one()
        assert hook.created_by is not None
    for page in (PAGE, f"{PAGE}{hook.public_id}/"):
        shown = keeper.get(page).text
        assert URL in shown
        assert "whsec_" not in shown


@pytest.mark.parametrize(
    ("url", "events", "said"),
    [
        ("http://hooks.example.org/", "*", "https://"),
        ("https://10.0.0.1/", "*", "inside a network"),
        (URL, "login.nothing", "is no event of this site"),
        (URL, "webhooks.*", "is no event of this site"),
        (URL, "", "at least one event"),
        ("", "*", "Type an address"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    site: GatehouseTester, keeper: FlaskClient, url: str, events: str, said: str
) -> None:
    status, shown = post(keeper, f"{PAGE}receivers/add/", url=url, events=events)
    assert status == 422
    assert said in shown
    with site.work() as work:
        assert work.db.scalars(select(Webhook)).all() == []


def test_the_life_of_a_receiver_in_the_console(site: GatehouseTester, keeper: FlaskClient) -> None:
    public_id, former = run(site, "add", URL, "login.*")[1].split()
    here = f"{PAGE}{public_id}/"
    assert post(keeper, f"{here}events/", events="* login.*")[0] == 303
    assert post(keeper, f"{here}ping/")[0] == 303
    assert "waiting" in keeper.get(here).text
    assert post(keeper, f"{here}pause/")[0] == 303
    assert "paused" in keeper.get(here).text
    assert post(keeper, f"{here}resume/")[0] == 303
    status, said = post(keeper, f"{here}secret/")
    assert status == 200
    assert "whsec_" in said
    assert former not in said
    with site.work() as work:
        delivery = work.db.scalars(select(Delivery)).first()
        assert delivery is not None
        message_id = delivery.message_id
    post(keeper, f"{here}deliveries/{message_id}/retry/")
    assert "was not given up" in keeper.get(here).text
    assert post(keeper, f"{here}remove/")[0] == 303
    assert keeper.get(here).status_code == 404
    for change in ("ping", "pause", "resume", "secret", "remove", "deliveries/msg_1/retry"):
        assert post(keeper, f"{here}{change}/")[0] == 404


def test_what_is_asked_for_while_a_receiver_is_paused_waits_and_says_so(
    site: GatehouseTester, keeper: FlaskClient
) -> None:
    with listening() as receiver:
        public_id = run(site, "add", receiver.url, "roles.*")[1].split()[0]
        here = f"{PAGE}{public_id}/"
        receiver.status = 410
        run(site, "test", public_id)
        given_up = json.loads(run(site, "deliveries", "--json")[1])
        assert given_up["state"] == "given up"
        receiver.status = 200
        run(site, "resume", public_id)
        run(site, "pause", public_id)

        post(keeper, f"{here}deliveries/{given_up['id']}/retry/")
        shown = keeper.get(here).text
        assert "It is tried again when you resume the receiver" in shown
        assert "It is tried again.<" not in shown
        post(keeper, f"{here}ping/")
        shown = keeper.get(here).text
        assert "The ping is sent when you resume the receiver" in shown
        assert "is on its way" not in shown
        run(site, "send")
        assert len(receiver.got) == 1

        run(site, "resume", public_id)
        assert "Delivered 2" in run(site, "send")[1]
        post(keeper, f"{here}ping/")
        assert "A ping is on its way." in keeper.get(here).text


def test_a_command_says_when_a_delivery_is_tried_again(site: GatehouseTester) -> None:
    with listening() as receiver:
        public_id = run(site, "add", receiver.url, "roles.*")[1].split()[0]
        receiver.status = 500
        run(site, "test", public_id)
        for change, said in (("pause", f"when {public_id} is resumed"), ("resume", "again.\n")):
            site.clock.move(timedelta(days=1))
            run(site, "resume", public_id)
            run(site, "send")
            [delivery] = run(site, "deliveries", "--json")[1].splitlines()
            run(site, change, public_id)
            status, told = run(site, "retry", public_id, json.loads(delivery)["id"])
            assert status == 0
            assert said in told


def test_without_the_permission_there_is_nothing(site: GatehouseTester) -> None:
    public_id = run(site, "add", URL, "*")[1].split()[0]
    client = site.client(site.add_user("mallory"))
    assert client.get(PAGE).status_code == 403
    assert post(client, f"{PAGE}{public_id}/remove/", at="/account/")[0] == 403
    assert len(run(site, "list")[1].splitlines()) == 1


def test_there_are_only_so_many(site: GatehouseTester) -> None:
    assert [run(site, "add", URL, "*")[0] for _ in range(3)] == [0, 0, 1]


def test_the_life_of_a_receiver_by_commands(site: GatehouseTester) -> None:
    with listening() as receiver:
        public_id, secret = run(site, "add", receiver.url, "roles.*")[1].split()
        assert run(site, "test", public_id) == (0, "Taken: 204.\n")
        assert signed_by(secret, receiver.got[0])
        receiver.status = 500
        status, said = run(site, "test", public_id)
        assert status == 1
        assert "it answered 500" in said
        assert json.loads(run(site, "list", "--json")[1])["state"] == "failing"
        receiver.status = 200
        site.clock.move(timedelta(minutes=1))
        assert run(site, "send")[1] == "Delivered 1, to be tried again 0, given up 0.\n"
    told = [json.loads(line) for line in run(site, "deliveries", "--json")[1].splitlines()]
    assert [each["state"] for each in told] == ["delivered", "delivered"]
    assert run(site, "events", public_id, "nothing.*")[0] == 1
    assert run(site, "events", public_id, "login.*")[0] == 0
    assert run(site, "rotate", public_id)[1].startswith("whsec_")
    assert run(site, "pause", public_id)[0] == 0
    assert "paused" in run(site, "list")[1]
    assert run(site, "resume", public_id)[0] == 0
    assert run(site, "retry", public_id, told[0]["id"])[0] == 1
    assert run(site, "remove", public_id)[0] == 0
    assert run(site, "list") == (0, "")
    assert run(site, "remove", public_id)[0] == 1
