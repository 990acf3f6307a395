"""Which passwords may be chosen, and the one form in which a password is hashed.

Two rules answer to a standard that forbids more than they do: nothing here asks for kinds of
characters (NIST SP 800-63B-4 3.1.1.2, ASVS 5.0 6.2.5), and words are compared with the whole
password, never looked for inside it (ASVS 5.0 6.2.11).

Every step looks at each character a bounded number of times, and the first one caps the length.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.passwords.errors import PasswordRefused, Reason

#: Bytes of UTF-8 that a password may have, whatever is configured: 256 code points of four bytes.
BYTE_LIMIT: Final = 1024

#: NFC makes UTF-8 at most this many times shorter (a Hangul syllable typed as three letters), so a
#: longer input cannot end within the limit. It must be turned away before it is normalised,
#: because normalising a run of combining marks takes time quadratic in its length.
_NFC_SHRINKS: Final = 3

#: Code points. Source: NIST SP 800-63B-4 3.1.1.2, ASVS 5.0 6.2.1 and 6.2.9.
_LOWEST_MINIMUM: Final = 8
_LOWEST_MAXIMUM: Final = 64

#: Code points of a context word that are looked at; an e-mail address has at most 254.
_CONTEXT_LIMIT: Final = 256
_SHORTEST_CONTEXT_WORD: Final = 3

#: A password that is one such unit again and again is no longer than the unit: a few characters,
#: or digits that may be a date.
_SHORT_UNIT: Final = 4
_SHORT_UNIT_OF_DIGITS: Final = 8

#: In a password made of sequences, a sequence has at least this many characters on average. In
#: sentences and in random text the average stays below two.
_SEQUENCE: Final = 4


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a new password must be like.

    Args:
        minimum: code points, at least 8.
        maximum: code points, at least 64.
        byte_limit: bytes of UTF-8, from four times 64 up to `BYTE_LIMIT`.
        context_words: names of the site, its owner and its product.
    Raises:
        Misconfigured: a limit that would make passwords weak, or refuse good ones.
    Source: ASVS 5.0 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11; NIST SP 800-63B-4 3.1.1.2.
    """

    minimum: int = 15
    maximum: int = 256
    byte_limit: int = BYTE_LIMIT
    context_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.minimum < _LOWEST_MINIMUM:
            raise Misconfigured(f"A password minimum under {_LOWEST_MINIMUM} characters is unsafe.")
        if self.maximum < max(_LOWEST_MAXIMUM, self.minimum):
            raise Misconfigured(
                f"The password maximum must be at least {_LOWEST_MAXIMUM} characters,"
                " and not less than the minimum."
            )
        if not 4 * _LOWEST_MAXIMUM <= self.byte_limit <= BYTE_LIMIT:
            raise Misconfigured(
                f"The byte limit of passwords must be from {4 * _LOWEST_MAXIMUM} to {BYTE_LIMIT}."
            )

    def judge(self, password: str, *, context: Iterable[str] = ()) -> None:
        """Refuse a password that is too short, too long, or among the first to be guessed.

        A NUL is refused here although no other character is: nobody can type one, and programs
        that meet the password later, from an old hash function to a command line, cut it there.
        A sign-in with a NUL is only a wrong password.

        Args:
            context: what this person is called: user name, e-mail address, display name.
        Raises:
            PasswordRefused: `reason` says why, the facts hold the limit that was missed.
        """
        secret = _within(self.byte_limit, password)
        if len(secret) > self.maximum:
            raise PasswordRefused(Reason.TOO_LONG, maximum=self.maximum)
        if len(secret) < self.minimum:
            raise PasswordRefused(Reason.TOO_SHORT, minimum=self.minimum)
        if "\0" in secret:
            raise PasswordRefused(Reason.NUL)
        folded = secret.casefold()
        if _is_common(folded):
            raise PasswordRefused(Reason.COMMON)
        if _is_made_of(folded, _words((*self.context_words, *context))):
            raise PasswordRefused(Reason.CONTEXT)
        if _is_pattern(folded):
            raise PasswordRefused(Reason.PATTERN)


def normalise(password: str) -> str:
    """Return the one form of a password that is judged, hashed and verified: NFC, nothing else.

    Source: NIST SP 800-63B-4 3.1.1.2; ASVS 5.0 6.2.8 forbids any further change.
    """
    return unicodedata.normalize("NFC", password)


def as_bytes(password: str) -> bytes:
    """Return the bytes that are hashed. Setting and verifying both come through here.

    Raises:
        PasswordRefused: more than `BYTE_LIMIT` bytes, or text that UTF-8 cannot write.
    """
    return _within(BYTE_LIMIT, password).encode()


def _within(limit: int, password: str) -> str:
    """Return the normal form of a password, if that has at most `limit` bytes."""
    longest = _NFC_SHRINKS * limit
    try:
        if len(password) <= longest and len(password.encode()) <= longest:
            normal = normalise(password)
            if len(normal.encode()) <= limit:
                return normal
    except UnicodeEncodeError:  # a lone surrogate
        raise PasswordRefused(Reason.NOT_UNICODE) from None
    raise PasswordRefused(Reason.TOO_MANY_BYTES, byte_limit=limit)


# Common passwords: listed, or a listed one that is dressed up or repeated.


def _is_common(folded: str) -> bool:
    return _is_listed(folded) or any(_is_listed(form) for form in _undressed(folded))


def _undressed(folded: str) -> set[str]:
    """Return what a password may be once dressing, repetition and leet spelling are taken off."""
    units = {_unit(body) for body in _bodies(folded)}
    bare = {body for unit in units for body in _bodies(unit)}
    return bare | {form.translate(table) for form in bare for table in _LEET}


