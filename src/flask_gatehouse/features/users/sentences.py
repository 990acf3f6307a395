"""What people are told when `users` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed
from flask_gatehouse.features.users.rules import LONGEST_NAME, LONGEST_REASON, SHORTEST_NAME

_NAME: Final = {
    "too_short": f"A user name has at least {SHORTEST_NAME} characters.",
    "too_long": f"A user name has at most {LONGEST_NAME} characters.",
    "characters": "A user name has letters, digits, dots, hyphens and underscores, and no spaces.",
    "begins_or_ends": "A user name begins with a letter or digit and does not end with a dot.",
    "reserved": "This user name is reserved; choose another one, please.",
    "mixed_scripts": "A user name keeps to the letters of one script.",
}


def _name(facts: Mapping[str, object]) -> str:
    return _NAME[str(facts["reason"])]


_SUSPENSION: Final = {
    "no_day": "Type a day as year, month and day, such as 2030-01-31.",
    "over": "A suspension ends in the future, or not by itself.",
    "too_long": f"A reason has at most {LONGEST_REASON} characters.",
}


def _suspension(facts: Mapping[str, object]) -> str:
    return _SUSPENSION[str(facts["reason"])]


SENTENCES: Final[Mapping[str, Sentence]] = {
    "users.name_refused": _name,
    "users.address_refused": fixed("That is not an e-mail address that letters can be sent to."),
    "users.name_taken": fixed("Somebody has this user name already."),
    "users.address_taken": fixed("Somebody has this e-mail address already."),
    "users.unknown_address": fixed("Your account has no such e-mail address."),
    "users.address_unproven": fixed(
        "This address is not confirmed yet. Open the link in the letter to it first."
    ),
    "users.primary_address": fixed("This is your primary address; make another one primary first."),
    "users.last_proven_address": fixed(
        "This is the last confirmed address of the account; confirm another one first."
    ),
    "users.unknown": fixed("There is no such account."),
    "users.not_as_it_was": fixed("This account was changed meanwhile. Look again, please."),
    "users.suspension_refused": _suspension,
    "users.suspended": fixed("This account is suspended; restore it first."),
    "users.not_deactivated": fixed(
        "This account is not deactivated; if it is suspended, restore it."
    ),
    "users.last_administrator": fixed(
        "This is the last active administrator; make somebody else an administrator first."
    ),
    "users.setup_closed": fixed("The first account exists already; this page is closed for good."),
}
