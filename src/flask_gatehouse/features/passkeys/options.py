"""What a browser is asked for, as plain data that becomes JSON.

Source: W3C Web Authentication Level 3, 5.1.8, 5.1.10, 5.4, 5.5.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from flask_gatehouse.features.passkeys.rules import ALGORITHMS, LIFETIME, Party, to_text

Options = Mapping[str, object]

#: Milliseconds; a hint, which a browser may shorten.
_PATIENCE: Final = round(LIFETIME.total_seconds() * 1000)


def creation(
    *,
    party: Party,
    site: str,
    challenge: str,
    handle: bytes,
    name: str,
    verified: bool,
    has: Iterable[bytes] = (),
) -> Options:
    """Return the wish for a new passkey, found without being named if that is possible.

    Args:
        site: its name, as people read it.
        handle: by which the keeper knows the person.
        name: of the account.
        verified: whether it must verify its holder.
        has: credential ids of the account: no keeper makes a second one for it.
    """
    return {
        "rp": {"id": party.id, "name": site},
        "user": {"id": to_text(handle), "name": name, "displayName": name},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "timeout": _PATIENCE,
        "excludeCredentials": _listed(has),
        "authenticatorSelection": {
            "residentKey": "preferred",
            "requireResidentKey": False,
            "userVerification": _wish(verified=verified),
        },
        "attestation": "none",
        "extensions": {"credProps": True},
    }


def request(
    *, party: Party, challenge: str, verified: bool, allowed: Iterable[bytes] = ()
) -> Options:
    """Return the wish for a signature.

    Args:
        allowed: credential ids of which one is wanted; with none, whichever is found.
    """
    return {
        "challenge": challenge,
        "timeout": _PATIENCE,
        "rpId": party.id,
        "allowCredentials": _listed(allowed),
        "userVerification": _wish(verified=verified),
    }


def _wish(*, verified: bool) -> str:
    return "required" if verified else "preferred"


def _listed(ids: Iterable[bytes]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": to_text(each)} for each in ids]
