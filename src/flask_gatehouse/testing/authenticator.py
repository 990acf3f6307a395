"""A keeper of passkeys in software, for tests: it answers what a site asks, rightly or wrongly.

It needs the extra `passkeys`. Give it the options that a page of the site hands to a browser, as
JSON or as a mapping; what it returns is the text that a browser would send back. Each field of an
answer can be broken by itself:

    keeper = Authenticator()
    keeper.create(options, origin="https://example.org")
    keeper.get(options, origin="https://example.org", change=lambda draft: draft.leave_out("uv"))
"""

import base64
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

#: Bits of the flags. Source: W3C Web Authentication Level 3, 6.1.
FLAGS: Final[Mapping[str, int]] = {
    "up": 0x01,
    "uv": 0x04,
    "be": 0x08,
    "bs": 0x10,
    "at": 0x40,
    "ed": 0x80,
}

Algorithm = Literal["ES256", "EdDSA", "RS256"]
Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass
class Draft:
    """An answer on its way, every part of which can still be changed."""

    #: What the browser says of its page; `client` becomes JSON unless `client_raw` is set.
    client: dict[str, Any]
    client_raw: bytes | None
    rp_id: str
    flags: int
    sign_count: int
    #: Names of the passkey inside and outside; all the same in a good answer.
    inner_id: bytes
    credential_id: str
    raw_id: str
    kind: str = "public-key"
    #: Of a new passkey.
    aaguid: bytes = bytes(16)
    public_key: dict[int, Any] = field(default_factory=dict)
    fmt: str = "none"
    statement: dict[str, Any] = field(default_factory=dict)
    transports: object = ("internal",)
    results: dict[str, Any] = field(default_factory=dict)
    #: Of a signature. `sign` gets what is to be signed.
    handle: str | None = None
    sign: Callable[[bytes], bytes] = lambda _said: b""
    #: Behind the data of the authenticator.
    trailing: bytes = b""

    def leave_out(self, *names: str) -> None:
        """Say that something was not so, such as `uv`."""
        for name in names:
            self.flags &= ~FLAGS[name]

    def put_in(self, *names: str) -> None:
        """Say that something was so."""
        for name in names:
            self.flags |= FLAGS[name]

    @property
    def client_data(self) -> bytes:
        """What the browser says, as bytes."""
        if self.client_raw is not None:
            return self.client_raw
        return json.dumps(self.client, separators=(",", ":")).encode()

    @property
    def authenticator_data(self) -> bytes:
        """What the authenticator says, as bytes."""
        head = sha256(self.rp_id.encode()).digest() + bytes([self.flags])
        data = head + self.sign_count.to_bytes(4, "big")
        if self.flags & FLAGS["at"]:
            data += self.aaguid + len(self.inner_id).to_bytes(2, "big") + self.inner_id
            data += cbor2.dumps(self.public_key)
        return data + self.trailing

    @property
    def attestation(self) -> bytes:
        """The object that tells of a new passkey, as bytes."""
        whole = {"fmt": self.fmt, "attStmt": self.statement, "authData": self.authenticator_data}
        return cbor2.dumps(whole)


Change = Callable[[Draft], object]


