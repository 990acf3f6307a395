"""What happened, as typed facts declared in the features, and from where it was asked."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar, Literal
from uuid import UUID

Outcome = Literal["done", "refused"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, named in the past tense. Its fields never hold a secret."""

    name: ClassVar[str]
    meaning: ClassVar[str]
    outcome: ClassVar[Outcome] = "done"

    #: Whose account it is about; None where nobody is known.
    user_id: UUID | None = None

    def facts(self) -> dict[str, object]:
        """Return what the event tells beside whose account it is about."""
        own = (field.name for field in fields(self) if field.name != "user_id")
        return {name: getattr(self, name) for name in own}


@dataclass(frozen=True)
class Origin:
    """Where a request for a change comes from; the same for every event of one piece of work."""

    channel: Literal["web", "command", "worker"] = "command"
    address: str | None = None
    agent: str | None = None
    request_id: str | None = None
    actor_id: UUID | None = None
    #: The public id of the session that asked, never its handle.
    session_id: str | None = None


class Listener(ABC):
    """Hears of events after they have been committed; an error in it undoes nothing."""

    @abstractmethod
    def hear(self, event: Event, origin: Origin) -> None:
        """Take note of `event`."""
