"""Put the commands of all features under one group, and answer refusals as a shell expects."""

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from flask_gatehouse.cli.application import house
from flask_gatehouse.cli.database import db
from flask_gatehouse.cli.doctor import doctor
from flask_gatehouse.cli.settings import settings
from flask_gatehouse.core.errors import Misconfigured, Refusal, Unavailable
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.feature import Feature

_HELP = """Accounts, sign-in and sessions of this application.

Exit status: 0 done, 1 refused (standard error says why), 2 wrong usage. A refusal changes nothing.
"""

_OWN: tuple[click.Command, ...] = (db, doctor, settings)


def build_group(features: Sequence[Feature]) -> click.Group:
    """Return the group `gatehouse` with every command, each run inside the application."""
    group = click.Group(
        "gatehouse",
        help=_HELP,
    )
    for feature in features:
        for command in feature.commands:
            group.add_command(_inside_app(command))
    for command in _OWN:
        group.add_command(_inside_app(command))
    return group


def _inside_app(command: click.Command) -> click.Command:
    """Return a copy that runs inside the application; the original belongs to its feature."""
    inside = copy.copy(command)
    if isinstance(inside, click.Group):
        inside.commands = {name: _inside_app(each) for name, each in inside.commands.items()}
    elif inside.callback is not None:
        inside.callback = _refusing(with_appcontext(_answering(inside.callback)))
    return inside


def _answering(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Turn refusals into one sentence, while the application that knows it is still there."""

    @functools.wraps(callback)
    def answering(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        try:
            return callback(*args, **kwargs)
        except Refusal as refusal:
            raise click.ClickException(house().part(Sentences).of(refusal)) from refusal

    return answering


def _refusing(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what stops a command before or below its work into one sentence and status 1."""

    @functools.wraps(callback)
    def refusing(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        try:
            return callback(*args, **kwargs)
        except Misconfigured as error:
            raise click.ClickException(str(error)) from error
        except Unavailable as error:
            msg = f"Not available right now ({error.code}); try again in {error.retry_after} s."
            raise click.ClickException(msg) from error
        except DBAPIError as error:
            msg = (
                f"The database refused: {type(error.orig).__name__}. Does it answer, and were the "
                "migrations applied (gatehouse db upgrade)?"
            )
            raise click.ClickException(msg) from error

    return refusing
