"""Flask-Login's names over our sessions.

Flask-Login's functions (`login_user`, `logout_user`, `current_user`, `login_required`, ...) are the
ones that hosts and other extensions import, so they are used as they are. What they keep in Flask's
session is taken out again before the response is made: the truth is a row on the server, reached
through the `Doorkeeper`. This module and `csrf` are the only ones that touch Flask's session.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NoReturn, Protocol
from urllib.parse import quote, urljoin, urlsplit

from flask import (
    Flask,
    Response,
    abort,
    after_this_request,
    current_app,
    flash,
    g,
    redirect,
    request,
    session,
    url_for,
)
from flask.sessions import SessionMixin
from flask.typing import ResponseReturnValue
from flask_login import (
    AnonymousUserMixin,
    LoginManager,
    current_user,
    login_url,
    user_accessed,
    user_loaded_from_cookie,
    user_loaded_from_request,
    user_needs_refresh,
    user_unauthorized,
)

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.web import carrying
from flask_gatehouse.web.redirects import safe_path
from flask_gatehouse.web.viewing import OnlyLooking
from flask_gatehouse.web.work import held

#: The page of ours that asks again.
OUR_REFRESH_VIEW: Final = "gatehouse.passwords.confirm"

#: What Flask-Login's functions write into Flask's session.
_KEYS: Final = ("_user_id", "_fresh", "_id", "_remember", "_remember_seconds")


class Known(Protocol):
    """Who is asking, proven by a session on the server."""

    @property
    def user(self) -> Any:  # noqa: ANN401 - the class of the accounts is below another floor
        """Our own account, or None where the host keeps its own users."""

    @property
    def subject(self) -> str | None:
        """What the host's `get_id()` returned at sign-in, or None for our own account."""

    @property
    def fresh(self) -> bool:
        """Whether the person proved who they are in this session."""

    @property
    def remembered(self) -> bool:
        """Whether the browser was recognised without asking the person."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A sign-in that a view of the host asks for by `login_user`."""

    user: Any
    subject: str
    fresh: bool
    remember: bool
    remember_for: timedelta | None


class Doorkeeper(ABC):
    """Opens, finds and ends sessions for the current request; answered by `login`."""

    @abstractmethod
    def who(self) -> Known | None:
        """Return who is asking, or None. Raises: Unavailable: nobody can tell."""

    @abstractmethod
    def actor(self) -> Any:  # noqa: ANN401 - the class of the accounts is below another floor
        """Return who really acts, where somebody sees the site as somebody else; else None."""

    @abstractmethod
    def be_sure(self) -> None:
        """Have the server asked again if this request went by what was read for another."""

    @abstractmethod
    def remembers(self) -> bool:
        """Return whether the browser holds a good handle that outlives its session."""

    @abstractmethod
    def proven_within(self, within: timedelta | None) -> bool:
        """Return whether the person proved who they are in this session, and so lately.

        Args:
            within: how long ago is recent; None is as long as the setting says.
        """

    @abstractmethod
    def proven_by(self) -> tuple[str, ...]:
        """Return how the person proved who they are in this session; nothing if remembered."""

    @abstractmethod
    def proven_since_rights(self) -> bool:
        """Return whether that was no earlier than they were given what they may do."""

    @abstractmethod
    def assurance(self) -> int:
        """Return how sure that is, from 1 to 2; 0 for nobody."""

    @abstractmethod
    def demand_two(self) -> None:
        """Return if somebody can prove two factors. Raises: Held: they have to get one first."""

    @abstractmethod
    def owed(self) -> str | None:
        """Return what a sign-in that is half done owes: `factor`, `enrolment`; None: no such."""

    @abstractmethod
    def begin_anew(self) -> NoReturn:
        """Lead to where a sign-in begins. Raises: Held."""

    @abstractmethod
    def admit(self, entry: Entry) -> None:
        """Open a session for whom a view has proven, and end the one before."""

    @abstractmethod
    def confirm(self) -> None:
        """Make the session of this request fresh, under a new handle."""

    @abstractmethod
    def leave(self, *, said: bool) -> None:
        """End the session of this request, and the remembered one beside it.

        Args:
            said: False if nobody asked to leave: the person is gone.
        """


