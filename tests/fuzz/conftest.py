"""The site without limits, so that every request comes as far as it can."""

import pytest

from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.security.walk import OPENED, UNLIMITED


@pytest.fixture
def patient(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    """The site on a fresh SQLite file, without limits of attempts."""
    return GatehouseTester(make_site(sqlite_url, **UNLIMITED, **OPENED))
