"""Puts the house together for one application. The only place that knows all of it."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from threading import RLock
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, cast
from urllib.parse import urlsplit

from click import Group
from flask import (
    Blueprint,
    Flask,
    appcontext_pushed,
    current_app,
    has_app_context,
    request,
)
from flask.blueprints import BlueprintSetupState
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_gatehouse import shipped
from flask_gatehouse.cli.group import build_group
from flask_gatehouse.core import settings as declarations
from flask_gatehouse.core.clock import Clock, SystemClock
from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.events import Event, Vocabulary
from flask_gatehouse.core.house import House
from flask_gatehouse.core.keys import HOW_TO, KeyRing, Root
from flask_gatehouse.core.permissions import Permissions, Rule
from flask_gatehouse.core.places import Locate, Places
from flask_gatehouse.core.settings import Settings
from flask_gatehouse.core.site import LOOPBACK, CoreSettings, is_secure
from flask_gatehouse.db.settings import DatabaseSettings
from flask_gatehouse.db.urls import refuse_unusable
from flask_gatehouse.feature import Feature, load
from flask_gatehouse.features.invitations.rules import HostRule, MayInvite
from flask_gatehouse.features.logs import lines, requests
from flask_gatehouse.features.logs.settings import LogSettings
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.metrics import requests as counted_requests
from flask_gatehouse.features.metrics.settings import MetricsSettings
from flask_gatehouse.features.registration.hosting import Registering
from flask_gatehouse.features.users import keeper, rights
from flask_gatehouse.web import console, csrf, errors, gate, headers, queries, routes, work
from flask_gatehouse.web import events as web_events
from flask_gatehouse.web.console import Card, ConsolePage
from flask_gatehouse.web.console import declared as declared_console
from flask_gatehouse.web.dates import shown_date
from flask_gatehouse.web.flask_login import OUR_REFRESH_VIEW, GatehouseLoginManager
from flask_gatehouse.web.protecting import Policy, Protection
from flask_gatehouse.web.settings import WebSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine, MetaData

    from flask_gatehouse.db.work import Work, Works
    from flask_gatehouse.features.login.doorkeeper import SessionDoorkeeper
    from flask_gatehouse.features.users.belongings import Belongings
    from flask_gatehouse.features.users.keeper import PasswordKeeper
    from flask_gatehouse.features.users.rights import RightsKeeper

#: What somebody is told who is asked for the password again.
_CONFIRM = "Please confirm that it is you."


class HostDatabase(Protocol):
    """What is used of a Flask-SQLAlchemy object."""

    @property
    def engine(self) -> "Engine":
        """The engine of the current application."""

    @property
    def session(self) -> Any:  # noqa: ANN401 - a scoped session of any kind
        """The session of the current request."""

    @property
    def metadata(self) -> "MetaData":
        """Where the host's own tables are declared."""


