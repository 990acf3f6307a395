"""What people are told when `registration` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed


def _turned_away(facts: Mapping[str, object]) -> str:
    return str(facts["sentence"])


SENTENCES: Final[Mapping[str, Sentence]] = {
    "registration.closed": fixed("Accounts are made here by invitation only."),
    "registration.domain_refused": fixed(
        "Only addresses of certain organisations can register here."
    ),
    "registration.turned_away": _turned_away,
    "registration.nothing_to_verify": fixed(
        "Log in with your new user name and password to have the letter sent once more."
    ),
    "registration.password_wanted": fixed("Choose a password, please."),
    "registration.not_verified": fixed(
        "Confirm your e-mail address first: with the letter that you got, or with another one."
    ),
}
