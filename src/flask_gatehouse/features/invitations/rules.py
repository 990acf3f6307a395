"""What the letter of an invitation proves, and what a host may say about who sends one."""

from collections.abc import Callable
from typing import Any, Final

from flask_gatehouse.features.proofs.rules import Purpose

ACCEPT: Final = Purpose("invitations.accept")

#: What a host plugs in: an account, which is a `User`, to whether it may invite.
MayInvite = Callable[[Any], bool]


class HostRule:
    """A host's own word on which of its members may invite."""

    def __init__(self, rule: MayInvite | None = None) -> None:
        """Args: rule: asked with an active account; without it every member may."""
        self._rule = rule

    def allows(self, user: object) -> bool:
        """Whether a member may invite. Only True says so: a coroutine, say, is no yes."""
        return self._rule is None or self._rule(user) is True
