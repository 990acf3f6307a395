"""Thousands of answers that were changed somewhere: none proves what was not signed."""

import base64
import json
from typing import Any

import pytest

from flask_gatehouse.features.passkeys import answers, ceremony, options
from flask_gatehouse.features.passkeys.errors import PasskeyRefused
from flask_gatehouse.features.passkeys.rules import Party
from flask_gatehouse.testing.authenticator import Algorithm, Authenticator
from tests.keepers import ORIGIN, RP_ID
from tests.long_form import Dice, times

PARTY = Party(RP_ID, (ORIGIN,))
CHALLENGE = "c" * 42 + "A"
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "EdDSA", "RS256")
ODD: tuple[object, ...] = (
    None,
    "",
    0,
    True,
    [],
    {},
    "AAAA",
    "=",
    "\x00",
    "é",
    ["AAAA"],
    "A" * 5000,
)


def wish_for_new() -> options.Options:
    return options.creation(
        party=PARTY,
        site="Here",
        challenge=CHALLENGE,
        handle=b"h" * 64,
        name="alice",
        verified=True,
    )


def wish_for_signature() -> options.Options:
    return options.request(party=PARTY, challenge=CHALLENGE, verified=True)


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def changed_bytes(dice: Dice, raw: bytes) -> bytes:
    """Return bytes of which some are flipped, left out, doubled, or put in."""
    found = bytearray(raw)
    for _ in range(1 + dice.below(3)):
        at = dice.below(len(found) + 1)
        what = dice.below(5)
        if what == 0 and at < len(found):
            found[at] ^= 1 << dice.below(8)
        elif what == 1:
            del found[at : at + 1 + dice.below(4)]
        elif what == 2:
            found[at:at] = dice.bytes(1 + dice.below(4))
        elif what == 3:
            found[at:at] = found[at : at + dice.below(16)]
        elif at < len(found):
            found[at] = dice.of((0, 1, 0x7F, 0x80, 0xFF))
    return bytes(found)


def changed(dice: Dice, answer: str) -> str:
    """Return an answer that is another one: in its bytes, in a field, or as a text."""
    whole: dict[str, Any] = json.loads(answer)
    response = whole["response"]
    texts = [name for name, value in response.items() if isinstance(value, str)]
    what = dice.below(8)
    if what < 5:
        name = dice.of(texts)
        response[name] = to_text(changed_bytes(dice, to_bytes(response[name])))
    elif what == 5:
        response[dice.of(texts)] = dice.of(ODD)
    elif what == 6:
        whole[dice.of(("id", "rawId", "type", "response"))] = dice.of(ODD)
    else:
        return changed_bytes(dice, answer.encode()).decode("utf-8", "replace")
    return json.dumps(whole)


def meaning(answer: Any) -> tuple[object, ...]:
    """Return all of an answer that is believed once it is verified."""
    parts = [
        value for name, value in vars(answer).items() if name not in {"transports", "signature"}
    ]
    return tuple(str(part) for part in parts)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_changed_signature_proves_anything_else(algorithm: Algorithm) -> None:
    dice, keeper = Dice(f"signatures {algorithm}"), Authenticator(algorithm=algorithm)
    made = answers.created(keeper.create(wish_for_new(), origin=ORIGIN))
    key = ceremony.verify_new(made, party=PARTY, verified=True).public_key
    good = keeper.get(wish_for_signature(), origin=ORIGIN)
    right = meaning(answers.signed(good))
    accepted = 0
    for _ in range(times(1000, 50_000)):
        text = changed(dice, good)
        try:
            signed = answers.signed(text)
            ceremony.verify(signed, party=PARTY, public_key=key, verified=True)
        except PasskeyRefused:
            continue
        accepted += 1
        # What is not signed is looked at by whoever knows the account.
        assert meaning(signed)[:-1] == right[:-1]
    assert accepted < times(1000, 50_000) / 4


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_changed_passkey_is_taken_unless_it_is_a_good_one(algorithm: Algorithm) -> None:
    dice, keeper = Dice(f"passkeys {algorithm}"), Authenticator(algorithm=algorithm)
    good = keeper.create(wish_for_new(), origin=ORIGIN)
    for _ in range(times(1000, 50_000)):
        text = changed(dice, good)
        try:
            created = answers.created(text)
            new = ceremony.verify_new(created, party=PARTY, verified=True)
        except PasskeyRefused:
            continue
        if created.client_data.challenge != CHALLENGE:
            # Nobody asked for it: no row is found by it.
            continue
        # Nobody signs a new passkey, so another key or counter is a good one; but it verified its
        # holder for this site and this challenge, in one piece, and can be used.
        assert json.loads(created.client_data.raw)["origin"] == ORIGIN
        assert new.verified
        assert new.credential_id == created.credential_id == keeper.keys[0].id
        with pytest.raises(PasskeyRefused):
            ceremony.verify(
                answers.signed(
                    keeper.get(
                        wish_for_signature(),
                        origin=ORIGIN,
                        change=lambda draft: setattr(draft, "sign", lambda _: b"\x30\x00"),
                    )
                ),
                party=PARTY,
                public_key=new.public_key,
                verified=True,
            )