class Gatehouse:
    """Accounts, sign-in and session security for a Flask application.

    Args:
        app: the application; or call `init_app` later.
        db: a Flask-SQLAlchemy object, to work in the host's own session and transaction.
        pages: False keeps all of our pages away, for a host that has its own.
        clock: what tells the time; for tests.
        registering: a form and hooks of one's own for people who make their account.
        post: what takes letters out of the house, in place of what `GATEHOUSE_MAIL_URL` names.
        belongings: what the application keeps about people, to be told to them and to be erased.
        locate: tells in a few words where an address is, or None; shown to people beside addresses.
        may_invite: tells whether an account may invite people, where
            `GATEHOUSE_INVITATIONS_BY` opens that to members.
        permissions: what people can be allowed to do in the application: names, such as
            `reports.read`, to sentences, such as "Read the reports".
        console: pages and cards of the application in the console: `ConsolePage` and `Card`.
    """

    def __init__(  # noqa: PLR0913 - all that a host may give
        self,
        app: Flask | None = None,
        db: HostDatabase | None = None,
        *,
        pages: bool = True,
        clock: Clock | None = None,
        locate: Locate | None = None,
        post: Post | None = None,
        registering: Registering | None = None,
        may_invite: MayInvite | None = None,
        belongings: "Sequence[Belongings]" = (),
        permissions: Mapping[str, str] | None = None,
        console: Iterable[ConsolePage | Card] = (),
    ) -> None:
        self.login_manager = GatehouseLoginManager()
        self.features: tuple[Feature, ...] = shipped.FEATURES
        self._pages = pages
        self._db = db
        self._clock = clock or SystemClock()
        self._places = Places(locate)
        self.post = post
        self._registering = registering or Registering()
        self._may_invite = HostRule(may_invite)
        self.belongings = tuple(belongings)
        self.permissions = Permissions([each.permissions for each in self.features], permissions)
        self._console = declared_console(console, self.permissions)
        self.protection = Protection()
        self.permissions.roles_asked_for = self.protection.roles_asked_for
        if db is not None:
            _rooms().offer_user_table(db.metadata)
        if app is not None:
            self.init_app(app, db)

    def init_app(self, app: Flask, db: HostDatabase | None = None) -> None:
        """Read the settings and take up service in `app`.

        Raises:
            Misconfigured: something must not start so; the message says what, and what to change.
        """
        if work.EXTENSION in app.extensions:
            msg = "This application has a Gatehouse already."
            raise Misconfigured(msg)
        if db is not None:
            _rooms().offer_user_table(db.metadata)
        state = State(self, app, db or self._db, self._clock)
        state.house.furnish([self._places, self._may_invite, self._registering, self.permissions])
        state.house.furnish([*self._console, self.protection])
        _refuse_test_switches(app)
        self.login_manager.init_app(app)
        app.extensions[work.EXTENSION] = state
        keeper.install(lambda: _current_state(state).keeper)
        rights.install(lambda: _current_state(state).rights_keeper)
        app.cli.add_command(build_group(self.features))
        errors.translate(app)
        self.protection.attach(app, ours=_endpoints(self.features) if self._pages else ())
        if self._pages:
            app.register_blueprint(_pages(state, self.features))
            if self.login_manager.login_view is None:
                self.login_manager.login_view = "gatehouse.passwords.login"
            if self.login_manager.refresh_view is None:
                self.login_manager.refresh_view = OUR_REFRESH_VIEW
                self.login_manager.needs_refresh_message = _CONFIRM
        if self._pages and state.settings[MetricsSettings].is_on:
            counted_requests.watch(app, state.house, _endpoints(self.features))
        if state.settings[LogSettings].requests:
            requests.watch(app, state.house)
        if state.settings[WebSettings].headers == "all":
            app.after_request(headers.hook(state.house))
        if state.settings[CoreSettings].trusted_proxies:
            hops = state.settings[CoreSettings].trusted_proxies
            app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_prefix=0)  # type: ignore[method-assign]
        _look_before_the_first_request(app, self.login_manager)

    def rule(self, permission: str) -> Callable[[Rule], Rule]:
        """Have a function decide whether somebody may do something to one thing.

        `current_user.can("reports.edit", report)` calls it with the account, the thing, and whether
        a role of the account allows it anyhow. It says yes by `True` only.

        Raises:
            UnknownPermission: nobody declared the permission.
            Misconfigured: it has a rule.
        """

        def keep(rule: Rule) -> Rule:
            self.permissions.decide_by(permission, rule)
            return rule

        return keep

    def protect(
        self,
        target: object,
        *,
        public: Iterable[str] = (),
        permissions: Iterable[str] = (),
        roles: Iterable[str] = (),
        fresh: bool = False,
        second_factor: bool = False,
    ) -> None:
        """Let only people in who are signed in, to every view of an application or a blueprint.

        Also to views that are added later, and to its files. Open stay our own pages, which say
        themselves who may enter, views that are marked `public`, and the host's page of sign-in.
        A view that asks for more by a mark of its own gets it.

        Args:
            target: an application, a blueprint, with all that it nests, or an extension with views
                that have a blueprint each, such as Flask-Admin's `Admin`.
            public: endpoints that stay open; of a blueprint, as it calls them itself.
            permissions: all of these are asked for as well.
            roles: all of these are asked for as well.
            fresh: a recent proof is asked for, as `fresh()` does.
            second_factor: two factors are asked for, as `mfa_required` does.

        Raises:
            Misconfigured: it cannot be protected, or a permission is not declared. A name in
                `public` that no view has stops the first request.
        """
        if not (isinstance(target, (Flask, Blueprint)) or hasattr(target, "_views")):
            msg = f"{target!r} is neither an application nor a blueprint, so it has no views."
            raise Misconfigured(msg)
        policy = Policy(
            target=target,
            public=frozenset(_names(public)),
            permissions=_names(permissions),
            roles=_names(roles),
            fresh=fresh,
            second_factor=second_factor,
        )
        for name in policy.permissions:
            if name not in self.permissions.names:
                msg = f"protect(permissions=…) names {name!r}, which nobody declares."
                raise Misconfigured(msg)
        self.protection.add(policy)

    @staticmethod
    def unit_of_work() -> "AbstractContextManager[Work]":
        """Open a transaction for the current request or command."""
        return work.unit_of_work()

    @staticmethod
    def load(app: Flask) -> None:
        """Load everything that requests may need, before a server forks or takes the first one."""
        _state(app).load()

    @staticmethod
    def upgrade_database() -> None:
        """Apply the shipped migrations to the database of the current application."""
        _rooms().upgrade_database()

    @staticmethod
    def database_answers() -> bool:
        """Whether the database of the current application answers at this moment."""
        answers: bool = _rooms().database_answers()
        return answers

    @staticmethod
    def close_connections() -> None:
        """Close the connections of this process, before it forks: they must not be shared."""
        work.works().engine.dispose()

    @staticmethod
    def start_background_work(app: Flask) -> None:
        """Send mails, write "last seen" and clear away what is over.

        Call it in each process that serves, after the fork. It ends with the process.
        """
        _rooms().start_background_work(app)

    @staticmethod
    def setup_is_open() -> bool:
        """Whether the first administrator can still be made; False if nobody can tell."""
        is_open: bool = _rooms().setup_is_open()
        return is_open

    @staticmethod
    def new_setup_link() -> str | None:
        """Return a link that makes the first administrator; None if there was an account."""
        link: str | None = _rooms().new_setup_link()
        return link

    @staticmethod
    def log_formatter(app: Flask) -> logging.Formatter:
        """Return what writes the lines of a log as `GATEHOUSE_LOGS_FORMAT` says.

        For a host that sends its lines somewhere of its own.
        """
        as_json = _state(app).settings[LogSettings].format == "json"
        return lines.JsonFormatter() if as_json else lines.TextFormatter()

    @classmethod
    def write_logs(cls, app: Flask) -> None:
        """Write the lines of this process to standard error, as the settings say.

        For a site that has no logging of its own; call it once. Lines of requests and of events are
        only written if they are asked for.
        """
        settings = _state(app).settings[LogSettings]
        handler = logging.StreamHandler()
        handler.setFormatter(cls.log_formatter(app))
        logging.getLogger().addHandler(handler)
        if settings.requests or settings.events:
            logging.getLogger("gatehouse").setLevel(logging.INFO)

    @staticmethod
    def command_group() -> Group:
        """Return the command line, for a program of one's own; hosts have `flask gatehouse`."""
        return build_group(shipped.FEATURES)

    @staticmethod
    def answer_errors(app: Flask) -> None:
        """Answer every error of `app` with our pages, for a site that has none of its own."""
        errors.handle(app)

    @staticmethod
    def hosts(app: Flask) -> list[str]:
        """Return the hosts that `app` is reached at, for Flask's TRUSTED_HOSTS.

        A site on this machine is reached by each of its names; one with a public URL by that only.
        Empty, which is every host, if the URL has an IPv6 address: Werkzeug cannot match those.
        """
        host = urlsplit(_state(app).settings[CoreSettings].public_url).hostname or ""
        if ":" in host:
            return []
        return list(LOOPBACK) if host in LOOPBACK else [host]

    @staticmethod
    def serves_https(app: Flask) -> bool:
        """Whether people reach `app` by https, as its public URL says."""
        return is_secure(_state(app).settings[CoreSettings].public_url)


