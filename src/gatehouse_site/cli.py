"""The command `gatehouse`."""

import sys

import click
from flask.cli import ScriptInfo

from flask_gatehouse import Gatehouse, Misconfigured, Unavailable
from gatehouse_site.app import create_app
from gatehouse_site.serve import serve


@click.command()
@click.option(
    "--host", envvar="HOST", default="127.0.0.1", show_default=True, help="Address to listen at."
)
@click.option(
    "--port",
    envvar="PORT",
    default=5000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port.",
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that answer.",
)
def run(*, host: str, port: int, workers: int) -> None:
    """Serve the site: applies migrations, prints the set-up link while nobody has an account."""
    try:
        serve(host=host, port=port, workers=workers)
    except Misconfigured as error:
        raise click.ClickException(str(error)) from error
    except Unavailable as error:
        msg = "The database does not answer; start it, or look at GATEHOUSE_DATABASE_URL."
        raise click.ClickException(msg) from error


def main() -> None:
    """Run the command line of the site."""
    group = Gatehouse.command_group()
    group.help = (
        "Gatehouse: a site with a protected admin area.\n\n"
        + (group.help or "").partition("\n\n")[2]
    )
    group.add_command(run)
    sys.exit(
        group.main(
            prog_name="gatehouse", obj=ScriptInfo(create_app=create_app), standalone_mode=True
        )
    )