@dataclass
class Key:
    """A passkey and what its keeper knows with it."""

    id: bytes
    rp_id: str
    handle: bytes
    #: What it shows to its person.
    name: str
    private: Private
    algorithm: Algorithm
    count: int = 0

    def sign(self, said: bytes) -> bytes:
        """Return a signature of what is said."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(said, ec.ECDSA(hashes.SHA256()))
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(said)
        return self.private.sign(said, padding.PKCS1v15(), hashes.SHA256())

    @property
    def cose(self) -> dict[int, Any]:
        """The public half. Source: RFC 9053, 2 and 7; RFC 8230, 4."""
        public = self.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            at = public.public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")}
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
        numbers = public.public_numbers()
        return {1: 3, 3: -257, -1: _bytes_of(numbers.n), -2: _bytes_of(numbers.e)}


class Authenticator:
    """Makes passkeys and signs with them.

    Args:
        algorithm: of the keys that it makes.
        verifies: whether it verifies its holder, if it is asked to or not.
        counts: whether it counts how often a key was used.
        synced: whether it copies its keys to other devices.
        discoverable: whether it knows people, and is found without being named.
    """

    def __init__(
        self,
        *,
        algorithm: Algorithm = "ES256",
        verifies: bool = True,
        counts: bool = True,
        synced: bool = False,
        discoverable: bool = True,
    ) -> None:
        self.algorithm = algorithm
        self.verifies = verifies
        self.counts = counts
        self.synced = synced
        self.discoverable = discoverable
        #: Those that it keeps, oldest first.
        self.keys: list[Key] = []

    def create(self, options: Mapping[str, Any] | str, *, origin: str, change: Change = id) -> str:
        """Return the answer to the wish for a new passkey.

        Args:
            options: as a site hands them to a browser.
            origin: where the browser stands.
            change: breaks what is to be broken, before it becomes bytes.
        """
        asked = _read(options)
        person = asked["user"]
        key = Key(
            id=secrets.token_bytes(32),
            rp_id=asked["rp"]["id"],
            handle=_bytes(person["id"]),
            name=person["name"],
            private=_make(self.algorithm),
            algorithm=self.algorithm,
        )
        self.keys.append(key)
        draft = self._draft(key, "webauthn.create", asked, origin)
        draft.put_in("at")
        draft.public_key = key.cose
        draft.results = {"credProps": {"rk": self.discoverable}}
        change(draft)
        return _answer(
            draft,
            clientDataJSON=_text(draft.client_data),
            attestationObject=_text(draft.attestation),
            transports=draft.transports,
        )

    def get(self, options: Mapping[str, Any] | str, *, origin: str, change: Change = id) -> str:
        """Return the answer to the wish for a signature.

        Args:
            options: as a site hands them to a browser.
            origin: where the browser stands.
            change: breaks what is to be broken, before it is signed.

        Raises:
            LookupError: it keeps no passkey that is wanted.
        """
        asked = _read(options)
        key = self._wanted(asked["rpId"], asked.get("allowCredentials") or ())
        key.count += int(self.counts)
        draft = self._draft(key, "webauthn.get", asked, origin)
        draft.handle = _text(key.handle) if self.discoverable else None
        draft.sign = key.sign
        change(draft)
        said = draft.authenticator_data
        signature = draft.sign(said + sha256(draft.client_data).digest())
        return _answer(
            draft,
            clientDataJSON=_text(draft.client_data),
            authenticatorData=_text(said),
            signature=_text(signature),
            userHandle=draft.handle,
        )

    def _wanted(self, rp_id: str, allowed: Sequence[Mapping[str, str]]) -> Key:
        ids = {_bytes(each["id"]) for each in allowed}
        for key in reversed(self.keys):
            if key.rp_id == rp_id and (key.id in ids if ids else self.discoverable):
                return key
        msg = f"no passkey for {rp_id} is kept here that is wanted"
        raise LookupError(msg)

    def _draft(self, key: Key, kind: str, asked: Mapping[str, Any], origin: str) -> Draft:
        draft = Draft(
            client={
                "type": kind,
                "challenge": asked["challenge"],
                "origin": origin,
                "crossOrigin": False,
            },
            client_raw=None,
            rp_id=key.rp_id,
            flags=0,
            sign_count=key.count,
            inner_id=key.id,
            credential_id=_text(key.id),
            raw_id=_text(key.id),
        )
        draft.put_in("up")
        if self.verifies:
            draft.put_in("uv")
        if self.synced:
            draft.put_in("be", "bs")
        return draft


def _make(algorithm: Algorithm) -> Private:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _answer(draft: Draft, **response: object) -> str:
    whole = {
        "id": draft.credential_id,
        "rawId": draft.raw_id,
        "type": draft.kind,
        "response": response,
        "clientExtensionResults": draft.results,
        "authenticatorAttachment": "platform",
    }
    return json.dumps(whole)


def _read(options: Mapping[str, Any] | str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(options) if isinstance(options, str) else options
    return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _bytes_of(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


__all__ = ["FLAGS", "Algorithm", "Authenticator", "Change", "Draft", "Key"]
