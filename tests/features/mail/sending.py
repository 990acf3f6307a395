"""Send what is due, from a process of its own.

Run as `python -m tests.features.mail.sending DATABASE HOME MAIL`.
"""

import sys
from pathlib import Path

import click
from sqlalchemy import make_url

from flask_gatehouse.db.engine import open_engine
from flask_gatehouse.features.mail.outbox import send_all
from tests.features.mail.houses import house_of, room_of

if __name__ == "__main__":
    url, home, mail = sys.argv[1:]
    room = room_of(house_of(Path(home), GATEHOUSE_MAIL_URL=mail), open_engine(make_url(url)))
    # All begin together, so that they meet.
    click.echo("ready")
    sys.stdin.readline()
    click.echo(send_all(room.works).sent)