def _bodies(folded: str) -> Iterator[str]:
    """Yield the password with the digits and punctuation off either end, both, and throughout."""
    dressing = _dressing(folded)
    yield folded
    yield folded.strip(dressing)
    yield folded.lstrip(dressing)
    yield folded.rstrip(dressing)
    letters = "".join(filter(str.isalpha, folded))
    # In digits with a few letters between them, those letters do not make the password.
    if 2 * len(letters) >= len(folded):
        yield letters


def _stripped(text: str) -> str:
    return text.strip(_dressing(text))


def _dressing(text: str) -> str:
    """Return the characters of a text that are not letters."""
    return "".join(letter for letter in set(text) if not letter.isalpha())


#: What people write for a letter. A 1 and a bar are read as either letter they resemble.
_LEET: Final = tuple(
    str.maketrans("01345789@$!+|", f"o{one}eastbgas{one}t{one}") for one in ("i", "l")
)


def _is_listed(word: str) -> bool:
    """Look a word up in the shipped list, which is searched where it lies."""
    lines = _common()

    def line_at(offset: int) -> bytes:
        return lines[lines.rfind(b"\n", 0, offset) + 1 : lines.find(b"\n", offset)]

    line = word.encode()
    found = bisect_left(range(len(lines)), line, key=line_at)
    return found < len(lines) and line_at(found) == line


@cache
def _common() -> bytes:
    """Return the list: sorted lines, case-folded, each ending in a line feed.

    One bytes object takes a tenth of the memory of a set, and nothing is parsed at the start.
    """
    return files(__package__).joinpath("data", "common.txt").read_bytes()


# Patterns: one short unit again and again, or runs along the keyboard or the alphabet.


def _is_pattern(folded: str) -> bool:
    if _sequences(folded) * _SEQUENCE <= len(folded):
        return True
    return any(_is_short_again(body) for body in _bodies(folded) if 2 * len(body) >= len(folded))


def _is_short_again(text: str) -> bool:
    unit = _unit(text)
    if unit == text:
        return False
    return len(unit) <= (_SHORT_UNIT_OF_DIGITS if unit.isdigit() else _SHORT_UNIT)


def _unit(text: str) -> str:
    """Return the shortest unit that makes the text when it is repeated, or the text itself.

    The last repetition may be cut off, but not the only one by more than a character: `word-word`
    is a repetition. Found by the prefix function of Knuth, Morris and Pratt.
    """
    borders = [0] * len(text)
    border = 0
    for end in range(1, len(text)):
        while border and text[end] != text[border]:
            border = borders[border - 1]
        border += text[end] == text[border]
        borders[end] = border
    period = len(text) - border
    return text[:period] if 2 * period <= len(text) + 1 else text


#: Each is a ring, walked either way: digits, letters, the rows of common keyboards, their columns,
#: and two rows in turn.
_WALKS: Final = (
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "!@#$%^&*()",
    '!"§$%&/()=',
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1b2c3d4e5f6g7h8i9j0",
)


@cache
def _steps() -> dict[str, frozenset[int]]:
    """Return for two neighbours the walks that go from the first to the second."""
    steps: dict[str, frozenset[int]] = {}
    both_ways = (walk[::way] for walk in _WALKS for way in (1, -1))
    for number, walk in enumerate(both_ways):
        for pair in map("".join, zip(walk, walk[1:] + walk[0], strict=True)):
            steps[pair] = steps.get(pair, frozenset()) | {number}
    return steps


def _sequences(text: str) -> int:
    """Count the sequences that make up a text; standing on one key is part of a sequence."""
    steps = _steps()
    count = 1
    walks: frozenset[int] | None = None  # the walks that the sequence so far may be on
    for here, there in pairwise(text):
        if here == there:
            continue
        possible = steps.get(here + there, frozenset())
        walks = possible if walks is None else walks & possible
        if not walks:
            count += 1
            walks = None
    return count


# Context: nothing but the names of the site and of the person, with digits and punctuation.


def _is_made_of(folded: str, words: frozenset[str]) -> bool:
    plain = "".join(filter(str.isalnum, folded))
    # A name without letters is a number, and a number among other digits means nothing.
    if _unit(plain) in words:
        return True
    spelt = {word.translate(_SOUNDS) for word in words if not word.isdigit()}
    return _is_covered(folded, spelt) or _is_covered(plain, spelt)


def _is_covered(text: str, words: Iterable[str]) -> bool:
    """Tell whether words and non-letters make up the whole text, with at least one word."""
    spelt = text.translate(_SOUNDS)
    words = tuple(words)
    dressed = {0}  # lengths of beginnings that are non-letters only
    covered: set[int] = set()  # lengths of beginnings with at least one word
    for start, letter in enumerate(text):
        for reached in (dressed, covered):
            if start in reached and not letter.isalpha():
                reached.add(start + 1)
        if start in dressed or start in covered:
            covered.update(start + len(word) for word in words if spelt.startswith(word, start))
    return len(text) in covered


def _words(names: Iterable[str]) -> frozenset[str]:
    """Return the words of names and addresses, and each name run together."""
    found: set[str] = set()
    for name in names:
        folded = normalise(name[:_CONTEXT_LIMIT]).casefold()
        for text in (folded, folded.partition("@")[0]):
            parts = [part for part in re.split(r"[\W_]+", text) if part]
            found.update(parts, ["".join(parts)])
    found |= {_stripped(word) for word in found}
    return frozenset(word for word in found if len(word) >= _SHORTEST_CONTEXT_WORD)


#: Folds a letter and what is written for it into one, on both sides of a comparison.
_SOUNDS: Final = str.maketrans("01345789@$!+|l", "oieastbgasitii")
