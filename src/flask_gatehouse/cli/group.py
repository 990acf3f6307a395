"""Put the commands of all features under one group, and answer refusals as a shell expects."""

import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from flask_gatehouse.cli.application import house, program
from flask_gatehouse.core.errors import Misconfigured, Refusal, Unavailable
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.feature import Feature, load

_HELP = """Accounts, sign-in and sessions of this application.

Exit status: 0 done, 1 refused (standard error says why), 2 wrong usage. A refusal changes nothing.
"""

_OWN: Mapping[str, str] = {
    "db": "flask_gatehouse.cli.database:db",
    "settings": "flask_gatehouse.cli.settings:settings",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for."""

    def __init__(self, name: str, *, places: Mapping[str, str], **options: Any) -> None:  # noqa: ANN401 - click's own
        """Args: places: name of a command to `module:attribute`."""
        super().__init__(name, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, imported or not."""
        return sorted({*super().list_commands(ctx), *self._places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, run inside the application; None if there is none of this name."""
        if cmd_name in self._places and cmd_name not in self.commands:
            self.add_command(_inside_app(load(self._places[cmd_name])), cmd_name)
        return super().get_command(ctx, cmd_name)


def build_group(features: Sequence[Feature]) -> click.Group:
    """Return the group `gatehouse` with every command, each run inside the application."""
    places = {name: place for feature in features for name, place in feature.commands.items()}
    return LazyGroup("gatehouse", places={**places, **_OWN}, help=_HELP)


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
        except Exception as error:
            from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - loaded by whoever raised it

            if not isinstance(error, DBAPIError):
                raise
            msg = (
                f"The database refused: {type(error.orig).__name__}. Does it answer, and were the "
                f"migrations applied ({program()} db upgrade)?"
            )
            raise click.ClickException(msg) from error

    return refusing