class State:
    """What one application keeps in `app.extensions["gatehouse"]`.

    Settings and keys are read at the start. What speaks to the database is loaded with the first
    question, so that an application that asks nothing yet starts without it.
    """

    def __init__(
        self, gatehouse: Gatehouse, app: Flask, db: HostDatabase | None, clock: Clock
    ) -> None:
        self.features = gatehouse.features
        self.db = db
        self.settings = _read_settings(app, gatehouse.features)
        core = self.settings[CoreSettings]
        _check_public_url(core)
        if db is None:
            _check_database(self.settings[DatabaseSettings])
        keys = KeyRing(_roots(app, core))
        home = Path(core.home or app.instance_path)
        self.house = House(self.settings, keys, clock, home=home, testing=app.testing)
        self.house.furnish_with(
            lambda house: (
                Vocabulary(events_of(self.features)),
                *_rooms().parts(house, self.features, gatehouse.post, gatehouse.belongings),
            )
        )
        _check_features(self)
        self._lock = RLock()
        self._works: Works | None = None
        self._doorkeeper: SessionDoorkeeper | None = None
        self._rights_keeper: RightsKeeper | None = None

    @property
    def works(self) -> "Works":
        """How work begins."""
        if self._works is None:
            with self._lock:
                if self._works is None:
                    self._works = _rooms().open_works(self.house, self.db)
        return self._works

    @property
    def doorkeeper(self) -> "SessionDoorkeeper":
        """Who opens, finds and ends sessions."""
        if self._doorkeeper is None:
            with self._lock:
                if self._doorkeeper is None:
                    self._doorkeeper = _rooms().doorkeeper(self.works, self.house)
        return self._doorkeeper

    @property
    def keeper(self) -> "PasswordKeeper":
        """Who sets and checks passwords for the methods of the model."""
        found: PasswordKeeper = _rooms().keeper(lambda: self.works)
        return found

    @property
    def rights_keeper(self) -> "RightsKeeper":
        """Who knows what accounts may do."""
        if self._rights_keeper is None:
            self._rights_keeper = _rooms().rights_keeper(self.works)
        return self._rights_keeper

    def load(self) -> None:
        """Open every room at once."""
        _rooms().load_views(self.features)
        self.house.plugs(object)
        _ = self.works, self.doorkeeper


