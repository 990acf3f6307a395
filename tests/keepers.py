"""People and their keepers of passkeys, for the tests of all features."""

from collections.abc import Callable
from typing import Any, Final

from flask_gatehouse.features.login.attempts import Attempt
from flask_gatehouse.features.passkeys import making
from flask_gatehouse.features.passkeys import service as passkeys
from flask_gatehouse.features.passkeys.errors import PasskeyRefused
from flask_gatehouse.features.passkeys.rules import Purpose, to_text
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester, Work
from flask_gatehouse.testing.authenticator import FLAGS, Authenticator, Change, Draft

#: Where browsers stand that reach the site on this machine, and for whom passkeys are made.
ORIGIN: Final = "http://localhost:5000"
RP_ID: Final = "localhost"

UNLIMITED: Final = {
    "GATEHOUSE_PASSKEYS_NETWORK": "100000/1m",
    "GATEHOUSE_PASSKEYS_PER_PERSON": "100000/1m",
}

#: Names the browser in tests that have none.
BROWSER: Final = "a browser"


def ask(site: GatehouseTester, name: str = "", *, browser: str = BROWSER) -> dict[str, Any]:
    """Return what a browser is asked for that wants to sign in."""
    with site.work() as work:
        return dict(passkeys.ask_to_sign_in(work, browser=browser, name=name))


def sign_in(site: GatehouseTester, answer: str, *, browser: str = BROWSER) -> Attempt:
    """Return whom an answer proves."""
    with site.work() as work:
        return passkeys.sign_in(work, browser=browser, answer=answer)


def ask_to_add(site: GatehouseTester, name: str = "alice") -> dict[str, Any]:
    """Return what a browser is asked for in which somebody adds a passkey."""
    with site.work() as work:
        return dict(making.ask_to_add(work, user=_account(work, name), bound_to=BROWSER))


def add(site: GatehouseTester, answer: str, name: str = "alice") -> None:
    """Give somebody the passkey of an answer."""
    with site.work() as work:
        user = _account(work, name)
        fresh = making.made(work, user=user, bound_to=BROWSER, answer=answer)
        making.keep(work, user=user, fresh=fresh, name="My key")


def enrol(
    site: GatehouseTester, keeper: Authenticator, name: str = "alice", change: Change = id
) -> None:
    """Make a passkey and give it to somebody."""
    add(site, keeper.create(ask_to_add(site, name), origin=ORIGIN, change=change), name)


def ask_beside(
    site: GatehouseTester, purpose: Purpose = Purpose.SECOND_STEP, name: str = "alice"
) -> dict[str, Any]:
    """Return what the browser of somebody is asked for who is known already."""
    with site.work() as work:
        user = _account(work, name)
        asked = passkeys.ask_beside(work, purpose=purpose, user_id=user.id, bound_to=BROWSER)
        return dict(asked)


def prove_beside(
    site: GatehouseTester,
    answer: str,
    purpose: Purpose = Purpose.SECOND_STEP,
    name: str = "alice",
    bound_to: str = BROWSER,
) -> str:
    """Return by which method an answer proves somebody who is known already."""
    with site.work() as work:
        return passkeys.prove_beside(
            work,
            purpose=purpose,
            user_id=_account(work, name).id,
            bound_to=bound_to,
            answer=answer,
        )


def _account(work: Work, name: str) -> User:
    """Return somebody as a session finds them, without a transaction."""
    with work.reading() as db:
        return users.named(db, name)


def client(**changed: object) -> Change:
    """Change what the browser says of its page."""
    return lambda draft: draft.client.update(changed)


def raw(text: str | bytes) -> Change:
    """Let the browser say something else altogether."""
    said = text.encode() if isinstance(text, str) else text
    return lambda draft: setattr(draft, "client_raw", said)


def rewritten(rewrite: Callable[[bytes], bytes]) -> Change:
    """Write what the browser says in another way."""
    return lambda draft: setattr(draft, "client_raw", rewrite(draft.client_data))


def field(**changed: object) -> Change:
    """Change other parts of an answer."""
    return lambda draft: vars(draft).update(changed)


