"""What people are told when `passwords` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed
from flask_gatehouse.features.passwords.errors import Reason

#: One sentence for unknown, wrong, suspended and missing: it tells a stranger nothing.
WRONG: Final = "Invalid username or password."


#: By reason; what stands in braces is filled in from the facts.
_REFUSED: Final = {
    Reason.TOO_SHORT: (
        "A password has at least {minimum} characters. A few words that do not belong together "
        "are easy to remember."
    ),
    Reason.TOO_LONG: "A password has at most {maximum} characters.",
    Reason.TOO_MANY_BYTES: "This password is too long.",
    Reason.NOT_UNICODE: "This password has a character that cannot be typed.",
    Reason.NUL: "This password has a character that cannot be typed.",
    Reason.COMMON: "This password is one of the first that attackers try.",
    Reason.PATTERN: "This password repeats or counts; attackers try such patterns first.",
    Reason.CONTEXT: "This password is little more than a name that stands on this site.",
}


def _refused(facts: Mapping[str, object]) -> str:
    return _REFUSED[Reason(str(facts["reason"]))].format_map(facts)


SENTENCES: Final[Mapping[str, Sentence]] = {
    "passwords.wrong": fixed(WRONG),
    "passwords.not_confirmed": fixed("That is not the password of your account."),
    "passwords.put_aside": fixed("You deactivated your account."),
    "passwords.refused": _refused,
}