def _rooms() -> ModuleType:
    """Return the module that opens the rooms; the first to ask loads the database's machinery."""
    from flask_gatehouse import rooms  # noqa: PLC0415 - the point of `State`

    return rooms


def _state(app: Flask) -> State:
    found: State = app.extensions[work.EXTENSION]
    return found


def _current_state(last: State) -> State:
    """Return the state of the application that is at work; outside of any, of the last started."""
    if has_app_context() and work.EXTENSION in current_app.extensions:
        found: State = current_app.extensions[work.EXTENSION]
        return found
    return last


def _endpoints(features: Sequence[Feature]) -> list[str]:
    """Return the endpoints of our own pages and files."""
    pages = (f"gatehouse.{each.name}.{page.endpoint}" for each in features for page in each.routes)
    return ["gatehouse.static", *pages]


def _names(given: Iterable[str]) -> tuple[str, ...]:
    """Return names as a tuple. Raises: Misconfigured: it is one text, and no list."""
    if isinstance(given, str):
        msg = f"{given!r} is one text; give a list of names."
        raise Misconfigured(msg)
    return tuple(given)


def _groups(features: Sequence[Feature]) -> dict[str, type[Any]]:
    groups: dict[str, type[Any]] = {
        "": CoreSettings,
        "web": WebSettings,
        "database": DatabaseSettings,
    }
    groups.update({each.name: each.settings for each in features if each.settings is not None})
    return groups


def _read_settings(app: Flask, features: Sequence[Feature]) -> Settings:
    return declarations.read(_groups(features), config=app.config, environment=os.environ)


def _roots(app: Flask, core: CoreSettings) -> list[bytes]:
    """Return the root keys; Flask's own signatures use the newest if the host set none."""
    setting = "GATEHOUSE_SECRET_KEY" if core.secret_key else "SECRET_KEY"
    given = core.secret_key or app.config.get("SECRET_KEY")
    if not given:
        msg = f"There is no secret key, SECRET_KEY or GATEHOUSE_SECRET_KEY: {HOW_TO}"
        raise Misconfigured(msg)
    raw = given if isinstance(given, bytes) else str(given).encode()
    if not app.config.get("SECRET_KEY"):
        app.config["SECRET_KEY"] = given
    # Only tests may use a key that everybody could guess.
    newest = raw if app.testing else Root(raw, setting).value
    fallbacks = "GATEHOUSE_SECRET_KEY_FALLBACKS"
    return [newest, *(Root(each.encode(), fallbacks).value for each in core.secret_key_fallbacks)]


def _check_public_url(core: CoreSettings) -> None:
    if not _is_web_address(core.public_url):
        msg = (
            f"GATEHOUSE_PUBLIC_URL is {core.public_url!r}, but must look like https://example.org."
        )
        raise Misconfigured(msg)


#: Source: RFC 1035 2.3.4.
_LONGEST_PART: Final = 63


def _is_web_address(text: str) -> bool:
    """Whether `text` names a web server, and nothing beside it."""
    try:
        url = urlsplit(text)
        _ = url.port
        host = url.hostname or ""
        if not host.isascii():
            # Only then: it loads the tables of the codec, which takes a millisecond.
            host.encode("idna")
    except ValueError:
        return False
    plain = not (url.query or url.fragment or url.username)
    return url.scheme in {"http", "https"} and _is_host(host) and plain


def _is_host(name: str) -> bool:
    """Whether each part of a name between two dots is as long as a part may be."""
    return all(0 < len(part) <= _LONGEST_PART for part in name.removesuffix(".").split("."))


