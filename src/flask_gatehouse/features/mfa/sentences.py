"""What people are told when `mfa` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed
from flask_gatehouse.features.mfa.rules import LONGEST_NAME


def _too_many(facts: Mapping[str, object]) -> str:
    return f"You have {facts['most']} of them, which is the most there can be. Remove one first."


SENTENCES: Final[Mapping[str, Sentence]] = {
    "mfa.second_step_owed": fixed("One more step."),
    "mfa.unknown_factor": fixed("There is no such entry."),
    "mfa.name_refused": fixed(
        f"A name has 1 to {LONGEST_NAME} characters, all of which can be seen."
    ),
    "mfa.too_many": _too_many,
    "mfa.enrolment_owed": fixed("This site asks for a second step. Set one up, and you are in."),
    "mfa.off": fixed("Nothing of the kind can be added here."),
    "mfa.last_factor": fixed("You need at least one of them here. Add another one first."),
    "mfa.unknown_trusted_device": fixed("There is no such browser."),
    "mfa.own_reset": fixed("Your own are not taken away here. Remove them, or ask somebody else."),
    "mfa.nothing_to_reset": fixed("This account has nothing that could be taken away."),
    "mfa.reset_waits": fixed("That was asked for already, and waits."),
    "mfa.no_reset": fixed("Nothing waits here, or it was stopped or done meanwhile."),
    "mfa.last_way_in": fixed(
        "Without it you could not log in any more. Set a password or add another one first."
    ),
}