def key(**changed: object) -> Change:
    """Change numbered parts of the public key, such as `_3`, which is minus three."""
    numbered = {int(name.replace("_", "-").replace("p", "")): v for name, v in changed.items()}
    return lambda draft: draft.public_key.update(numbered)


def _told_twice(said: bytes) -> bytes:
    return said[:-1] + b',"origin":"http://localhost:5000"}'


#: What may be wrong with any answer, whatever it is to. Each is one step of the standard.
WRONG_ANYWHERE: Final[dict[str, Change]] = {
    "challenge: another": client(challenge="A" * 43),
    "challenge: none": client(challenge=""),
    "challenge: a number": client(challenge=7),
    "challenge: with padding": lambda draft: draft.client.update(
        challenge=draft.client["challenge"] + "="
    ),
    "origin: a sibling": client(origin="http://evil.localhost:5000"),
    "origin: another port": client(origin="http://localhost:5001"),
    "origin: no port": client(origin="http://localhost"),
    "origin: https": client(origin="https://localhost:5000"),
    "origin: a dot behind": client(origin="http://localhost.:5000"),
    "origin: capitals": client(origin="http://LOCALHOST:5000"),
    "origin: a slash behind": client(origin="http://localhost:5000/"),
    "origin: ours as a prefix": client(origin="http://localhost:5000.evil.example"),
    "origin: the address": client(origin="http://127.0.0.1:5000"),
    "origin: a list": client(origin=["http://localhost:5000"]),
    "origin: null": client(origin=None),
    "origin: an app": client(origin="android:apk-key-hash:abc"),
    "cross-origin: true": client(crossOrigin=True),
    "cross-origin: a text": client(crossOrigin="false"),
    "cross-origin: null": client(crossOrigin=None),
    "cross-origin: zero": client(crossOrigin=0),
    "top origin: ours": client(topOrigin=ORIGIN),
    "top origin: another": client(topOrigin="https://evil.example"),
    "client data: nothing": raw(""),
    "client data: a list": raw("[]"),
    "client data: a number": raw("1"),
    "client data: null": raw("null"),
    "client data: no json": raw("{"),
    "client data: not utf-8": raw(b'{"type":"\xff"}'),
    "client data: utf-16": rewritten(lambda said: said.decode().encode("utf-16")),
    "client data: told twice": rewritten(_told_twice),
    "client data: not a number": rewritten(lambda said: said[:-1] + b',"x":NaN}'),
    "client data: very deep": raw("[" * 8000),
    "site: another": field(rp_id="evil.example"),
    "site: with its port": field(rp_id="localhost:5000"),
    "site: its origin": field(rp_id=ORIGIN),
    "site: nothing": field(rp_id=""),
    "flags: nobody was there": lambda draft: draft.leave_out("up"),
    "flags: copied and may not be": lambda draft: draft.put_in("bs"),
    "flags: none": lambda draft: draft.leave_out(*FLAGS),
    "flags: data announced that is not there": lambda draft: draft.put_in("ed"),
    "data: more behind": field(trailing=b"\0"),
    "id: two of them": field(raw_id="AAAA"),
    "id: another": field(credential_id="AAAA", raw_id="AAAA"),
    "id: with padding": lambda draft: field(
        credential_id=draft.credential_id + "=", raw_id=draft.raw_id + "="
    )(draft),
    "id: other letters": field(credential_id="a+b/", raw_id="a+b/"),
    "id: nothing": field(credential_id="", raw_id=""),
    "id: null": field(credential_id=None, raw_id=None),
    "id: a number": field(credential_id=7, raw_id=7),
    "id: a list": field(credential_id=["AAAA"], raw_id=["AAAA"]),
    "id: too long": field(credential_id="A" * 1368, raw_id="A" * 1368),
    "type: another": field(kind="password"),
    "type: null": field(kind=None),
}


def _unsigned(draft: Draft) -> None:
    draft.fmt, draft.statement = "packed", {"alg": -7, "sig": b"\x30\x06\x02\x01\x01\x02\x01\x01"}


