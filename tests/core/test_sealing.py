"""What is sealed opens in one place only, and by a key that is in force."""

import pytest

from flask_gatehouse.core import sealing
from flask_gatehouse.core.keys import KeyRing
from flask_gatehouse.core.sealing import SealBroken

OLD, NEW = b"o" * 32, b"n" * 32
PLACE = ("gatehouse_totp", "seed", "a-row", "an-owner")
SEED = bytes(range(20))


def test_what_was_sealed_comes_back() -> None:
    ring = KeyRing([NEW])
    sealed = sealing.seal(ring, SEED, place=PLACE)
    assert sealing.unseal(ring, sealed, place=PLACE) == SEED
    assert sealed.startswith(sealing.beginning(ring, "gatehouse_totp"))
    assert SEED.hex() not in sealed


def test_no_two_sealings_are_alike() -> None:
    ring = KeyRing([NEW])
    assert len({sealing.seal(ring, SEED, place=PLACE) for _ in range(50)}) == 50


@pytest.mark.parametrize("part", range(len(PLACE)))
def test_mfa_10_elsewhere_it_does_not_open(part: int) -> None:
    ring = KeyRing([NEW])
    sealed = sealing.seal(ring, SEED, place=PLACE)
    other = tuple("other" if n == part else each for n, each in enumerate(PLACE))
    with pytest.raises(SealBroken):
        sealing.unseal(ring, sealed, place=other)


def test_parts_of_a_place_do_not_run_into_each_other() -> None:
    ring = KeyRing([NEW])
    sealed = sealing.seal(ring, SEED, place=("table", "ab", "c"))
    with pytest.raises(SealBroken):
        sealing.unseal(ring, sealed, place=("table", "a", "bc"))


def test_a_former_key_still_opens_and_a_key_that_is_gone_does_not() -> None:
    sealed = sealing.seal(KeyRing([OLD]), SEED, place=PLACE)
    both = KeyRing([NEW, OLD])
    assert sealing.unseal(both, sealed, place=PLACE) == SEED
    assert not sealed.startswith(sealing.beginning(both, PLACE[0]))
    assert sealed.startswith(tuple(sealing.beginnings(both, PLACE[0])))
    with pytest.raises(SealBroken, match="not in force"):
        sealing.unseal(KeyRing([NEW]), sealed, place=PLACE)


def test_what_was_changed_does_not_open() -> None:
    ring = KeyRing([NEW])
    sealed = sealing.seal(ring, SEED, place=PLACE)
    head, body = sealed[:11], sealed[11:]
    changed = [
        head + ("A" if body[n] != "A" else "B").join((body[:n], body[n + 1 :]))
        for n in range(0, len(body), 7)
    ]
    for each in [
        *changed,
        "",
        "1",
        "1..",
        f"2{sealed[1:]}",
        head,
        f"{head}AAAA",
        f"{head}é",
        "é.é.é",
    ]:
        with pytest.raises(SealBroken):
            sealing.unseal(ring, each, place=PLACE)
