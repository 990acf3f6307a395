"""Cookies in and out: the front desk for the request that is being answered."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NoReturn
from uuid import UUID

from flask import (
    Request,
    Response,
    after_this_request,
    current_app,
    g,
    has_request_context,
    request,
)
from flask_login import user_logged_in
from sqlalchemy.exc import DBAPIError

from flask_gatehouse.core.errors import Held, Unavailable
from flask_gatehouse.core.house import House
from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.core.site import CoreSettings, is_secure
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.login import marks
from flask_gatehouse.features.login import pending as pendings
from flask_gatehouse.features.login import service as desk
from flask_gatehouse.features.login.attempts import Attempt, Browser, Wish
from flask_gatehouse.features.login.errors import PENDING, TRUSTED, PendingOver
from flask_gatehouse.features.login.pending import Pending
from flask_gatehouse.features.login.settings import LoginSettings
from flask_gatehouse.features.roles.finding import granted
from flask_gatehouse.features.sessions import opening as sessions_opening
from flask_gatehouse.features.sessions import rules as sessions_rules
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.finding import Finder, Recent, Standing
from flask_gatehouse.features.sessions.opening import Opened
from flask_gatehouse.features.sessions.rules import Handle
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.features.users import rights
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web import csrf
from flask_gatehouse.web.entrance import ConsoleRules
from flask_gatehouse.web.flask_login import Doorkeeper, Entry, Known
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.redirects import safe_path
from flask_gatehouse.web.viewing import OnlyLooking, ViewRules
from flask_gatehouse.web.work import EXTENSION, held, origin

_log = logging.getLogger("gatehouse")

#: How the endpoints of our own pages begin.
_OUR_PAGES: Final = "gatehouse."

_PENDING: Final = Handing(PENDING)
_TRUSTED: Final = Handing(TRUSTED)


@dataclass(frozen=True)
class Cookies:
    """Names of the cookies, and whether they travel over https only."""

    session: str
    remember: str
    device: str
    #: Leads back to one's own session, beside the handle of a view.
    aside: str
    secure: bool

    @classmethod
    def of(cls, house: House) -> "Cookies":
        """Decide by the public URL alone: no request can talk the house out of Secure."""
        if is_secure(house.settings[CoreSettings].public_url):
            return cls(
                session="__Host-gatehouse",
                remember="__Host-gatehouse-remember",
                device="__Host-gatehouse-device",
                aside="__Host-gatehouse-aside",
                secure=True,
            )
        return cls(
            session="gatehouse",
            remember="gatehouse_remember",
            device="gatehouse_device",
            aside="gatehouse_aside",
            secure=False,
        )


@dataclass(frozen=True)
class SeenAs:
    """What whoever sees the site as somebody else is told on each page."""

    #: As whom.
    name: str = ""
    #: Whether that is over, and only their own session is left to come back to.
    over: bool = False


class SessionDoorkeeper(Doorkeeper):
    """Opens, finds and ends server-side sessions for the current request."""

    def __init__(self, works: Works, house: House) -> None:
        """Args: works: how to begin work."""
        self._works = works
        self._cookies = Cookies.of(house)
        may_believe = house.settings[SessionSettings].cache_for > timedelta(0)
        #: How a cookie is looked up by what was read lately, where the owner allows that.
        self._believe = (
            partial(house.part(Recent).find, works, read=self._read) if may_believe else None
        )
        self._steps = house.plugs(desk.LoginStep)
        self._views_may_change = any(each.changes for each in house.plugs(ViewRules))
        self._idle = min(
            (each.idle for each in house.plugs(ConsoleRules) if each.idle is not None), default=None
        )
        self._watching = tuple(step for step in self._steps if step.watches == "everything")
        self._watching_views = tuple(step for step in self._steps if step.watches != "nothing")
        self._finder = Finder(works)
        # Nobody's use is written down sooner than that of those who are followed closely.
        self._until_written = house.settings[SessionSettings].until_written[True]

    def who(self) -> Known | None:
        """Return who is asking; the database is read at most once a request.

        Whoever sees the site as somebody else may look at the host's pages and change nothing,
        unless the settings say so: it is said once, and after that the request is nobody's.

        Raises:
            OnlyLooking: they try.
        """
        standing = self.standing()
        if standing is None or standing.actor is None or self._may_ask_so():
            return standing
        kept = held()
        if "_gatehouse_only_looking" not in kept:
            kept["_gatehouse_only_looking"] = True
            raise OnlyLooking
        return None

    def _may_ask_so(self) -> bool:
        """Our own pages say themselves what they answer to whoever sees them as somebody else."""
        return (
            self._views_may_change
            or request.method in csrf.SAFE_METHODS
            or (request.endpoint or "").startswith(_OUR_PAGES)
        )

    def seen_as(self) -> SeenAs | None:
        """Return what to tell whoever sees the site as somebody else, or did until now."""
        if not sessions_rules.is_view(self.handle()):
            return None
        try:
            standing = self.standing()
        except Unavailable:
            # The page of that error tells what it can without anybody's help.
            return SeenAs("somebody else")
        if standing is None or standing.user is None:
            return SeenAs(over=True) if request.cookies.get(self._cookies.aside) else None
        return SeenAs(standing.user.username)

    def look_as(self, opened: desk.View) -> None:
        """Give the browser the handles of somebody who sees the site as somebody else."""
        self._forget()
        g.pop("_login_user", None)
        self._set(self._cookies.session, str(opened.session), until=None)
        self._set(self._cookies.aside, str(opened.aside), until=None)
        self._renewed(opened.session)

    def looking(self) -> tuple[str | None, str | None]:
        """Return the cookies of a view: the one by which somebody sees, and the one beside it."""
        return request.cookies.get(self._cookies.session), request.cookies.get(self._cookies.aside)

    def look_no_more(self, returned: desk.Returned) -> None:
        """Give the browser back the session that was put aside."""
        self._forget()
        g.pop("_login_user", None)
        self._set(self._cookies.session, str(returned.handle), until=None)
        self._unset(self._cookies.aside)
        self._renewed(returned.handle)

    def actor(self) -> User | None:
        """Return who really acts, where somebody sees the site as somebody else; else None."""
        if not sessions_rules.is_view(self.handle()):
            return None
        standing = self.standing()
        return None if standing is None else standing.actor

    def account(self) -> User | None:
        """Return our account of who is asking; None where the host keeps its own users."""
        standing = self.standing()
        return standing.user if standing is not None else None

    def be_sure(self) -> None:
        """Have the database asked, also if this request went by what was read for another."""
        kept = held()
        # Also if nobody has looked yet: the look that comes must not go by it either.
        kept["_gatehouse_sure"] = True
        if kept.pop("_gatehouse_believed", False):
            self._forget()
            kept.pop("_login_user", None)

    def remembers(self) -> bool:
        """Return whether the browser holds a good handle that outlives its session."""
        return self._finder.find(self._remembered(request)) is not None

    def proven_within(self, within: timedelta | None) -> bool:
        """Return whether the person proved who they are in this session, and so lately."""
        standing = self.standing()
        if standing is None or not standing.fresh or standing.proven_at is None:
            return False
        house = self._works.house
        recent = within or house.settings[SessionSettings].fresh_for
        return standing.proven_at > house.clock.now() - recent and self.is_content(standing)

    def is_content(self, standing: Standing) -> bool:
        """Return whether a session proves all that would be asked for now.

        It does not once a factor was set up that it was opened without.
        """
        with self._works.reading() as db:
            return all(step.is_content(db, standing) for step in self._steps)

    def demand_two(self) -> None:
        """Return if somebody can prove two factors. Raises: Held: they have to get one first."""
        standing = self.standing()
        if standing is not None:
            with self._works.reading() as db:
                for step in self._steps:
                    step.demand_two(db, standing)

    def proven_by(self) -> tuple[str, ...]:
        """Return how the person proved who they are in this session; nothing if remembered."""
        standing = self.standing()
        return standing.methods if standing is not None and standing.fresh else ()

    def proven_since_rights(self) -> bool:
        """Return whether that was no earlier than they were given what they may do.

        Of people whom only the host knows the host knows what they may do, and since when.
        """
        standing = self.standing()
        if standing is None or not standing.fresh or standing.proven_at is None:
            return False
        gained = None if standing.user is None else rights.gained_at(standing.user)
        return gained is None or standing.proven_at >= gained

    def assurance(self) -> int:
        """Return how sure that is, from 1 to 2; 0 for nobody."""
        standing = self.standing()
        return 0 if standing is None else standing.assurance

    def pending(self) -> Pending | None:
        """Return the sign-in that is half done in this browser; looked up at most once."""
        kept = held()
        if "_gatehouse_pending" not in kept:
            value = _PENDING.held
            found = None
            if value:
                with self._works.begin(origin()) as work, work.reading() as db:
                    found = pendings.find(work, db, value=value)
            kept["_gatehouse_pending"] = found
        known: Pending | None = kept["_gatehouse_pending"]
        return known

    def owed(self) -> str | None:
        """Return what the sign-in that is half done in this browser owes; None if there is none."""
        pending = self.pending()
        return None if pending is None else pending.owes

    def begin_anew(self) -> NoReturn:
        """Lead to where a sign-in begins. Raises: PendingOver."""
        raise PendingOver

    @contextmanager
    def at_the_desk(self, wish: Wish) -> Iterator[Work]:
        """Open a unit of work that is committed even if a step holds the door.

        Raises:
            Held: after the commit.
        """
        stopped = None
        with self._works.begin(origin()) as work:
            try:
                yield work
            except PendingOver:
                # Nothing of it may stay: somebody else was faster, or it was too late.
                raise
            except Held as reason:
                stopped = reason
        if stopped is not None:
            stopped.wanted = wish.wanted
            raise stopped

    def handle(self) -> str | None:
        """Return the value of the session cookie, as it came or as it will be set."""
        if not has_request_context():
            return None
        kept = held()
        if "_gatehouse_handle" in kept:
            renewed: str | None = kept["_gatehouse_handle"]
            return renewed
        return request.cookies.get(self._cookies.session) or None

    def admit(self, entry: Entry) -> None:
        """Open a session for whom a view of the host has proven."""
        user = _itself(entry.user)
        ours = isinstance(user, User)
        if ours and user.id is None:
            msg = "login_user was given a User that is not in the database yet: commit it first"
            raise ValueError(msg)
        attempt = Attempt(
            user_id=user.id if ours else None,
            subject=None if ours else entry.subject,
            methods=("host",),
            fresh=entry.fresh,
        )
        wish = Wish(
            remember=entry.remember,
            remember_for=entry.remember_for,
            wanted=safe_path(request.values.get("next")),
        )
        self._as_the_host_asks(lambda: self._admit(attempt, wish))

    def _admit(self, attempt: Attempt, wish: Wish) -> None:
        epoch = 0
        with self.at_the_desk(wish) as work:
            opened = desk.admit(work, attempt=attempt, wish=wish, browser=self.browser())
            if attempt.user_id is not None:
                epoch = users.hold(work, user_id=attempt.user_id).epoch
        self.hand_over(opened)
        if attempt.user_id is not None:
            self._know(attempt.user_id, epoch)

    def _as_the_host_asks(self, ask: Callable[[], None]) -> None:
        """Do what a view of the host wants of the desk.

        Whoever is held leaves the block in which that view may stand, and leaving it undoes what
        was written, also the sign-in that is half done. So it is asked once more after that.
        """
        within = self._works.is_within

        def again() -> None:
            self._forget()
            ask()

        try:
            ask()
        except Held as held:
            held.again = again if within else None
            raise

    def hand_over(self, opened: Opened) -> None:
        """Give the browser the handles of a session that was just opened and committed."""
        self._forget()
        g.pop("_login_user", None)
        self._set(self._cookies.session, str(opened.session), until=None)
        if opened.remember is not None:
            self._set(self._cookies.remember, str(opened.remember), until=opened.remember_until)
        elif self._cookies.remember in request.cookies:
            self._unset(self._cookies.remember)
        self._drop_aside()
        self._drop_pending()
        self._renewed(opened.session)

    def signed_in(self, opened: Opened, user: User) -> None:
        """Tell those who listen to Flask-Login's signal that `user` signed in, and hand over.

        In this order: no cookie of an answer that is an error may open anything. Nothing is read
        for them, because a sign-in that is committed must not fail over it.
        """
        if user_logged_in.receivers:
            self._renewed(opened.session)
            g._login_user = user  # noqa: SLF001 - where Flask-Login looks
            app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - as signals are sent in Flask
            user_logged_in.send(app, user=user)
        self.hand_over(opened)
        self._know(user.id, user.epoch)

    def device(self) -> str | None:
        """Return the cookie by which this browser is known, as it came."""
        return request.cookies.get(self._cookies.device)

    def confirm(self) -> None:
        """Make the session of this request fresh, because a view of the host says so."""

        def ask() -> None:
            standing = self.standing()
            if standing is not None:
                self.confirm_by(standing, lambda _work: ("host",), Wish())

        self._as_the_host_asks(ask)

    def confirm_by(
        self, standing: Standing, prove: Callable[[Work], tuple[str, ...]], wish: Wish
    ) -> None:
        """Make a session fresh, under a new handle, by the methods that `prove` returns.

        Raises:
            MayNotEnter, SessionOver, Held: as for the desk.
        """
        with self.at_the_desk(wish) as work:
            attempt = _of(standing, prove(work))
            handle = desk.confirm(
                work, standing=standing, attempt=attempt, wish=wish, browser=self.browser()
            )
        self.confirmed(handle)

    def confirmed(self, handle: Handle) -> None:
        """Give the browser the new handle of a session that was just made fresh."""
        self._forget()
        self._drop_pending()
        self._set(self._cookies.session, str(handle), until=None)
        self._renewed(handle)

    def leave(self, *, said: bool) -> None:
        """End the session of this request on the server and in the browser."""
        standing = self.standing()
        digests = self.presented()
        if digests or _PENDING.held:
            with self._works.begin(origin()) as work:
                pendings.forget(work, value=_PENDING.held)
                desk.leave(work, standing=standing if said else None, digests=digests)
        self._forget()
        self._drop_pending()
        g._gatehouse_standing = None  # noqa: SLF001 - our own key of `g`
        self._unset(self._cookies.session)
        self._unset(self._cookies.remember)
        self._drop_aside()
        self._renewed(None)

    def browser(self) -> Browser:
        """Return what this browser brought along."""
        return Browser(
            handles=self.presented(),
            pending=_PENDING.held,
            device=self.device(),
            trusted=_TRUSTED.held,
        )

    def presented(self) -> list[bytes]:
        """Return what the handles in this request's cookies are stored as."""
        values = (
            request.cookies.get(self._cookies.session),
            request.cookies.get(self._cookies.remember),
        )
        found = sessions.digests_of(self._works.house, self.handle(), *values)
        view, aside = self.looking()
        kept = sessions_opening.aside_digest(self._works.house, view=view, aside=aside)
        return found if kept is None else [*found, kept]

    def standing(self) -> Standing | None:
        """Return the session of this request, if it is good; looked up at most once."""
        kept = held()
        if "_gatehouse_standing" not in kept:
            kept["_gatehouse_standing"] = self._look_up(kept)
        found: Standing | None = kept["_gatehouse_standing"]
        return found

    def _look_up(self, kept: dict[str, Any]) -> Standing | None:
        asked = request._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - one way through the proxy
        cookies = asked.cookies
        handle = (
            kept["_gatehouse_handle"]
            if "_gatehouse_handle" in kept
            else cookies.get(self._cookies.session)
        )
        believe = self._believe
        ask = self._read if believe is None or self._must_be_sure(kept, asked) else believe
        found = ask(handle)
        # When a view is over nobody is asking: a form that was begun as somebody else must not be
        # taken for one's own.
        if found is not None or sessions_rules.is_view(handle):
            return found
        return ask(self._remembered(asked))

    def _remembered(self, asked: Request) -> str | None:
        """Return the handle that the browser remembers.

        That of a view is none: it would not be known for a view by the cookie of the session, and
        whoever copied it there would do anything in the name of whom they see.
        """
        value = asked.cookies.get(self._cookies.remember)
        return None if sessions_rules.is_view(value) else value

    def _must_be_sure(self, kept: dict[str, Any], asked: Request) -> bool:
        """Whatever changes something, and every page of ours, has the truth.

        A page of the host that only shows something goes by what was read lately.
        """
        if (
            "_gatehouse_sure" in kept
            or asked.method not in csrf.SAFE_METHODS
            or (asked.endpoint or "").startswith(_OUR_PAGES)
        ):
            return True
        kept["_gatehouse_believed"] = True
        return False

    def _read(self, value: str | None) -> Standing | None:
        """Ask the database, and write down now and then that the session is in use."""
        standing = self._finder.find(value)
        if standing is None:
            return None
        row, at = standing.row, standing.at
        for step in self._watching_views if row.is_view else self._watching:
            # What may not go on is not in use either.
            if not step.stands(self._works, standing):
                return None
        was_written = row.idle_expires_at > at + self._until_written[row.kind]
        if was_written and not self._may_be_left(standing):
            return standing
        return self._used(standing)

    def _used(self, standing: Standing) -> Standing:
        """See to it that a use is written down, and that a console that was left is closed."""
        works = self._works
        was_left = self._may_be_left(standing) and self._may_enter(standing)
        standing = standing.unproven() if was_left else standing
        try:
            # In this order: a use that is written down must not hide that there was none before.
            if was_left:
                sessions.forget_proof(works, standing)
            sessions.keep_alive(works, standing)
        except DBAPIError as error:
            # Losing one "last seen" ends nothing early by more than one step.
            _log.warning("a session's last use was not written: %s", type(error).__name__)
        return standing

    def _may_be_left(self, standing: Standing) -> bool:
        """Whether nobody asked for anything for longer than the console allows."""
        if self._idle is None or standing.at - self._idle < standing.row.last_seen_at:
            return False
        proven_at = standing.row.proven_at
        return proven_at is not None and proven_at <= standing.at - self._idle

    def _may_enter(self, standing: Standing) -> bool:
        """Whether an account may enter the console, if its proof is young enough."""
        if standing.user is None:
            return False
        of_console = self._works.house.part(Permissions).of_console
        return granted(self._works, standing.user).allows_any(of_console)

    def _know(self, user_id: UUID, epoch: int) -> None:
        """Let the browser be known from now on. Signing out leaves that as it is."""
        house = self._works.house
        value = marks.renewed(house, self.device(), user_id=user_id, epoch=epoch)
        until = house.clock.now() + house.settings[LoginSettings].device_lifetime
        self._set(self._cookies.device, value, until=until)

    def _drop_aside(self) -> None:
        if self._cookies.aside in request.cookies:
            self._unset(self._cookies.aside)

    def _drop_pending(self) -> None:
        if _PENDING.held:
            held()["_gatehouse_pending"] = None

            @after_this_request
            def drop(response: Response) -> Response:
                _PENDING.forget(response)
                return response

    def _forget(self) -> None:
        g.pop("_gatehouse_standing", None)

    def _renewed(self, handle: Handle | None) -> None:
        """From here on the request belongs to this handle: look-ups and form tokens follow it."""
        g._gatehouse_handle = None if handle is None else str(handle)  # noqa: SLF001 - our own key of `g`
        csrf.renew(self._works.house, self.handle())

    def _set(self, name: str, value: str, *, until: datetime | None) -> None:
        now = self._works.house.clock.now()
        lifetime = None if until is None else round((until - now).total_seconds())
        # A host that forgot to say its public URL still gets Secure where it is reached by https.
        secure = self._cookies.secure or request.is_secure

        @after_this_request
        def set_cookie(response: Response) -> Response:
            response.set_cookie(
                name,
                value,
                max_age=lifetime,
                path="/",
                secure=secure,
                httponly=True,
                samesite="Lax",
            )
            return _private(response)

    def _unset(self, name: str) -> None:
        secure = self._cookies.secure

        @after_this_request
        def delete_cookie(response: Response) -> Response:
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
            return _private(response)


def current() -> SessionDoorkeeper:
    """Return the doorkeeper of the current application."""
    keeper: SessionDoorkeeper = current_app.extensions[EXTENSION].doorkeeper
    return keeper


def _of(standing: Standing, methods: tuple[str, ...]) -> Attempt:
    """Return what whoever is signed in has proven just now."""
    if standing.user is None:
        return Attempt(subject=standing.subject, methods=methods)
    return Attempt(user_id=standing.user.id, methods=methods, epoch=standing.user.epoch)


def _private(response: Response) -> Response:
    """No cache may keep an answer that sets a handle."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _itself(user: Any) -> Any:  # noqa: ANN401 - a host's own class
    """Return the person behind Flask-Login's proxy."""
    behind = getattr(user, "_get_current_object", None)
    return behind() if behind is not None else user
