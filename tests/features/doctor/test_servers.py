"""What the doctor finds out about a database server: the way to it, rights, and how it isolates."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, cast

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, make_url, text

from flask_gatehouse import Gatehouse
from flask_gatehouse.core.profiles import Profile
from flask_gatehouse.features.doctor.wire import Way, judged
from tests.conftest import MakeSite

ELSEWHERE = "db.example"
WAY, RECORD, ISOLATION = "The way to the database", "the record", "innodb_snapshot_isolation"


def severity(app: Flask, words: str) -> str | None:
    done = app.test_cli_runner().invoke(args=["gatehouse", "doctor", "--json", "--offline"])
    found = [each["severity"] for each in json.loads(done.stdout) if words in each["what"]]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_database_on_this_machine_needs_no_encryption(
    make_site: MakeSite, database_url: str
) -> None:
    assert severity(make_site(database_url, GATEHOUSE_PROFILE="asvs-l2"), WAY) is None


@pytest.fixture
def reached_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a name that is not this machine's lead to the servers that are here."""
    ask = socket.getaddrinfo

    def resolved(host: Any, *args: Any, **options: Any) -> Any:
        return ask("127.0.0.1" if host == ELSEWHERE else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


@pytest.mark.usefixtures("reached_by_name")
@pytest.mark.parametrize("database_url", ["postgres", "mariadb"], indirect=True)
@pytest.mark.parametrize(("profile", "expected"), [("standard", "note"), ("asvs-l2", "unsafe")])
def test_a_database_elsewhere_that_is_not_encrypted_is_told(
    make_site: MakeSite, database_url: str, profile: str, expected: str
) -> None:
    url = make_url(database_url).set(host=ELSEWHERE)
    if url.get_backend_name() == "postgresql":
        url = url.update_query_dict({"hostaddr": "127.0.0.1"})
    app = make_site(url.render_as_string(hide_password=False), GATEHOUSE_PROFILE=profile)
    assert severity(app, f"{WAY} is not encrypted") == expected


WAYS = [
    (Way(None, encrypted=False, verified=False), "standard", None),
    (Way("/run/postgresql", encrypted=False, verified=False), "asvs-l3", None),
    (Way("127.0.0.1", encrypted=False, verified=False), "asvs-l3", None),
    (Way(ELSEWHERE, encrypted=False, verified=False), "standard", "note"),
    (Way(ELSEWHERE, encrypted=False, verified=True), "asvs-l2", "unsafe"),
    (Way(ELSEWHERE, encrypted=True, verified=False), "standard", "note"),
    (Way(ELSEWHERE, encrypted=True, verified=False), "asvs-l2", "unsafe"),
    (Way(ELSEWHERE, encrypted=True, verified=True), "asvs-l3", None),
]


@pytest.mark.parametrize(("way", "profile", "expected"), WAYS)
def test_a_way_is_good_if_it_is_short_or_proven(
    way: Way, profile: str, expected: str | None
) -> None:
    found = list(judged(way, cast("Profile", profile), mend="a line"))
    assert [each.severity for each in found] == ([expected] if expected else [])


@pytest.fixture
def adding_only(database_url: str) -> Iterator[str]:
    """The URL of somebody who may add to the record and not change it."""
    server = make_url(database_url)
    postgres = server.get_backend_name() == "postgresql"
    user, password = f"gatehouse_{token_hex(4)}", token_hex(12)
    name = f'"{user}"' if postgres else f"'{user}'@'%'"
    drivername = "postgresql+psycopg" if postgres else "mysql+pymysql"
    engine = create_engine(server.set(drivername=drivername), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if postgres:
            connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'"))
            schema = f"ALL TABLES IN SCHEMA public TO {name}"
            connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}"))
            connection.execute(text(f"REVOKE UPDATE, DELETE ON gatehouse_audit FROM {name}"))
        else:
            connection.execute(text(f"CREATE USER {name} IDENTIFIED BY '{password}'"))
            for (table,) in connection.execute(text("SHOW TABLES")).all():
                own = "" if table == "gatehouse_audit" else ", UPDATE, DELETE"
                connection.execute(text(f"GRANT SELECT, INSERT{own} ON {table} TO {name}"))
    yield server.set(username=user, password=password).render_as_string(hide_password=False)
    with engine.connect() as connection:
        if postgres:
            connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP {'ROLE' if postgres else 'USER'} {name}"))
    engine.dispose()


@pytest.mark.parametrize("database_url", ["postgres", "mariadb"], indirect=True)
def test_asvs_16_4_2_who_may_change_the_record_is_told(
    make_site: MakeSite, database_url: str, adding_only: str
) -> None:
    assert severity(make_site(database_url), RECORD) == "note"
    assert severity(make_site(database_url, GATEHOUSE_PROFILE="asvs-l2"), RECORD) == "unsafe"
    assert severity(make_site(adding_only, GATEHOUSE_PROFILE="asvs-l2"), RECORD) is None


def test_a_file_has_no_rights_of_its_own(make_site: MakeSite, sqlite_url: str) -> None:
    assert severity(make_site(sqlite_url, GATEHOUSE_PROFILE="asvs-l2"), RECORD) is None


def host(tmp_path: Path, url: str, **options: Any) -> Flask:
    app = Flask("host", instance_path=str(tmp_path))
    app.config.from_mapping(
        TESTING=True,
        SECRET_KEY="k" * 32,
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=options,
    )
    Gatehouse(app, SQLAlchemy(app))
    return app


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_a_host_whose_transactions_mariadb_would_refuse_is_told(
    database_url: str, tmp_path: Path
) -> None:
    server = make_url(database_url).set(drivername="mariadb+pymysql")
    on = server.update_query_dict({"init_command": "SET SESSION innodb_snapshot_isolation = ON"})
    off = server.update_query_dict({"init_command": "SET SESSION innodb_snapshot_isolation = OFF"})
    shown = {each: each.render_as_string(hide_password=False) for each in (on, off)}
    assert severity(host(tmp_path, shown[on]), ISOLATION) == "unsafe"
    assert severity(host(tmp_path, shown[off]), ISOLATION) is None
    careful = host(tmp_path, shown[on], isolation_level="READ COMMITTED")
    assert severity(careful, ISOLATION) is None


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_the_engine_of_our_own_is_careful_by_itself(make_site: MakeSite, database_url: str) -> None:
    url = make_url(database_url)
    on = url.update_query_dict({"init_command": "SET SESSION innodb_snapshot_isolation = ON"})
    assert severity(make_site(on.render_as_string(hide_password=False)), ISOLATION) is None
