"""People at the gate, with and without an app, by the steps that the pages take."""

import re
from base64 import b32decode
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester
from tests.features.totp.apps import shown
from tests.forms import send, sign_in, token
from tests.security.walk import UNLIMITED

CODE = "/second-step/code/"
ADD = "/account/authenticator/add/"
SET_UP = "/second-step/set-up/"

_STEP = timedelta(seconds=30)

#: So much that nothing which is sent in a test is too often.
PATIENT: dict[str, object] = {
    **UNLIMITED,
    "GATEHOUSE_LOGIN_SECOND_STEPS": "1000/1h",
    "GATEHOUSE_TOTP_PER_PERSON": "1000/1h",
}


def whose(site: GatehouseTester, name: str = "alice") -> User:
    """Return the account, as a page has it before it opens any work."""
    with site.work() as work:
        return users.named(work.db, name)


def enter(
    site: GatehouseTester,
    seed: bytes,
    name: str = "alice",
    *,
    client: FlaskClient | None = None,
    **fields: Any,
) -> FlaskClient:
    """Sign in by password and code. Args: fields: of the page of the second step."""
    client = client or site.client()
    assert sign_in(client, name).location.startswith("/second-step/")
    assert send(client, CODE, code=shown(site, seed), **fields).status_code == 303
    # The next code is a new one.
    site.clock.move(_STEP)
    return client


def set_up_app(site: GatehouseTester, client: FlaskClient) -> TestResponse:
    """Set up an app by its pages; return the last answer."""
    typed = send(client, ADD, name="Phone")
    assert typed.status_code == 200, typed.status
    found = re.search(r'name="setup"[^>]* value="([^"]+)"', typed.text)
    assert found is not None
    key = re.search(r'translate="no"[^>]*>([A-Z2-7 ]+)<', typed.text)
    assert key is not None
    seed = b32decode(key[1].replace(" ", ""))
    fields = {"csrf_token": token(typed), "setup": found[1], "code": shown(site, seed)}
    return client.post(ADD, data=fields)
