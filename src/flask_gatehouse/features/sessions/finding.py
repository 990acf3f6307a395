"""Whose session a cookie names, at this moment: the question that every private page asks."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import LargeBinary, bindparam, select
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm.util import identity_key

from flask_gatehouse.core import tokens
from flask_gatehouse.core.events import Event, Listener, Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.core.tracing import within_span
from flask_gatehouse.db.instances import mould
from flask_gatehouse.db.lookup import Lookup
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.sessions import rules
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.rules import BROWSER, REMEMBERED, VIEWING
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.features.users import rights
from flask_gatehouse.features.users.models import User

#: Purpose of the key under which handles are stored.
PURPOSE: Final = "sessions.handle"

#: Sessions that one process believes in without asking.
_MOST_RECENT: Final = 10_000


class Stored(NamedTuple):
    """A session as its row says, and what makes the account that it belongs to."""

    public_id: str
    sign_in_id: str
    kind: int
    epoch: int
    subject: str | None
    proven_at: datetime | None
    methods: str
    last_seen_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    #: Who really acts, where somebody sees the site as somebody else.
    actor_id: UUID | None
    #: Makes the account; None if it is gone, is suspended, or was never ours.
    account: Callable[[], User] | None
    #: Whether it is somebody's: of the host's own people only the host can tell more.
    is_whose: bool
    #: Whether somebody sees the site as somebody else by it.
    is_view: bool
    #: When it reaches the first of its limits.
    over_at: datetime


#: Fields of `Stored` that are columns of the session.
_OWN: Final = Stored._fields.index("account")


@cache
def _by_digest() -> Lookup[Stored]:
    """Return how a session and its account are read in one statement, prepared once."""
    own = [getattr(Session, name) for name in Stored._fields[:_OWN]]
    columns = User.__table__.columns
    found = select(*own, *columns)
    found = found.join_from(Session, User, User.id == Session.user_id, isouter=True)
    wanted = bindparam("digest", type_=LargeBinary())
    names = tuple(column.key for column in columns)
    accounts = mould(User, names)
    active, epoch = names.index("active"), names.index("epoch")

    own_epoch, subject, kind, actor, idle_expires_at, expires_at = (
        Stored._fields.index(name)
        for name in ("epoch", "subject", "kind", "actor_id", "idle_expires_at", "expires_at")
    )

    def make(row: Sequence[Any]) -> Stored:
        session, user = row[:_OWN], row[_OWN:]
        # All columns are NULL if the account is gone, and then it is not active either.
        is_ours = bool(user[active])
        return Stored._make(
            (
                *session,
                accounts(user) if is_ours else None,
                session[subject] is not None or (is_ours and user[epoch] == session[own_epoch]),
                session[kind] == VIEWING or session[actor] is not None,
                min(session[idle_expires_at], session[expires_at]),
            )
        )

    return Lookup(found.where(Session.digest == wanted), "digest", make)


class Standing:
    """A session that is good at this moment, and whose it is."""

    __slots__ = ("actor", "at", "digest", "row", "user")

    def __init__(
        self,
        digest: bytes,
        row: Stored,
        user: User | None,
        at: datetime,
        actor: User | None = None,
    ) -> None:
        """Say whose it is.

        Args:
            user: our account; None where the host keeps its own users.
            at: this moment.
            actor: who really acts, where somebody sees the site as `user`.
        """
        self.actor = actor
        self.digest = digest
        self.row = row
        self.user = user
        self.at = at

    @property
    def public_id(self) -> str:
        """What the session is called in lists and records."""
        return self.row.public_id

    @property
    def sign_in_id(self) -> str:
        """What all sessions of one sign-in have in common."""
        return self.row.sign_in_id

    @property
    def kind(self) -> int:
        """`BROWSER` or `REMEMBERED`."""
        return self.row.kind

    @property
    def subject(self) -> str | None:
        """The host's id of the person, where the host keeps its own users."""
        return self.row.subject

    @property
    def proven_at(self) -> datetime | None:
        """When the person proved who they are in this session."""
        return self.row.proven_at

    @property
    def methods(self) -> tuple[str, ...]:
        """How they did so."""
        return tuple(self.row.methods.split())

    @property
    def assurance(self) -> int:
        """How sure that is, from 1 to 2. Source: NIST SP 800-63B-4 section 2."""
        return rules.assurance(self.methods) if self.fresh else 1

    @property
    def idle_expires_at(self) -> datetime:
        """When the session is over if nobody uses it."""
        return self.row.idle_expires_at

    def unproven(self) -> "Standing":
        """Return it as if nobody had proven anything in it."""
        row = self.row._replace(proven_at=None)
        return Standing(self.digest, row, self.user, self.at, self.actor)

    @property
    def fresh(self) -> bool:
        """Whether the person proved who they are in this session."""
        return self.row.kind == BROWSER and self.row.proven_at is not None

    @property
    def viewing(self) -> bool:
        """Whether somebody sees the site as somebody else."""
        return self.row.is_view

    @property
    def remembered(self) -> bool:
        """Whether the browser was recognised without asking the person."""
        return self.row.kind == REMEMBERED


def _name(value: str) -> bytes:
    """Return what a handle is remembered by: no live one stays in memory after its request."""
    return blake2b(value.encode("utf-8", "surrogatepass")).digest()