def _check_database(settings: DatabaseSettings) -> None:
    if settings.url:
        refuse_unusable(settings.url, setting="GATEHOUSE_DATABASE_URL")


def _check_features(state: State) -> None:
    """Look at what is configured otherwise than by default, and would only fail when needed."""
    changed = {each.declared.key for each in state.settings.in_force if each.origin != "default"}
    for feature in state.features:
        for check in feature.checks:
            if changed.intersection(check.keys):
                load(check.place)(state.house)


def _refuse_test_switches(app: Flask) -> None:
    """What tests switch off must not be off where people sign in. Source: OWASP ASVS 5.0 13.4."""
    if app.config.get("LOGIN_DISABLED") and not app.testing:
        msg = "LOGIN_DISABLED switches every login_required off; it is for tests, so remove it."
        raise Misconfigured(msg)


def _pages(state: State, features: Sequence[Feature]) -> Blueprint:
    """Return all pages as one blueprint, so that its hooks run for each of them."""
    pages = Blueprint(
        "gatehouse",
        "flask_gatehouse.web",
        url_prefix=state.settings[WebSettings].url_prefix or None,
        template_folder="templates",
        static_folder="static",
        static_url_path="/gatehouse/static",
    )
    limit = int(state.settings[WebSettings].form_limit)
    pages.before_request(queries.refuse_unreadable)

    @pages.before_request
    def refuse_foreign_forms() -> None:
        request.max_content_length = limit
        request.max_form_parts = _MOST_FIELDS
        csrf.refuse_foreign(state.house, state.doorkeeper.handle())

    def offer_page(setup: BlueprintSetupState) -> None:
        offered = cast("GatehouseLoginManager", setup.app.login_manager).offered  # type: ignore[attr-defined] # where Flask-Login looks for it
        offered["gatehouse_page"] = SimpleNamespace(
            csrf_token=lambda: csrf.token(state.house, state.doorkeeper.handle()),
            site_name=state.settings[CoreSettings].site_name,
            account_links=lambda: routes.listed(features),
            gate_links=lambda: gate.links(state.house),
            viewing=lambda: state.doorkeeper.seen_as(),  # noqa: PLW0108 - loads it late
            console_tabs=lambda: console.tabs(state.house, features),
            console_cards=lambda: console.cards(state.house),
            pieces=lambda place: gate.pieces(state.house, place),
            module=headers.module,
        )

    pages.record_once(offer_page)
    pages.app_template_filter("gatehouse_date")(shown_date)
    if state.settings[WebSettings].headers == "own":
        pages.after_request(headers.hook(state.house))
    errors.handle(pages)
    for feature in features:
        if feature.routes:
            pages.register_blueprint(routes.blueprint(feature))
    return pages


#: Fields of a form of ours are few; a body with thousands is no form.
_MOST_FIELDS = 100


def _look_before_the_first_request(app: Flask, manager: GatehouseLoginManager) -> None:
    """See to what a host may do after us, whichever of us is started first.

    Its Flask-Migrate must not look at our tables, and no other `LoginManager` may take the place of
    ours: sign-ins would go into a cookie that nobody can end.
    """

    def look(sender: Flask, **_: object) -> None:
        if getattr(sender, "login_manager", None) is not manager:
            sender.before_request_funcs.setdefault(None, []).insert(0, _refuse_all)
        migrate = sender.extensions.get("migrate")
        if migrate is not None and not getattr(migrate, "gatehouse_told", False):
            _rooms().hide_our_tables(migrate.configure_args)
            migrate.gatehouse_told = True
        # Once requests are served, nothing of this can change: stop, so that it costs nothing.
        if sender._got_first_request:  # noqa: SLF001 - nothing public says so
            appcontext_pushed.disconnect(look, sender)

    appcontext_pushed.connect(look, app, weak=False)


def _refuse_all() -> NoReturn:
    """Serve nobody: whoever signed in would be kept by a manager that is not ours."""
    msg = (
        "Another LoginManager took the place of Gatehouse's: set login_view and user_loader on "
        "gatehouse.login_manager instead of making one."
    )
    raise Misconfigured(msg)


def events_of(features: Sequence[Feature]) -> list[type[Event]]:
    """Return every event that can be recorded, in the order of the features."""
    modules = [web_events.__name__, *(each.events for each in features if each.events)]
    return [event for module in modules for event in events_in(module)]


def events_in(module: str) -> list[type[Event]]:
    """Return the events that a module declares, in the order in which it does."""
    declared = vars(import_module(module)).values()
    return [each for each in declared if isinstance(each, type) and each.__module__ == module]
