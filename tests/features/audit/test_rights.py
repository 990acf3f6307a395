"""The rights that the page on operations gives to the site are enough, and no more."""

import re
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import create_engine, delete, make_url, text, update
from sqlalchemy.exc import ProgrammingError

from flask_gatehouse.testing import GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.features.audit.conftest import ROWS, damages, past_the_program

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


@pytest.fixture
def limited(postgres_server: str) -> Iterator[str]:
    """The URL for a role that has the rights of the page on operations."""
    role, password = f"gatehouse_test_{token_hex(6)}", token_hex(12)
    (rights,) = re.findall(r"```sql\n(GRANT .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    owner = make_url(postgres_server).set(drivername="postgresql+psycopg")
    engine = create_engine(owner, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'"))
        for statement in rights.replace(" site;", f" {role};").split(";"):
            if statement.strip():
                connection.execute(text(statement))
    yield owner.set(username=role, password=password).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    engine.dispose()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_asvs_16_4_2_a_site_that_may_only_add_to_the_record_works(
    make_site: MakeSite, database_url: str, limited: str
) -> None:
    GatehouseTester(make_site(database_url)).add_user("alice")
    site = GatehouseTester(make_site(limited))
    client = site.client()
    assert forms.sign_in(client, "alice", "wrong").status_code == 401
    assert forms.sign_in(client, "alice").status_code == 303
    assert client.get("/account/activity/").status_code == 200
    assert damages(site) == []
    for statement in (update(ROWS).values(name="login.ended"), delete(ROWS)):
        with pytest.raises(ProgrammingError, match="permission denied"):
            past_the_program(site, statement)
    assert damages(site) == []
    erased = site.app.test_cli_runner().invoke(
        args=["gatehouse", "users", "erase", "alice", "--yes"]
    )
    assert erased.exit_code == 0, erased.output
    assert damages(site) == []
