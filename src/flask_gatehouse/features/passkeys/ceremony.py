"""The two ceremonies, verified step by step as the standard has them. Success is a typed value.

The mathematics and the formats are those of the library `webauthn`, which is loaded here and
nowhere else, with the first passkey that is met. What it raises is one refusal, whatever it was;
what it does not look at is looked at here.

Source: W3C Web Authentication Level 3, 7.1 and 7.2.
"""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from flask_gatehouse.core import tokens
from flask_gatehouse.features.passkeys.answers import ClientData, Created, Signed
from flask_gatehouse.features.passkeys.errors import PasskeyRefused
from flask_gatehouse.features.passkeys.rules import (
    ALGORITHMS,
    EDDSA,
    ES256,
    RS256,
    Party,
    to_bytes,
    to_text,
)

if TYPE_CHECKING:
    from webauthn.registration.verify_registration_response import VerifiedRegistration

#: Whose signatures we can check.
_LARGEST_KEY: Final = 2048

#: Bytes of an RSA modulus. Source: NIST SP 800-131A, 3: 2048 bits and more.
_LEAST_RSA: Final = 256

#: Bytes of a coordinate on P-256, and of a key on Ed25519.
_COORDINATE: Final = 32

_P256: Final = 1
_ED25519: Final = 6


@dataclass(frozen=True)
class New:
    """A passkey that may be kept."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    aaguid: str
    #: Whether it verified its holder.
    verified: bool


@dataclass(frozen=True)
class Proof:
    """A passkey signed what it was asked to sign."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool
    verified: bool


@cache
def is_installed() -> bool:
    """Whether the library is there, without loading it. Looked for once: each sign-in page asks."""
    return find_spec("webauthn") is not None


def verify_new(answer: Created, *, party: Party, verified: bool) -> New:
    """Return a new passkey.

    That the challenge is one of ours, for this purpose and browser, is known already: it was found
    by it.

    Args:
        verified: whether it must have verified its holder.

    Raises:
        PasskeyRefused: whatever is wrong.
    """
    _need_library()
    # Loads a library of cryptography, which most processes of a site do not need for long.
    from webauthn.helpers.structs import (  # noqa: PLC0415 - see above
        AuthenticatorAttestationResponse,
        RegistrationCredential,
    )
    from webauthn.registration.verify_registration_response import (  # noqa: PLC0415 - see above
        VerifiedRegistration,
        verify_registration_response,
    )

    _check(answer.client_data, "webauthn.create", party)
    try:
        found = verify_registration_response(
            credential=RegistrationCredential(
                id=to_text(answer.credential_id),
                raw_id=answer.credential_id,
                response=AuthenticatorAttestationResponse(
                    client_data_json=answer.client_data.raw, attestation_object=answer.attestation
                ),
            ),
            expected_challenge=_challenge(answer.client_data),
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=verified,
            supported_pub_key_algs=list(ALGORITHMS),  # type: ignore[arg-type] # they are numbers
        )
        if not isinstance(found, VerifiedRegistration):
            raise PasskeyRefused("not verified")  # noqa: TRY301 - as whatever else is wrong
        _check_attestation(answer.attestation)
        _check_key(found.credential_public_key)
    except PasskeyRefused:
        raise
    except Exception as error:
        # What strangers send may break a parser anywhere.
        raise PasskeyRefused(_said(error)) from error
    if not tokens.same(found.credential_id, answer.credential_id):
        raise PasskeyRefused("another id inside")
    return _new(found)


