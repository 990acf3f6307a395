"""What a user name and an e-mail address may look like, and when two of them are the same one.

Decided here once, for every place that compares, stores or counts an identifier. Two spellings are
the same account if their canonical forms are equal; what has no canonical form is refused.
"""

import re
import unicodedata
from typing import Final, Literal

from flask_gatehouse.features.users.errors import AddressRefused, NameRefused

Kind = Literal["username", "email"]

#: Kept with each identifier, so that a later rule can find what an earlier one wrote.
CANONICAL_VERSION: Final = 1

#: Characters of the reason of a suspension.
LONGEST_REASON: Final = 500

#: Code points of a user name.
SHORTEST_NAME: Final = 2
LONGEST_NAME: Final = 64

#: Characters of an address. Source: RFC 5321 4.5.3.1 and its erratum 1690.
LONGEST_ADDRESS: Final = 254

#: Scripts that are written together in one word.
_WRITTEN_TOGETHER: Final = ({"CJK", "HIRAGANA", "KATAKANA", "LATIN"}, {"CJK", "HANGUL", "LATIN"})

#: Letters that look like another one and are not folded into it by Unicode.
_LOOK_ALIKES: Final = frozenset("ıȷɑɡℓꞮ")

_PUNCTUATION: Final = frozenset("._-")


#: Code points that nobody sees, whatever category they have, so that a name could hide behind one.
#: Source: Unicode, DerivedCoreProperties, Default_Ignorable_Code_Point.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def canonical_name(text: str) -> str:
    """Return the one form of a user name under which it is stored and found.

    Raises:
        NameRefused: no account may have this name; facts say why.
    """
    if len(text) > LONGEST_NAME * 4:
        raise NameRefused(reason="too_long")
    name = _folded(text)
    if len(name) < SHORTEST_NAME:
        raise NameRefused(reason="too_short")
    # Folding may also shorten, and both forms have to fit.
    if max(len(name), len(shown_name(text))) > LONGEST_NAME:
        raise NameRefused(reason="too_long")
    if _INVISIBLE.search(text) or not all(_may_stand_in_name(letter) for letter in name):
        raise NameRefused(reason="characters")
    if not name[0].isalnum() or name.endswith("."):
        raise NameRefused(reason="begins_or_ends")
    if not _one_script(name):
        raise NameRefused(reason="mixed_scripts")
    return name


def shown_name(text: str) -> str:
    """Return a user name as it is shown: as typed, composed, without outer space."""
    return unicodedata.normalize("NFKC", text).strip()


def canonical_address(text: str) -> str:
    """Return the one form of an e-mail address under which it is stored and found.

    The local part is ASCII, because mail systems disagree about the rest; its case is folded,
    because people do not know that it could matter. Dots and plus tags are kept: they are other
    mailboxes to many providers.

    Raises:
        AddressRefused: no account may have this address; facts say why.
    """
    # Its tables cost a start more than all of our rules; most processes meet an address later.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - see above

    typed = text.strip()
    if len(typed) > LONGEST_ADDRESS:
        raise AddressRefused(reason="too_long")
    try:
        found = validate_email(
            typed,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            strict=True,
            check_deliverability=False,
            globally_deliverable=False,
        )
    except (EmailNotValidError, UnicodeError, ValueError) as error:
        raise AddressRefused(reason="syntax") from error
    domain = found.ascii_domain.casefold()
    # A dotted number is an address of a machine, and an encoded word is read by some mailers.
    if "." not in domain or domain.rpartition(".")[2].isdigit() or "=?" in typed:
        raise AddressRefused(reason="syntax")
    return f"{found.local_part.casefold()}@{domain}"


def mailing_address(address: str) -> str:
    """Return where letters to an accepted address go: as typed, its domain in ASCII."""
    local, _, _ = address.strip().rpartition("@")
    return f"{local}@{canonical_address(address).rpartition('@')[2]}"


def identify(text: str) -> tuple[Kind, str] | None:
    """Return kind and canonical form of what somebody typed as user name or address.

    None where no account can have it; that is not told apart from an unknown one.
    """
    try:
        if "@" in text:
            return "email", canonical_address(text)
        return "username", canonical_name(text)
    except (NameRefused, AddressRefused):
        return None


def counted_as(text: str) -> str:
    """Return the form under which attempts on a name are counted: every variant shares one."""
    found = identify(text)
    if found is not None:
        return ":".join(found)
    return "other:" + re.sub(r"\s+", " ", _folded(text[:1024]))


def _folded(text: str) -> str:
    """NFKC, casefold, NFKC: folding may undo the composition. Source: Unicode 3.13, D147."""
    composed = unicodedata.normalize("NFKC", text.strip())
    return unicodedata.normalize("NFKC", composed.casefold()).strip()


def _may_stand_in_name(letter: str) -> bool:
    if letter in _PUNCTUATION:
        return True
    if letter in _LOOK_ALIKES:
        return False
    category = unicodedata.category(letter)
    # A mark that no composition took up hides in Latin, but is part of the script in many others.
    if category in {"Mn", "Mc"}:
        return not unicodedata.name(letter, "").startswith("COMBINING")
    return category in {"Ll", "Lo", "Lm", "Nd"}


def _one_script(name: str) -> bool:
    # "LATIN SMALL LETTER A", and "KATAKANA-HIRAGANA PROLONGED SOUND MARK".
    names = (unicodedata.name(letter, "?") for letter in name if letter.isalpha())
    scripts = {name.split()[0].partition("-")[0] for name in names}
    return len(scripts) <= 1 or any(scripts <= together for together in _WRITTEN_TOGETHER)
