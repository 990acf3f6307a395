"""What somebody has proven, and what they want once they are let in. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Somebody proved who they are, by these methods. It has no rights yet.

    Exactly one of `user_id` (an account of ours) and `subject` (a person of whom only the host
    knows) is set.
    """

    user_id: UUID | None = None
    subject: str | None = None
    methods: tuple[str, ...]
    #: The account's epoch when it was proven: what raised it meanwhile voids the proof. None takes
    #: the account as it is now.
    epoch: int | None = None
    #: False if the person was not asked just now.
    fresh: bool = True
    #: When all of it was proven; None is now.
    proven_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Browser:
    """What the browser in which somebody signs in brought along."""

    #: Digests of the handles that it had; their sessions end, so that a handle planted before the
    #: sign-in is worth nothing after it.
    handles: list[bytes]
    #: What it held of a sign-in that is half done, which is over as well.
    pending: str = ""
    #: The cookie by which it is known, if it has one.
    device: str | None = None
    #: What it was given when its owner asked not to be asked for the second step in it again.
    trusted: str = ""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What comes along with a sign-in, through all of its steps."""

    remember: bool = False
    #: How long to remember; None as long as the settings say.
    remember_for: timedelta | None = None
    #: Path of the page to arrive on.
    wanted: str | None = None
    #: A form on its way, as `web.carrying` writes it.
    carried: Mapping[str, Any] | None = None
    #: Public id of the session that is being confirmed; None if one is to be opened.
    confirms: str | None = None

    def written(self) -> dict[str, Any]:
        """Return it as plain data, without what has a column of its own."""
        seconds = None if self.remember_for is None else self.remember_for.total_seconds()
        return {
            "remember": self.remember,
            "remember_for": seconds,
            "wanted": self.wanted,
            "carried": self.carried,
        }

    @classmethod
    def read(cls, data: Mapping[str, Any], *, confirms: str | None) -> "Wish":
        """Return what was written."""
        seconds = data["remember_for"]
        return cls(
            remember=data["remember"],
            remember_for=None if seconds is None else timedelta(seconds=seconds),
            wanted=data["wanted"],
            carried=data["carried"],
            confirms=confirms,
        )
