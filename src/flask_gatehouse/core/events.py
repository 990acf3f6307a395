"""What happened, as typed facts declared in the features, and from where it was asked."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from inspect import get_annotations
from typing import ClassVar, Literal, NoReturn, dataclass_transform, get_origin
from uuid import UUID

Outcome = Literal["done", "refused"]


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Told:
    """What is told by name and never changes.

    A subclass annotates its facts and reads like a dataclass, also to a type checker, without being
    one: there are many events, and generating the methods of each costs every start something.
    """

    fact_names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Take up the facts that the subclass adds."""
        class_wide: object = ClassVar
        own = get_annotations(cls).items()
        added = [name for name, kind in own if get_origin(kind) is not class_wide]
        cls.fact_names = (*cls.fact_names, *added)

    def __init__(self, **told: object) -> None:
        """Keep the facts. Raises: TypeError: one is unknown, or has no default and is missing."""
        missing = [
            name for name in self.fact_names if name not in told and not hasattr(type(self), name)
        ]
        if missing or not told.keys() <= set(self.fact_names):
            expected, given = ", ".join(self.fact_names), ", ".join(told)
            msg = f"{type(self).__name__} tells {expected}, not {given}"
            raise TypeError(msg)
        self.__dict__.update(told)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: what happened has happened."""
        msg = f"{type(self).__name__} does not change"
        raise AttributeError(msg)

    def __eq__(self, other: object) -> bool:
        """Two are equal if they are of one kind and tell the same."""
        return type(self) is type(other) and self.__dict__ == vars(other)

    def __hash__(self) -> int:
        """Hash by kind and by what is told."""
        return hash((type(self), *self.__dict__))

    def __repr__(self) -> str:
        """Tell everything; no fact is a secret."""
        told = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({told})"


class Event(Told):
    """Something that happened, named in the past tense. Its facts never hold a secret."""

    name: ClassVar[str]
    meaning: ClassVar[str]
    outcome: ClassVar[Outcome] = "done"
    #: What the person whose account it is about reads; None if it is nothing to them.
    sentence: ClassVar[str | None] = None
    #: Whether only whoever runs the site does it: the person does not learn from where.
    of_whoever_runs_the_site: ClassVar[bool] = False

    #: Whose account it is about; None where nobody is known.
    user_id: UUID | None = None

    def facts(self) -> dict[str, object]:
        """Return what the event tells beside whose account it is about."""
        return {name: getattr(self, name) for name in self.fact_names if name != "user_id"}


class Vocabulary:
    """Every event that an application can record, by name."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        """Keep what the features declare."""
        self._events = {event.name: event for event in events}

    def sentences(self) -> dict[str, str]:
        """Return what people read about themselves, by the name of the event."""
        return {name: event.sentence for name, event in self._events.items() if event.sentence}

    def of_whoever_runs_the_site(self) -> frozenset[str]:
        """Return the names of the events of which a person does not learn from where they came."""
        return frozenset(
            name for name, event in self._events.items() if event.of_whoever_runs_the_site
        )

    def meanings(self) -> dict[str, str]:
        """Return what each event means to whoever runs the site, by its name."""
        return {name: event.meaning for name, event in self._events.items()}


@dataclass(frozen=True)
class Origin:
    """Where a request for a change comes from; the same for every event of one piece of work."""

    channel: Literal["web", "command", "worker"] = "command"
    address: str | None = None
    agent: str | None = None
    request_id: str | None = None
    #: Who really acts.
    actor_id: UUID | None = None
    #: As whom they see the site, if as somebody else.
    viewing: UUID | None = None
    #: The public id of the session that asked, never its handle.
    session_id: str | None = None


class Listener(ABC):
    """Hears of events after they have been committed; an error in it undoes nothing."""

    @abstractmethod
    def hear(self, event: Event, origin: Origin) -> None:
        """Take note of `event`."""