def verify(answer: Signed, *, party: Party, public_key: bytes, verified: bool) -> Proof:
    """Return what a passkey proved. Whose it is, and its counter, are looked at by whoever asks.

    Args:
        public_key: as it was kept.
        verified: whether it must have verified its holder.

    Raises:
        PasskeyRefused: whatever is wrong.
    """
    _need_library()
    from webauthn.authentication.verify_authentication_response import (  # noqa: PLC0415 - as above
        VerifiedAuthentication,
        verify_authentication_response,
    )
    from webauthn.helpers.structs import (  # noqa: PLC0415 - as above
        AuthenticationCredential,
        AuthenticatorAssertionResponse,
        CredentialDeviceType,
    )

    _check(answer.client_data, "webauthn.get", party)
    try:
        found = verify_authentication_response(
            credential=AuthenticationCredential(
                id=to_text(answer.credential_id),
                raw_id=answer.credential_id,
                response=AuthenticatorAssertionResponse(
                    client_data_json=answer.client_data.raw,
                    authenticator_data=answer.authenticator_data,
                    signature=answer.signature,
                ),
            ),
            expected_challenge=_challenge(answer.client_data),
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            # Compared where it is kept, in one statement.
            credential_current_sign_count=0,
            require_user_verification=verified,
        )
    except Exception as error:
        raise PasskeyRefused(_said(error)) from error
    if not isinstance(found, VerifiedAuthentication):
        raise PasskeyRefused("not verified")
    return Proof(
        sign_count=found.new_sign_count,
        backup_eligible=found.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        backed_up=found.credential_backed_up,
        verified=found.user_verified,
    )


def _need_library() -> None:
    """Refuse where nothing can be verified: what is there stays asked for."""
    if not is_installed():
        raise PasskeyRefused("not installed")


def _check(told: ClientData, kind: str, party: Party) -> None:
    """Look at what the browser says of its page. Source: steps 7 to 11 of 7.1, 10 to 14 of 7.2."""
    if told.kind != kind:
        raise PasskeyRefused("ceremony")
    if told.origin not in party.origins:
        raise PasskeyRefused("origin")


def _check_attestation(attestation: bytes) -> None:
    """Take no statement, or one that the passkey signed itself: no other was asked for.

    The formats of makers are many and hard to read, and nothing here is decided by them.
    """
    from webauthn.helpers import parse_cbor  # noqa: PLC0415 - as above

    found = parse_cbor(attestation)
    # The library has verified what is signed, and overlooks what it does not know.
    if (found["fmt"], sorted(found["attStmt"])) == ("packed", ["alg", "sig"]):
        return
    if found["fmt"] != "none" or found["attStmt"] != {}:
        raise PasskeyRefused("attestation")


def _check_key(key: bytes) -> None:
    """Take only keys that can be used later, of the curve and the size that belong to them.

    Source: W3C Web Authentication Level 3, 5.8.5.
    """
    from webauthn.helpers import (  # noqa: PLC0415 - as above
        decode_credential_public_key,
        decoded_public_key_to_cryptography,
    )
    from webauthn.helpers.decode_credential_public_key import (  # noqa: PLC0415 - as above
        DecodedEC2PublicKey,
        DecodedOKPPublicKey,
        DecodedRSAPublicKey,
    )

    found = decode_credential_public_key(key)
    if isinstance(found, DecodedEC2PublicKey):
        sizes = {len(found.x), len(found.y)}
        fits = found.alg == ES256 and found.crv == _P256 and sizes == {_COORDINATE}
    elif isinstance(found, DecodedOKPPublicKey):
        fits = found.alg == EDDSA and found.crv == _ED25519 and len(found.x) == _COORDINATE
    elif isinstance(found, DecodedRSAPublicKey):
        fits = found.alg == RS256 and len(found.n.lstrip(b"\0")) >= _LEAST_RSA
    else:
        fits = False
    if not fits or len(key) > _LARGEST_KEY:
        raise PasskeyRefused("key")
    decoded_public_key_to_cryptography(found)


def _new(found: "VerifiedRegistration") -> New:
    from webauthn.helpers.structs import CredentialDeviceType  # noqa: PLC0415 - as above

    return New(
        credential_id=found.credential_id,
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        backup_eligible=found.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        backed_up=found.credential_backed_up,
        aaguid=found.aaguid,
        verified=found.user_verified,
    )


def _challenge(told: ClientData) -> bytes:
    return to_bytes(told.challenge) or b""


def _said(error: Exception) -> str:
    """Return a reason for the record; what the library says may repeat what was sent."""
    return type(error).__name__
