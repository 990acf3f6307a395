"""People who ask for a letter to log in by, and what they do with it."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.forms import send, token

ALLOWED: dict[str, object] = {"GATEHOUSE_LOGIN_BY_MAIL_ALLOWED": True}
GENEROUS: dict[str, object] = {
    **ALLOWED,
    "GATEHOUSE_THROTTLING_LINKS": "1000/1m",
    "GATEHOUSE_LOGIN_BY_MAIL_ACCOUNT": "100/1m",
    "GATEHOUSE_LOGIN_BY_MAIL_NETWORK": "1000/1m",
    "GATEHOUSE_LOGIN_BY_MAIL_CODES": "1000/1m",
    "GATEHOUSE_LOGIN_BY_MAIL_FAILURES": "100/1d",
}
ADDRESS = "Alice@example.org"


def peopled(app: Flask) -> GatehouseTester:
    """Return the site with alice, whose address is proven."""
    site = GatehouseTester(app)
    site.add_user("alice", email=ADDRESS)
    prove(site, "alice", ADDRESS)
    return site


def prove(site: GatehouseTester, name: str, address: str) -> None:
    with site.work() as work:
        addresses.prove(work, user=users.named(work.db, name), address=address)


def ask(client: FlaskClient, name: str = "alice", **more: object) -> TestResponse:
    return send(client, "/login/mail/", username=name, **more)


def letters(site: GatehouseTester) -> list[Any]:
    return [mail for mail in site.mails() if str(mail["Subject"]).startswith("Log in to")]


def said(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def link(site: GatehouseTester) -> str:
    """Return the path of the link in the newest letter."""
    found = re.search(r"http://127\.0\.0\.1:5000(/login/mail/[\w-]{43}/)", said(letters(site)[-1]))
    assert found is not None
    return found[1]


def code(site: GatehouseTester) -> str:
    found = re.search(r"\b(\d{4} \d{4})\b", said(letters(site)[-1]))
    assert found is not None
    return found[1]


def not_the(right: str) -> str:
    return "0000 0000" if right != "0000 0000" else "1111 1111"


def use(client: FlaskClient, path: str, **more: object) -> TestResponse:
    """Open a link and press its button, if there is one."""
    client.get(path)
    page = client.get("/login/mail/link/")
    if page.status_code != 200:
        return page
    return client.post("/login/mail/link/", data={"csrf_token": token(page), **more})


def type_in(client: FlaskClient, typed: str, **more: object) -> TestResponse:
    return send(client, "/login/mail/sent/", code=typed, **more)


def is_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200
