"""What is asked of whoever enters the console: from where, how lately proven, how many factors."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester
from tests.features.viewing.stories import at_work, helper
from tests.forms import sign_in
from tests.security.walk import who

MakeSite = Callable[..., Flask]


@pytest.fixture
def make(make_site: MakeSite, database_url: str) -> Callable[..., GatehouseTester]:
    """Make the site with settings of one's own."""
    return lambda **config: GatehouseTester(make_site(database_url, **config))


@pytest.mark.parametrize("admin", [True, False])
def test_the_console_is_entered_from_its_networks_only(
    make: Callable[..., GatehouseTester], admin: Any
) -> None:
    site = make(GATEHOUSE_ADMIN_NETWORKS="192.0.2.0/24, 2001:db8::/32")
    client = at_work(site, helper(site, admin=admin))
    for address in ("192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"):
        here = {"REMOTE_ADDR": address}
        assert client.get("/admin/people/", environ_overrides=here).status_code == 200, address
        assert "/admin/people/" in client.get("/admin/", environ_overrides=here).text
    for address in ("192.0.3.7", "127.0.0.1", "2001:db9::1", "::ffff:10.0.0.1", "", "x"):
        there = {"REMOTE_ADDR": address}
        assert client.get("/admin/people/", environ_overrides=there).status_code == 403, address
        own = client.get("/admin/", environ_overrides=there)
        assert own.status_code == 200
        assert "/admin/people/" not in own.text
    assert who(client) == "helper"


@pytest.mark.parametrize("networks", ["192.0.2.1/24", "here", "192.0.2.0/33", "192.0.2.0/24,"])
def test_what_is_no_network_stops_the_start(
    make: Callable[..., GatehouseTester], networks: str
) -> None:
    if networks.endswith(","):
        # A comma behind the last one is nothing.
        make(GATEHOUSE_ADMIN_NETWORKS=networks)
        return
    with pytest.raises(Misconfigured, match="GATEHOUSE_ADMIN_NETWORKS"):
        make(GATEHOUSE_ADMIN_NETWORKS=networks)


def test_a_proof_is_recent_in_the_console_for_as_long_as_it_says(
    make: Callable[..., GatehouseTester],
) -> None:
    site = make(GATEHOUSE_ADMIN_FRESH_FOR="8m")
    client = at_work(site, helper(site, admin=True))
    site.clock.move(timedelta(minutes=7))
    assert client.get("/admin/factors/").status_code == 200
    site.clock.move(timedelta(minutes=1))
    assert client.get("/admin/factors/").location.startswith("/confirm/")


def test_a_factor_is_required_of_whoever_has_a_permission_of_the_console(
    make: Callable[..., GatehouseTester],
) -> None:
    site = make(GATEHOUSE_MFA_ADMINISTRATORS="required", GATEHOUSE_MFA_GRACE="0s")
    site.add_user("alice")
    helper(site, permissions=("people.read",))
    client = site.client()
    assert sign_in(client, "helper").location.startswith("/second-step/set-up/")
    assert who(client) == "nobody"
    member = site.client()
    sign_in(member, "alice")
    assert who(member) == "alice"
    # From the next request on, also in a session that is open.
    with site.work() as work:
        roles.grant(work, user=users.named(work.db, "alice"), role="role-helper")
    assert who(member) == "nobody"