def _long(draft: Draft) -> None:
    draft.inner_id = bytes(1024)
    draft.credential_id = draft.raw_id = "A" * 1366


def _empty(draft: Draft) -> None:
    draft.inner_id = b""


#: What may be wrong with a new passkey besides.
WRONG_NEW: Final[dict[str, Change]] = {
    "ceremony: the other one": client(type="webauthn.get"),
    "ceremony: another": client(type="payment.get"),
    "ceremony: null": client(type=None),
    "data: no passkey": lambda draft: draft.leave_out("at"),
    "id: another inside": field(inner_id=bytes(32)),
    "id: 1024 bytes": _long,
    "id: none inside": _empty,
    "algorithm: not wished for": key(p3=-35),
    "algorithm: with SHA-1": key(p3=-65535),
    "algorithm: none": lambda draft: draft.public_key.pop(3),
    "algorithm: a text": key(p3="ES256"),
    "key: of the other curve": key(_1=2),
    "key: of another kind": key(p1=3),
    "key: of no kind": key(p1=99),
    "key: not on the curve": key(_2=bytes(32)),
    "key: short": key(_2=bytes(8)),
    "key: a number": key(_2=12),
    "key: nothing": lambda draft: draft.public_key.clear(),
    "attestation: unknown": field(fmt="nobody"),
    "attestation: a number": field(fmt=7),
    "attestation: none, with a statement": field(statement={"sig": b"x"}),
    "attestation: of a maker": field(fmt="apple", statement={"x5c": [b"x"]}),
    "attestation: of a maker, packed": field(
        fmt="packed", statement={"alg": -7, "sig": b"x", "x5c": [b"x"]}
    ),
    "attestation: signed by nobody": _unsigned,
    "attestation: packed and empty": field(fmt="packed"),
    "attestation: a list": field(statement=[]),
}

#: What may be wrong with a signature besides.
WRONG_SIGNED: Final[dict[str, Change]] = {
    "ceremony: the other one": client(type="webauthn.create"),
    "ceremony: another": client(type="payment.get"),
    "ceremony: null": client(type=None),
    "holder: not verified": lambda draft: draft.leave_out("uv"),
    "flags: may be copied by now": lambda draft: draft.put_in("be"),
    "flags: copied by now": lambda draft: draft.put_in("be", "bs"),
    "signature: nothing": field(sign=lambda _: b""),
    "signature: zeros": field(sign=lambda _: bytes(70)),
    "signature: of something else": lambda draft: field(
        sign=lambda said, sign=draft.sign: sign(said + b"!")
    )(draft),
    "signature: of half of it": lambda draft: field(
        sign=lambda said, sign=draft.sign: sign(said[:-32])
    )(draft),
    "handle: none": field(handle=None),
    "handle: empty": field(handle=""),
    "handle: another": field(handle="A" * 86),
    "handle: a number": field(handle=7),
    "handle: a list": field(handle=["AAAA"]),
}

#: Answers that are no answers.
NO_ANSWERS: Final = (
    "",
    "null",
    "[]",
    "{}",
    "7",
    '"text"',
    "{",
    "[" * 20_000,
    '{"id":"AAAA","rawId":"AAAA","type":"public-key"}',
    '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":null}',
    '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":[]}',
    '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}',
    '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30"}}',
    '{"id":"\\ud800","rawId":"\\ud800","type":"public-key","response":{}}',
    '{"id":' + "9" * 5000 + "}",
    "x" * 40_000,
    "\0",
)

__all__ = [
    "BROWSER",
    "NO_ANSWERS",
    "ORIGIN",
    "RP_ID",
    "UNLIMITED",
    "WRONG_ANYWHERE",
    "WRONG_NEW",
    "WRONG_SIGNED",
    "PasskeyRefused",
    "add",
    "ask",
    "ask_beside",
    "ask_to_add",
    "client",
    "enrol",
    "field",
    "key",
    "prove_beside",
    "raw",
    "rewritten",
    "sign_in",
    "to_text",
]
