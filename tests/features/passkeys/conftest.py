"""A site that may be asked as often as one likes, and people in it."""

import pytest

from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.keepers import UNLIMITED


@pytest.fixture
def site(make_site: MakeSite, database_url: str) -> GatehouseTester:
    """The site on each kind of database in turn."""
    return _peopled(GatehouseTester(make_site(database_url, **UNLIMITED)))


@pytest.fixture
def tester(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The site on a fresh SQLite file."""
    return _peopled(GatehouseTester(make_site(sqlite_url, **UNLIMITED)))


def _peopled(site: GatehouseTester) -> GatehouseTester:
    site.add_user("alice", email="alice@example.org")
    site.add_user("bob", email="bob@example.org")
    return site
