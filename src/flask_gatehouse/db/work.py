"""The unit of work: one transaction for one thing that a person or a program does.

A view or a command opens it; services use it and never commit. It commits when its block ends and
rolls back when the block raises. Listeners hear of what was recorded after the commit.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Engine, StaticPool, event
from sqlalchemy.orm import Session

from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.engine import READS
from flask_gatehouse.db.errors import DatabaseUnavailable, is_away

_Group = TypeVar("_Group")
_log = logging.getLogger("gatehouse")


class Recorder(ABC):
    """Writes an event down in the transaction of the change that it tells of."""

    @abstractmethod
    def write(self, work: "Work", event: Event) -> None:
        """Add the event to `work.db`. Raising undoes the change as well."""

    def write_all(self, work: "Work", events: Sequence[Event]) -> None:
        """Add several events, in their order; a recorder may know a cheaper way."""
        for each in events:
            self.write(work, each)

    def prepare(self, works: "Works") -> None:  # noqa: B027 - a recorder may need nothing
        """Make what `write` will need; called before each transaction begins, and mostly done."""


class Work:
    """What a service is given: the transaction, the time, and the house."""

    def __init__(self, works: "Works", origin: Origin, db: Callable[[], Session]) -> None:
        """Begin nothing yet: the transaction begins with the first statement."""
        self._works = works
        self._open = db
        self._events: list[Event] = []
        #: What a block of `together` has recorded so far; None outside of one.
        self._gathered: list[Event] | None = None
        #: What this work has locked until its end: nobody asks for it twice.
        self.held: dict[object, Any] = {}
        self.origin = origin
        self.house: House = works.house
        self.now: datetime = works.house.clock.now()

    @cached_property
    def db(self) -> Session:
        """Return the session of this work."""
        for recorder in self.house.plugs(Recorder):
            recorder.prepare(self._works)
        return self._open()

    @property
    def has_begun(self) -> bool:
        """Whether anybody asked for the session."""
        return "db" in self.__dict__

    def settings(self, shape: type[_Group]) -> _Group:
        """Return a group of settings."""
        return self.house.settings[shape]

    def record(self, event: Event) -> None:
        """Write down what happened, in this transaction, and tell listeners after the commit."""
        self.record_all([event])

    def record_all(self, events: Sequence[Event]) -> None:
        """Write down several things that happened, as `record` does with one."""
        if self._gathered is not None:
            self._gathered += events
            return
        for recorder in self.house.plugs(Recorder):
            recorder.write_all(self, events)
        self._events += events

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write down what is recorded in the block at once, when it ends.

        If the block raises nothing is written, so this is for what is undone then as well.
        """
        gathered = self._gathered = []
        try:
            yield
        finally:
            self._gathered = None
        self.record_all(gathered)

    @contextmanager
    def apart(self) -> Iterator["Work"]:
        """Work in a short transaction of its own, which stays when this one is rolled back."""
        with self._works.begin(self.origin, joined=False) as other:
            other.now = self.now
            yield other

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read what is committed, outside of any transaction: holds no lock afterwards."""
        with self._works.reading() as session:
            yield session

    def told(self) -> tuple[Event, ...]:
        """Return what has been recorded so far."""
        return tuple(self._events)


class Works:
    """Begins work on one database, in a session of its own or in that of the host."""

    def __init__(
        self,
        house: House,
        engine: Callable[[], Engine],
        host_session: Callable[[], Session] | None = None,
    ) -> None:
        """Args: engine: called when first needed. host_session: the session to join, if any."""
        self.house = house
        self._engine = engine
        self._host_session = host_session
        #: Whether work is done in the host's session.
        self.joins_host = host_session is not None
        self._open: ContextVar[Work | None] = ContextVar("gatehouse_work", default=None)
        #: Look-ups that were prepared for the engine.
        self.prepared: dict[object, Any] = {}

    @property
    def engine(self) -> Engine:
        """Return the engine on which this application keeps its accounts."""
        return self._engine()

    @property
    def host_session(self) -> Session | None:
        """Return the host's session, if work joins it."""
        return self._host_session() if self._host_session else None

    @contextmanager
    def begin(self, origin: Origin, *, joined: bool = True) -> Iterator[Work]:
        """Open a unit of work; commit when the block ends, roll back when it raises.

        Within another one it is the same one: two transactions of one request could wait for each
        other for ever.

        Args:
            joined: False for a short transaction of its own, which stays whatever the other does.

        Raises:
            DatabaseUnavailable: in place of what the driver raised, if it may pass.
        """
        outer = self._open.get()
        if joined and outer is not None:
            yield outer
            return
        work = Work(self, origin, self._session_for(joined=joined))
        # On a single connection what is ours stays with what the host has pending on it.
        guest = not joined and self.is_guest()
        token = self._open.set(work) if joined else None
        try:
            yield work
        except BaseException as error:
            if work.has_begun and not guest:
                work.db.rollback()
            if is_away(error):
                raise DatabaseUnavailable from error
            raise
        else:
            told_later = self._commit(work, guest=guest)
        finally:
            if token is not None:
                self._open.reset(token)
            if work.has_begun and work.db is not self.host_session:
                work.db.close()
        # Only now: what a listener does is work of its own, and not part of what is over.
        if not told_later:
            self._tell(work)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that reads what is committed and locks nothing."""
        if self.host_session is not None and self.is_single:
            yield self.host_session
            return
        with Session(self._reader(), expire_on_commit=False) as session:
            yield session

    def _reader(self) -> Engine:
        """Return the engine as it reads, made once for as long as it is the same one."""
        engine = self.engine
        known: tuple[Engine, Engine] | None = self.prepared.get(READS)
        if known is None or known[0] is not engine:
            options: dict[str, object] = {READS: True}
            if engine.dialect.name != "sqlite":
                options["isolation_level"] = "AUTOCOMMIT"
            known = self.prepared[READS] = (engine, engine.execution_options(**options))
        return known[1]

    @property
    def is_single(self) -> bool:
        """Whether the host has a single connection, as with SQLite in memory: then so have we."""
        return isinstance(self.engine.pool, StaticPool)

    @property
    def is_within(self) -> bool:
        """Whether what begins now is committed, or undone, by whoever stands around it."""
        session = self.host_session
        return self._open.get() is not None or (session is not None and _commits_later(session))

    def is_guest(self) -> bool:
        """Whether the host's only connection is in the middle of something of the host's."""
        session = self.host_session
        return session is not None and self.is_single and session.in_transaction()

    def _session_for(self, *, joined: bool) -> Callable[[], Session]:
        if self._host_session is not None and (joined or self.is_single):
            return self._host_session
        return self._own_session

    def _commit(self, work: Work, *, guest: bool) -> bool:
        """Commit what was begun; return whether listeners hear of it later, from the host's commit.

        Raises:
            DatabaseUnavailable: it may pass.
        """
        if not work.has_begun:
            return False
        if guest or _commits_later(work.db):
            work.db.flush()
            _once_committed(work.db, lambda: self._tell(work))
            return True
        try:
            work.db.commit()
        except Exception as error:
            work.db.rollback()
            if is_away(error):
                raise DatabaseUnavailable from error
            raise
        return False

    def _own_session(self) -> Session:
        return Session(self.engine, expire_on_commit=False)

    def _tell(self, work: Work) -> None:
        for told in work.told():
            for listener in self.house.plugs(Listener):
                try:
                    listener.hear(told, work.origin)
                except Exception:  # noqa: BLE001 - what is committed stays, whatever it raises
                    _log.exception("%s failed to hear of %s", type(listener).__name__, told.name)


def _commits_later(session: Session) -> bool:
    """Whether the host stands in a `with session.begin()`, which commits when it ends."""
    return getattr(session, "_trans_context_manager", None) is not None


def _once_committed(session: Session, tell: Callable[[], None]) -> None:
    """Call `tell` after the commit that is to come, and never if it is rolled back instead."""
    undone: list[object] = []

    def rolled_back(_: Session, __: object) -> None:
        undone.append(True)

    def committed(_: Session) -> None:
        if not undone:
            tell()

    event.listen(session, "after_soft_rollback", rolled_back, once=True)
    event.listen(session, "after_commit", committed, once=True)
