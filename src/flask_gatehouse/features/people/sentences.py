"""What people are told when `people` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed


def _too_many(facts: Mapping[str, object]) -> str:
    return f"These are more than {facts['most']:,} people; narrow it, please. Nothing was changed."


SENTENCES: Final[Mapping[str, Sentence]] = {
    "people.address_needed": fixed("An e-mail address is needed: the person gets a letter there."),
    "people.wrong_name": fixed("That is not the user name of this account. Nothing was changed."),
    "people.no_session": fixed("This sign-in is over already."),
    "people.not_suspended": fixed("This account is in use; there is nothing to restore."),
    "people.list_changed": fixed("This is not the list that you looked at. Please choose again."),
    "people.too_many": _too_many,
    "people.nobody_chosen": fixed("Choose somebody first, please."),
    "people.rows_of_the_host": fixed(
        "A table of this application still has rows that belong to the account, so it was not "
        "deleted."
    ),
}
