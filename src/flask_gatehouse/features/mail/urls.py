"""What `GATEHOUSE_MAIL_URL` may say. It may hold a password, so no refusal ever repeats it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import Secret, key_of
from flask_gatehouse.core.site import is_this_machine

Tls = Literal["starttls", "implicit", "none"]

_KEY: Final = key_of("mail", "url")

#: Source: RFC 6409 3.1 and RFC 8314 7.3; port 25 is what a mail server on this machine answers.
_PORTS: Final[dict[Tls, int]] = {"starttls": 587, "implicit": 465, "none": 25}


@dataclass(frozen=True)
class Folder:
    """Keep letters as files; None is the outbox in the home."""

    path: Path | None


@dataclass(frozen=True)
class Console:
    """Write letters to standard output."""


@dataclass(frozen=True)
class Server:
    """Hand letters to a mail server."""

    host: str
    port: int
    tls: Tls
    user: str
    password: Secret
    #: Certificates of an authority of one's own; None trusts those of the system.
    ca: Path | None


def parsed(url: str) -> Folder | Console | Server:
    """Return what the setting asks for.

    Raises:
        Misconfigured: it asks for nothing that is known, or for something unsafe.
    """
    parts = _split(url)
    if parts is None or parts.fragment:
        _refuse("is not a URL; write special characters in a password as %40, %23 and so on")
    if parts.scheme == "file":
        return _folder(parts)
    if parts.scheme == "console":
        return Console()
    if parts.scheme in {"smtp", "smtps"}:
        return _server(parts)
    return _refuse("must begin with file:, console:, smtp:// or smtps://")


def _split(url: str) -> SplitResult | None:
    """Return the parts; the error of the library would tell some of them."""
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts


def _folder(parts: SplitResult) -> Folder:
    if parts.netloc or parts.query or (parts.path and not parts.path.startswith("/")):
        _refuse("must name a folder by its whole path, such as file:/var/lib/site/outbox")
    return Folder(Path(unquote(parts.path)) if parts.path else None)


def _server(parts: SplitResult) -> Server:
    if not parts.hostname or parts.path not in {"", "/"}:
        _refuse("must look like smtp://user:password@host:587")
    options = _options(parts.query)
    tls = _tls(parts.scheme, parts.hostname, options)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        _refuse("needs both a user and a password, or neither")
    if not (user + password).isascii():
        _refuse("has a user or a password that is not ASCII, which mail servers do not take")
    return Server(
        host=parts.hostname,
        port=parts.port or _PORTS[tls],
        tls=tls,
        user=user,
        password=Secret(password),
        ca=Path(options["ca"]) if "ca" in options else None,
    )


def _options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) != len(pairs) or not options.keys() <= {"ca", "tls"} or "" in options.values():
        _refuse("takes the options ?ca=/path.pem and ?tls=none, once each")
    return options


def _tls(scheme: str, host: str, options: dict[str, str]) -> Tls:
    if "tls" not in options:
        return "implicit" if scheme == "smtps" else "starttls"
    if options["tls"] != "none" or scheme == "smtps" or "ca" in options:
        _refuse("knows tls=none, for smtp:// and without a ca, and no other value of tls")
    if not is_this_machine(host):
        _refuse("may send without encryption to this machine only: take ?tls=none away")
    return "none"


def _refuse(sentence: str) -> NoReturn:
    msg = f"{_KEY} {sentence}."
    raise Misconfigured(msg)
