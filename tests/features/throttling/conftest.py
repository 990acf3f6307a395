"""The site with each place in which attempts may be counted."""

from collections.abc import Callable

import pytest

from flask_gatehouse.testing import GatehouseTester
from tests import services
from tests.conftest import MakeSite, _empty

MakeCounting = Callable[..., GatehouseTester]


@pytest.fixture(params=["sqlite", "postgres", "mariadb", "redis"])
def make_counting(request: pytest.FixtureRequest, make_site: MakeSite) -> MakeCounting:
    """Make the site, counting in each kind of database and in Redis in turn.

    Nobody is sent away because the machine that runs the tests is slow.
    """
    config: dict[str, object] = {
        "GATEHOUSE_PASSWORDS_HASH_PATIENCE": "30s",
        "GATEHOUSE_PASSWORDS_HASH_PLACES": 256,
    }
    if request.param == "redis":
        config["GATEHOUSE_REDIS_URL"] = services.REDIS.need()
    if request.param in {"sqlite", "redis"}:
        url = request.getfixturevalue("sqlite_url")
    else:
        url = request.getfixturevalue(f"{request.param}_server")
        _empty(url)

    def make(**settings: object) -> GatehouseTester:
        return GatehouseTester(make_site(url, **config, **settings))

    return make
