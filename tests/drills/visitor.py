"""Somebody at the real site: one browser with its cookies, over real connections."""

import http.client
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask_gatehouse.testing import PASSWORD

#: Seconds after which a site that has not answered is taken to hang.
PATIENCE = 30


class NoAnswer(Exception):  # noqa: N818 - what happened, not what is wrong
    """The connection broke before there was a whole answer: the process died, or was told to."""


@dataclass(frozen=True)
class Page:
    """An answer."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
        assert found is not None, f"no form: {self.status} {self.text[:200]}"
        return found[1]

    @property
    def set_cookies(self) -> set[str]:
        return {line.partition("=")[0] for line in self.headers.get_all("Set-Cookie", [])}


class Visitor:
    """A browser, as far as the site can tell."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        self._port = port
        self.cookies = dict(cookies or {})

    def get(self, path: str, **headers: str) -> Page:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, token: str, **fields: str) -> Page:
        body = urlencode({"csrf_token": token, **fields})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, body, kind)

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> Page:
        token = self.get("/login/").token
        return self.post("/login/", token, username=name, password=password, **fields)

    def sign_out(self) -> Page:
        return self.post("/logout/", self.get("/account/").token)

    def who(self) -> str:
        """Return who the site says is asking; "nobody" if it sends to the login page."""
        page = self.get("/account/")
        if page.status in {302, 303}:
            assert page.location.startswith("/login/")
            return "nobody"
        assert page.status == 200, page.status
        found = re.search(r"<dt>User name</dt><dd>([^<]+)</dd>", page.text)
        assert found is not None
        return found[1]

    def copy(self) -> "Visitor":
        """Return another browser with the same cookies."""
        return Visitor(self._port, self.cookies)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Page:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Connection": "close", **headers, **({"Cookie": held} if held else {})}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            page = Page(answer.status, answer.headers, answer.read().decode())
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer from error
        finally:
            connection.close()
        for line in page.headers.get_all("Set-Cookie", []):
            self._keep(line)
        return page

    def _keep(self, line: str) -> None:
        pair, _, attributes = line.partition(";")
        name, _, value = pair.partition("=")
        self.cookies.pop(name, None)
        if value and "Max-Age=0" not in attributes:
            self.cookies[name] = value