class _Believed(NamedTuple):
    """A session that was good when it was read, and for how long that may be believed."""

    since: datetime
    until: datetime
    digest: bytes
    row: Stored


class Recent(Listener):
    """Sessions as they were read lately, for owners who allow safe pages not to ask each time.

    Whatever changes anything in this process empties it; what others change is seen when the bound
    is over.
    """

    def __init__(self, house: House) -> None:
        """Believe for as long as the settings say."""
        self._house = house
        self._bound = house.settings[SessionSettings].cache_for
        self._known: dict[bytes, _Believed] = {}

    def hear(self, event: Event, origin: Origin) -> None:
        """Forget everything: it may have been about any of them."""
        del origin
        if event.outcome == "done":
            self._known = {}

    def find(
        self,
        works: Works,
        value: str | None,
        read: Callable[[str | None], Standing | None],
    ) -> Standing | None:
        """Return what `read` returned for this cookie within the bound, or call it."""
        if value is None or len(value) != rules.HANDLE_LENGTH:
            return None
        name = _name(value)
        now = self._house.clock.now()
        # What is read from here on is written into this dictionary, which nobody looks into any
        # more if something changes meanwhile.
        known = self._known
        found = known.get(name)
        if found is not None and found.since <= now < found.until:
            return Standing(found.digest, found.row, _account(works, found.row), now)
        standing = read(value)
        if standing is not None:
            if standing.row.is_view:
                # Whether somebody may still look is asked each time.
                return standing
            if len(known) >= _MOST_RECENT:
                known.clear()
            row = standing.row
            # What looks over by then may have been in use since, and is asked for again.
            until = min(now + self._bound, row.over_at)
            known[name] = _Believed(now, until, standing.digest, row)
        return standing


class Finder:
    """Finds sessions by the cookies of an application's requests.

    What a cookie that opened something is stored as is remembered, under a digest of its own, and
    each request saves most of what it costs to make.
    """

    def __init__(self, works: Works) -> None:
        """Remember nothing yet."""
        self._works = works
        self._house = works.house
        self._read: Callable[[bytes], Stored | None] | None = None
        # Remembering may be forbidden now; then what was remembered before is not believed either.
        self._may_remember = works.house.settings[SessionSettings].remember
        self._known: dict[bytes, tuple[bytes, bool]] = {}

    def find(self, value: str | None) -> Standing | None:
        """Return the session of a cookie's value, read from the database, or None.

        Every doubt is None: another shape, an unknown key, no row, a limit reached, an epoch that
        was raised, an account that is suspended or gone.

        Raises:
            DatabaseUnavailable: nobody can tell.
        """
        if value is None or len(value) != rules.HANDLE_LENGTH:
            return None
        name = _name(value)
        known = self._known.get(name) or self._parsed(value)
        if known is None:
            return None
        digest, is_of_view = known
        read = self._read or self._prepare()
        row = within_span("gatehouse.session", read, digest)
        if row is None:
            self._known.pop(name, None)
            return None
        if name not in self._known:
            self._keep(name, known)
        now = self._house.clock.now()
        if not row.is_whose or row.over_at <= now or row.is_view is not is_of_view:
            return None
        actor = _actor(self._works, row, now) if is_of_view else None
        if (is_of_view and actor is None) or (row.kind == REMEMBERED and not self._may_remember):
            return None
        return Standing(digest, row, _account(self._works, row), now, actor)

    def _prepare(self) -> Callable[[bytes], Stored | None]:
        """Return how rows are read here: later than this is made, when there is an engine."""
        self._read = _by_digest().prepared(self._works)
        return self._read

    def _parsed(self, value: str) -> tuple[bytes, bool] | None:
        """Return what a handle is stored as, and whether it is one of a view."""
        handle = rules.parse(value)
        key = handle and self._house.keys.named(PURPOSE, handle.key_id)
        if handle is None or key is None:
            return None
        return tokens.digest(handle.secret, key.value), handle.mark == rules.VIEW

    def _keep(self, name: bytes, known: tuple[bytes, bool]) -> None:
        """Remember only what was found: what nobody has must not crowd it out."""
        if len(self._known) >= _MOST_RECENT:
            self._known.clear()
        self._known[name] = known


def _actor(works: Works, row: Stored, now: datetime) -> User | None:
    """Return who looks, if the session from which they do is good: with it goes what they see."""
    own = (Session.sign_in_id == row.sign_in_id) & (Session.kind == BROWSER)
    good = (Session.expires_at > now) & (Session.idle_expires_at > now)
    found = select(User).join(Session, Session.user_id == User.id)
    found = found.where(User.id == row.actor_id, User.active, Session.epoch == User.epoch)
    with works.reading() as db:
        return db.scalars(found.where(own, good).limit(1)).one_or_none()


def _account(works: Works, row: Stored) -> User | None:
    """Return the account of a session in an object of its own; None where the host keeps users."""
    if row.account is None:
        return None
    user = row.account()
    return _joined(works.host_session, user) if works.joins_host else user


def _joined(host: DbSession | None, user: User) -> User:
    """Make the account part of the host's session, so that its relationships load."""
    if host is None:
        return user
    present = host.identity_map.get(identity_key(instance=user))
    if isinstance(present, User):
        present.__dict__.pop(rights.KEPT, None)
        return present
    host.add(user)
    return user
