"""What a browser sends back, read strictly: one spelling, the fields we know, nothing twice.

Nothing here is believed yet. Whatever cannot be read is refused in the same way as what is wrong.
"""

import json
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from flask_gatehouse.features.passkeys.errors import PasskeyRefused
from flask_gatehouse.features.passkeys.rules import LONGEST_ID, to_bytes, ways

#: Characters of an answer; the largest are some kilobytes.
_LONGEST: Final = 32 * 1024


@dataclass(frozen=True)
class ClientData:
    """What the browser says of the page on which it was asked."""

    raw: bytes
    kind: str
    challenge: str
    origin: str


@dataclass(frozen=True)
class Created:
    """A passkey that was just made.

    Args:
        transports: separated by spaces.
        discoverable: whether it is found without being named, if the browser said so.
    """

    credential_id: bytes
    client_data: ClientData
    attestation: bytes
    transports: str
    discoverable: bool | None


@dataclass(frozen=True)
class Signed:
    """What a passkey signed.

    Args:
        handle: by which its keeper knows the person; None if it does not say.
    """

    credential_id: bytes
    client_data: ClientData
    authenticator_data: bytes
    signature: bytes
    handle: bytes | None


def created(text: str) -> Created:
    """Return the answer to the wish for a new passkey. Raises: PasskeyRefused."""
    whole, response = _read(text)
    return Created(
        credential_id=_id(whole),
        client_data=_client_data(response),
        attestation=_bytes(response, "attestationObject"),
        transports=ways(response.get("transports")),
        discoverable=_discoverable(whole),
    )


def signed(text: str) -> Signed:
    """Return the answer to the wish for a signature. Raises: PasskeyRefused."""
    whole, response = _read(text)
    handle = response.get("userHandle")
    return Signed(
        credential_id=_id(whole),
        client_data=_client_data(response),
        authenticator_data=_bytes(response, "authenticatorData"),
        signature=_bytes(response, "signature"),
        # Keepers that know nobody leave it out, or empty.
        handle=None if handle is None or handle == "" else _bytes(response, "userHandle"),
    )


def _read(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(text) > _LONGEST:
        _refuse("length")
    whole = _mapping(_json(text), "shape")
    return whole, _mapping(whole.get("response"), "response")


def _json(text: str | bytes) -> object:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise PasskeyRefused("json") from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; of two readers of a name that stands twice, each could take another one."""
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("twice")
    return found


def _id(whole: dict[str, Any]) -> bytes:
    """Return the credential id. Source: W3C Web Authentication Level 3, 5.1 and 7.1, step 25."""
    raw = to_bytes(whole.get("rawId"))
    if not raw or whole.get("id") != whole.get("rawId") or len(raw) > LONGEST_ID:
        _refuse("id")
    if whole.get("type") != "public-key":
        _refuse("type")
    return raw


def _client_data(response: dict[str, Any]) -> ClientData:
    raw = _bytes(response, "clientDataJSON")
    try:
        told = _mapping(_json(raw.decode("utf-8")), "client data")
    except UnicodeDecodeError as error:
        raise PasskeyRefused("client data") from error
    kind, challenge, origin = (told.get(name) for name in ("type", "challenge", "origin"))
    if not (isinstance(kind, str) and isinstance(challenge, str) and isinstance(origin, str)):
        _refuse("client data")
    # No page of ours may stand in a frame of another site, so no browser that asked did either.
    if told.get("crossOrigin", False) is not False or "topOrigin" in told:
        _refuse("cross-origin")
    return ClientData(raw, kind, challenge, origin)


def _discoverable(whole: dict[str, Any]) -> bool | None:
    results = whole.get("clientExtensionResults")
    properties = results.get("credProps") if isinstance(results, dict) else None
    said = properties.get("rk") if isinstance(properties, dict) else None
    return said if isinstance(said, bool) else None


def _bytes(response: dict[str, Any], name: str) -> bytes:
    raw = to_bytes(response.get(name))
    if not raw:
        _refuse(name)
    return raw


def _mapping(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(what)
    return value


def _refuse(reason: str) -> NoReturn:
    raise PasskeyRefused(reason)
