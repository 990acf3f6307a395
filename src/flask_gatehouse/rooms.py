"""Opens the rooms of the house: all that speaks to the database, loaded when first needed."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask
from sqlalchemy import URL, Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from flask_gatehouse.core.errors import Misconfigured, Unavailable
from flask_gatehouse.core.house import House
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.db.engine import open_engine, parsed
from flask_gatehouse.db.migrations import runner
from flask_gatehouse.db.migrations.scope import (
    offer_user_table,
    without_our_objects,
    without_ours,
)
from flask_gatehouse.db.settings import DatabaseSettings
from flask_gatehouse.db.upkeep import Upkeep
from flask_gatehouse.db.work import Works
from flask_gatehouse.feature import Feature, load
from flask_gatehouse.features.login.doorkeeper import SessionDoorkeeper
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.mail.settings import MailSettings
from flask_gatehouse.features.mail.worker import OutboxWorker
from flask_gatehouse.features.passwords.keeping import Keeper
from flask_gatehouse.features.roles.keeping import Keeper as RightsKeeper
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.belongings import Belongings
from flask_gatehouse.features.webhooks.settings import WebhookSettings
from flask_gatehouse.features.webhooks.worker import WebhookWorker
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.web import work
from flask_gatehouse.web.links import link_to

__all__ = [
    "database_answers",
    "doorkeeper",
    "hide_our_tables",
    "keeper",
    "load_views",
    "new_setup_link",
    "offer_user_table",
    "open_works",
    "parts",
    "rights_keeper",
    "setup_is_open",
    "start_background_work",
    "upgrade_database",
]


def parts(
    house: House,
    features: Sequence[Feature],
    post: Post | None,
    belongings: Sequence[Belongings] = (),
) -> Iterator[object]:
    """Make what the features put into a house, and take in what a host does.

    Args:
        post: a host's own way out for letters, which replaces ours.
        belongings: of a host. They come first, because their rows may refer to ours.

    Raises:
        Misconfigured: two belongings have one name.
    """
    told = [load(feature.sentences) for feature in features if feature.sentences]
    yield Sentences({code: sentence for each in told for code, sentence in each.items()})
    yield Upkeep(house)
    names: set[str] = set()
    ours = (load(place)(house) for feature in features for place in feature.plugs)
    for made in (*belongings, *ours):
        if isinstance(made, Belongings):
            if made.name in names:
                msg = f"Two kinds of belongings are called {made.name!r}; call yours otherwise."
                raise Misconfigured(msg)
            names.add(made.name)
        yield post if post is not None and isinstance(made, Post) else made


def open_works(house: House, db: Any) -> Works:  # noqa: ANN401 - a host's database object
    """Return how work begins: in the host's session, or in sessions of our own."""
    if db is None:
        return Works(house, _own_engine(house))
    scoped: Callable[[], Session] = db.session
    return Works(house, lambda: db.engine, scoped)


def doorkeeper(works: Works, house: House) -> SessionDoorkeeper:
    """Return who opens, finds and ends sessions."""
    return SessionDoorkeeper(works, house)


def keeper(works: Callable[[], Works]) -> Keeper:
    """Return who sets and checks passwords for the methods of the model."""
    return Keeper(works)


def rights_keeper(works: Works) -> RightsKeeper:
    """Return who knows what accounts may do."""
    return RightsKeeper(works)


def load_views(features: Sequence[Feature]) -> None:
    """Load every page, and the forms that pages load when one is opened."""
    import_module("flask_wtf.csrf")
    import_module("email_validator")
    for feature in features:
        for route in feature.routes:
            load(route.view)
        forms = f"flask_gatehouse.features.{feature.name}.forms"
        if find_spec(forms) is not None:
            import_module(forms)


def hide_our_tables(options: dict[str, Any]) -> None:
    """Tell a host's autogenerate, by its options, to leave our tables alone."""
    options["include_name"] = without_ours(options.get("include_name"))
    options["include_object"] = without_our_objects(options.get("include_object"))


def upgrade_database() -> None:
    """Apply the shipped migrations to the database of the current application."""
    runner.upgrade(work.works().engine)


def database_answers() -> bool:
    """Whether the database of the current application answers at this moment."""
    try:
        with work.works().reading() as db:
            db.execute(select(1))
    except (SQLAlchemyError, Unavailable):
        return False
    return True


def start_background_work(app: Flask) -> None:
    """Send mails and webhooks from this process, unless another does, and do its upkeep."""
    state = app.extensions[work.EXTENSION]
    if state.settings[MailSettings].worker == "thread":
        OutboxWorker.of(state.works, inside=app.app_context).start()
    if state.settings[WebhookSettings].worker == "thread":
        WebhookWorker(state.works, inside=app.app_context).start()
    state.house.part(Upkeep).start(state.works, inside=app.app_context)


def setup_is_open() -> bool:
    """Whether the first administrator can still be made; False if nobody can tell."""
    try:
        with work.works().reading() as db:
            return users.setup_is_open(db)
    except (SQLAlchemyError, Unavailable):
        return False


def new_setup_link() -> str | None:
    """Return a link that makes the first administrator; None if there was an account."""
    with work.unit_of_work() as unit:
        secret = users.open_setup(unit)
    return None if secret is None else link_to("/setup/")(secret)


def _own_engine(house: House) -> Callable[[], Engine]:
    url = house.settings[DatabaseSettings].url
    file = house.home / "gatehouse.db"
    if url:
        where = parsed(url, setting="GATEHOUSE_DATABASE_URL")
    else:
        where = URL.create("sqlite", database=str(file))
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite would make it readable by everybody; its other files take over this mode.
        file.touch(mode=0o600)
    engine = open_engine(where)
    return lambda: engine


# Migrations, checks and relationships need to know every table, whoever asks for the first one.
for _feature in FEATURES:
    if _feature.tables:
        import_module(_feature.tables)
