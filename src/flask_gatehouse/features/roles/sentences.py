"""What people are told when `roles` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed
from flask_gatehouse.features.roles.rules import LONGEST_ABOUT, LONGEST_ROLE

_REASONS: Final = {
    "form": (
        f"A role is called by 1 to {LONGEST_ROLE} small letters, digits, hyphens and underscores, "
        "and begins with a letter."
    ),
    "reserved": "This name is kept for administrators, who may do everything.",
    "about": f"What a role is for fits into {LONGEST_ABOUT} characters.",
}


def _refused(facts: Mapping[str, object]) -> str:
    return _REASONS[str(facts["reason"])]


SENTENCES: Final[Mapping[str, Sentence]] = {
    "roles.refused": _refused,
    "roles.unknown": fixed("There is no such role."),
    "roles.undeclared_permission": fixed("This site has no such permission."),
    "roles.taken": fixed("There is a role of this name already."),
    "roles.changed_meanwhile": fixed(
        "Somebody else changed this role meanwhile. Look at it again before you change it."
    ),
    "roles.already_over": fixed("That moment has passed. Choose one that is still to come."),
    "roles.not_given": fixed("The account does not have this role, or no more."),
    "roles.beyond_own_rights": fixed(
        "That would be more than you may do yourself, or for longer than you may."
    ),
    "roles.out_of_reach": fixed(
        "That would change what you may do yourself, or somebody who may do as much or more: only "
        "an administrator can do that."
    ),
    "roles.not_permitted": fixed("Your account may not do this."),
}
