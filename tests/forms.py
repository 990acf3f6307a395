"""Fill in the site's forms as a browser does."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse.testing import PASSWORD

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def token(page: TestResponse) -> str:
    """Return the token in the first form of a page."""
    found = _TOKEN.search(page.text)
    assert found is not None, f"no form on the page: {page.status} {page.text[:200]}"
    return found[1]


def send(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Open a page and send its form to the same address."""
    return client.post(path, data={"csrf_token": token(client.get(path)), **fields})


def sign_in(
    client: FlaskClient,
    username: str = "alice",
    password: str = PASSWORD,
    *,
    path: str = "/login/",
    **fields: Any,
) -> TestResponse:
    """Open the login page and send the form."""
    return send(client, path, username=username, password=password, **fields)


def cookie(client: FlaskClient, name: str = "gatehouse") -> str | None:
    """Return the value of a cookie that the client holds."""
    found = client.get_cookie(name)
    return found.value if found is not None else None
