"""What is done at the terminal: a member is made there, not on a page."""

import click
from flask import Flask
from sqlalchemy.exc import IntegrityError

from clubhouse.models import User, db


def register(app: Flask) -> None:
    """Add the commands to ``flask``."""
    app.cli.add_command(create_user)


@click.command("create-user")
@click.argument("username")
@click.argument("email")
@click.password_option(help="Asked for when it is not given.")
def create_user(username: str, email: str, password: str) -> None:
    """Make the account of a new member."""
    user = User(username=username, email=email)
    user.set_password(password)
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:
        raise click.ClickException("That user name or e-mail address is taken.") from None
    click.echo(f"{username} may come in.")