class Nobody(AnonymousUserMixin):
    """Whoever is not signed in: may do nothing, and templates can ask."""

    is_admin = False

    def can(self, permission: str, thing: object = None) -> bool:
        """Return False."""
        del permission, thing
        return False

    def has_role(self, name: str) -> bool:
        """Return False."""
        del name
        return False


class GatehouseLoginManager(LoginManager):
    """Flask-Login's `LoginManager`, asking the server who is signed in."""

    def __init__(self, app: Flask | None = None, add_context_processor: bool = True) -> None:  # noqa: FBT001, FBT002 - Flask-Login's signature
        """Take the same arguments as Flask-Login's."""
        #: What every template of the application can use. One context processor offers it all:
        #: each page pays for each of them, and for each global of Jinja's as well.
        self.offered: dict[str, object] = {"current_user": current_user}
        super().__init__(app, add_context_processor)
        self._session_identifier_generator = self._confirm_if_asked
        self.anonymous_user = Nobody

    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:  # noqa: FBT001, FBT002 - Flask-Login's signature
        """Attach to `app`. No hook runs after requests: answers that need no user cost nothing.

        Raises:
            Misconfigured: the application has a `LoginManager` that would not ask the server.
        """
        if getattr(app, "login_manager", self) is not self:
            msg = (
                "The application has a LoginManager already: set login_view and user_loader on "
                "gatehouse.login_manager instead of making one."
            )
            raise Misconfigured(msg)
        app.login_manager = self  # type: ignore[attr-defined] # where Flask-Login looks for it
        if add_context_processor:
            # The proxy, not the person: a template that does not ask costs no look-up.
            app.context_processor(lambda: self.offered)

    def header_loader(self, callback: object) -> NoReturn:
        """Refuse what Flask-Login has deprecated, instead of ignoring it in silence.

        Raises:
            Misconfigured: always.
        """
        msg = f"header_loader is gone; give {callback!r} to request_loader, which sees all headers."
        raise Misconfigured(msg)

    def unauthorized(self) -> ResponseReturnValue:
        """Send an anonymous visitor to the login page, with a message and the way back."""
        user_unauthorized.send(current_app._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001 - as signals are sent in Flask
        if self.unauthorized_callback:
            return self.unauthorized_callback()
        view = self.blueprint_login_views.get(request.blueprint, self.login_view)
        wanted = path_of_this_request()
        return self._send(view, self.login_message, self.login_message_category, wanted)

    def needs_refresh(self, by: str | None = None) -> ResponseReturnValue:
        """Send somebody whose session is not fresh to the page that asks again.

        A simple form goes along, if that page is ours. Of any other the way back leads to the page
        that it stands on.

        Args:
            by: the methods of which one is wanted, separated by spaces; None is any.

        Raises:
            OnlyLooking: somebody sees the site as somebody else, and proves nothing in their name.
        """
        refuse_viewers()
        user_needs_refresh.send(current_app._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001
        if self.needs_refresh_callback:
            return self.needs_refresh_callback()
        message, category = self.needs_refresh_message, self.needs_refresh_message_category
        wanted = path_of_this_request() or _path_of_the_form()
        to = _path_as_it_is()
        if self.refresh_view == OUR_REFRESH_VIEW and to is not None and _may_be_carried():
            self._say(message, category)
            here = url_for(OUR_REFRESH_VIEW, to=to, next=wanted, by=by)
            return redirect(here, 307)
        view = self.refresh_view
        if by is not None and view == OUR_REFRESH_VIEW:
            view = url_for(view, by=by)
        return self._send(view, message, category, wanted)

    def _say(self, message: str | None, category: str) -> None:
        if message:
            flash(self.localize_callback(message) if self.localize_callback else message, category)

    def _send(
        self, view: str | None, message: str | None, category: str, wanted: str | None
    ) -> ResponseReturnValue:
        if not view:
            abort(401)
        self._say(message, category)
        if wanted is not None and urlsplit(view).netloc not in {"", request.host}:
            # Somewhere else a path would mean another site.
            wanted = urljoin(request.host_url, wanted)
        elif wanted is not None and current_app.config.get("USE_SESSION_FOR_NEXT"):
            session["next"] = wanted
            wanted = None
        return redirect(login_url(view, next_url=wanted), 302 if request.method == "GET" else 303)

    def _load_user(self) -> None:
        """Find out who is asking, at most once a request and only when a view wants to know."""
        person()

    def find_user(self, app: Flask) -> Any:  # noqa: ANN401 - a host's own class
        """Return who is asking, for `person`, which remembers it."""
        if user_accessed.receivers:
            user_accessed.send(app)
        # What Flask-Login left behind before the switch proves nothing.
        kept = session._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - one look for five keys
        if kept and not kept.keys().isdisjoint(_KEYS):
            _clear_session()
        _answer_for(kept)
        known = app.extensions["gatehouse"].doorkeeper.who()
        user = None
        if known is not None:
            user = known.user if known.subject is None else self._person_of_host(known.subject)
        if user is not None and known is not None:
            if known.fresh:
                _show_freshness(kept)
            elif known.remembered and user_loaded_from_cookie.receivers:
                user_loaded_from_cookie.send(app, user=user)
        elif self._request_callback is not None:
            user = self._request_callback(request)
            if user is not None:
                user_loaded_from_request.send(app, user=user)
        return self.anonymous_user() if user is None else user

    def _person_of_host(self, subject: str) -> object | None:
        """Return whom the host finds by its id.

        If it finds nobody, the session ends: the id may be given to somebody else one day.
        """
        if self._user_callback is None:
            msg = "somebody is signed in whom only the host knows: set login_manager.user_loader"
            raise RuntimeError(msg)
        person: object | None = self._user_callback(subject)
        if person is None:
            _doorkeeper().leave(said=False)
        return person

    def _update_request_context_with_user(self, user: Any = None) -> None:  # noqa: ANN401 - a host's own class
        """Take over from `login_user` and `logout_user`, which end by calling this."""
        asked = {key: session[key] for key in _KEYS if key in session}
        _clear_session()
        if user is None:
            _doorkeeper().leave(said=True)
        elif "_user_id" in asked:
            seconds = asked.get("_remember_seconds")
            _doorkeeper().admit(
                Entry(
                    user=user,
                    subject=str(asked["_user_id"]),
                    fresh=bool(asked.get("_fresh")),
                    remember=asked.get("_remember") == "set",
                    remember_for=None if seconds is None else timedelta(seconds=seconds),
                )
            )
            if asked.get("_fresh"):
                _show_freshness(session._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001 - the session itself
        g._login_user = self.anonymous_user() if user is None else user  # noqa: SLF001 - where Flask-Login looks

    def _confirm_if_asked(self) -> str:
        """Answer Flask-Login's wish for an identifier; `confirm_login` is known by what it set."""
        if "_user_id" not in session and session.get("_fresh") is True:
            _doorkeeper().confirm()
        return "gatehouse"


def path_of_this_request() -> str | None:
    """Return where to come back to: only what was asked for by GET, and only on this site."""
    return _path_as_it_is() if request.method in {"GET", "HEAD"} else None


def _may_be_carried() -> bool:
    state = current_app.extensions["gatehouse"]
    return carrying.may_be_carried(state.house, state.doorkeeper.handle())


def _path_of_the_form() -> str | None:
    """Return the page of the form that was sent: as its `next` says, else the address itself.

    None if the form does not say, and the address answers to nothing but forms.
    """
    if request.mimetype == "application/x-www-form-urlencoded":
        said = safe_path(request.form.get("next"))
        if said is not None:
            return said
    rule = request.url_rule
    shows = rule is not None and "GET" in (rule.methods or ())
    return _path_as_it_is() if shows else None


def _path_as_it_is() -> str | None:
    query = request.query_string.decode("ascii", "replace")
    path = request.root_path.rstrip("/") + quote(request.path)
    return safe_path(f"{path}?{query}" if query else path)


def wanted_page() -> str | None:
    """Return the page to go on to after a sign-in, as asked for by form, link or session."""
    asked = request.form.get("next") or request.args.get("next")
    if asked is None and current_app.config.get("USE_SESSION_FOR_NEXT") and "next" in session:
        asked = session.pop("next")
    return safe_path(asked)


def person() -> Any:  # noqa: ANN401 - a host's own class
    """Return who is asking: what `current_user` stands for, without the way through its proxy."""
    kept = held()
    if "_login_user" not in kept:
        app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - every proxy costs its way, on every private page
        # Where Flask-Login looks.
        kept["_login_user"] = app.login_manager.find_user(app)
    return kept["_login_user"]


def viewing_as() -> Any:  # noqa: ANN401 - the class of the accounts is below another floor
    """Return whoever really acts, where they see the site as `current_user`; otherwise None."""
    return _doorkeeper().actor()


def refuse_viewers() -> None:
    """Refuse whoever sees the site as somebody else. Raises: OnlyLooking."""
    if viewing_as() is not None:
        raise OnlyLooking


def be_sure() -> None:
    """Let nothing that was read for another request say who is asking."""
    if "_gatehouse_sure" not in held():
        _doorkeeper().be_sure()


def login_fresh() -> bool:
    """Whether whoever is asking proved who they are in this session, not by being remembered."""
    be_sure()
    known = _doorkeeper().who() if current_user.is_authenticated else None
    return known is not None and known.fresh


def proven_within(within: timedelta | None) -> bool:
    """Whether whoever is asking proved who they are so lately; None is as the setting says."""
    be_sure()
    return bool(current_user.is_authenticated) and _doorkeeper().proven_within(within)


def proven_by() -> tuple[str, ...]:
    """Return the methods by which whoever is asking proved who they are in this session."""
    be_sure()
    return _doorkeeper().proven_by() if current_user.is_authenticated else ()


def proven_since_rights() -> bool:
    """Whether whoever is asking proved who they are since they may do what they may."""
    be_sure()
    return _doorkeeper().proven_since_rights()


def assurance() -> int:
    """Return how sure it is who is asking, from 1 to 2; 0 for nobody."""
    be_sure()
    return _doorkeeper().assurance() if current_user.is_authenticated else 0


def demand_two() -> None:
    """Return if whoever is asking can prove two factors. Raises: Held: they have none yet."""
    _doorkeeper().demand_two()


def owed() -> str | None:
    """Return what the sign-in that is half done in this browser owes; None if there is none."""
    return _doorkeeper().owed()


def begin_anew() -> NoReturn:
    """Lead to where a sign-in begins. Raises: Held."""
    _doorkeeper().begin_anew()


def may(permission: str) -> bool:
    """Whether whoever is asking may do something. A host's own people may what their `can` says."""
    ask = getattr(person(), "can", None)
    return ask is not None and ask(permission) is True


def has_role(name: str) -> bool:
    """Whether whoever is asking has a role. A host's own people have what `has_role` says."""
    ask = getattr(person(), "has_role", None)
    return ask is not None and ask(name) is True


def login_remembered() -> bool:
    """Whether the browser will know whoever is asking when it was closed and opened again."""
    return bool(current_user.is_authenticated) and _doorkeeper().remembers()


def _doorkeeper() -> Doorkeeper:
    keeper: Doorkeeper = current_app.extensions["gatehouse"].doorkeeper
    return keeper


def _show_freshness(kept: SessionMixin) -> None:
    """Let Flask-Login's `login_fresh` see the truth during this request.

    Args:
        kept: Flask's session. Whoever is not fresh needs nothing there.
    """
    if isinstance(kept, dict):
        # Past the session's own bookkeeping: nothing has changed that a cookie should carry.
        dict.__setitem__(kept, "_fresh", True)  # noqa: FBT003 - the value of a key


def _answer_for(kept: SessionMixin) -> None:
    """Have the answer say that it depends on the cookie, and nothing kept of what was shown.

    Flask says the first of its own for a session that was looked into, but by taking the header
    apart and putting it together again, which costs several times as much.
    """

    @after_this_request
    def answer(response: Response) -> Response:
        if isinstance(kept, dict):
            dict.pop(kept, "_fresh", None)
        for name, _ in response.headers:
            if name.lower() == "vary":
                response.vary.add("Cookie")
                break
        else:
            response.headers.add("Vary", "Cookie")
        kept.accessed = False
        return response


def _clear_session() -> None:
    """Take Flask-Login's keys out; leave the host's session as it would be without them."""
    for key in _KEYS:
        session.pop(key, None)
    if not session and current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        session.modified = False
