"""After a change of keys every seed is sealed anew that can be opened, however many cannot be."""

from typing import Any

import pytest
from sqlalchemy import insert, select

from flask_gatehouse.core import sealing, tokens
from flask_gatehouse.db.base import new_id
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.totp import seeds
from flask_gatehouse.features.totp.models import Totp
from flask_gatehouse.features.totp.resealing import Resealing
from flask_gatehouse.testing import GatehouseTester
from tests.conftest import MakeSite
from tests.features.totp.test_totp import NEW, OLD, moved, works_of


def add(site: GatehouseTester, number: int, *, broken: bool) -> None:
    """Add apps of alice; what is broken was sealed for another row."""
    user = site.add_user("broken" if broken else "alice")
    factors: list[dict[str, Any]] = []
    apps: list[dict[str, Any]] = []
    for _ in range(number):
        factor_id = new_id()
        factors.append(
            {
                "id": factor_id,
                "public_id": tokens.new_public_id(),
                "user_id": user.id,
                "method": "totp",
                "name": "",
                "created_at": site.clock.now(),
            }
        )
        sealed_for = new_id() if broken else factor_id
        seed = seeds.sealed(works_of(site).house, b"s" * 20, factor_id=sealed_for, user_id=user.id)
        apps.append({"factor_id": factor_id, "seed": seed, "last_step": 0})
    with site.work() as work:
        work.db.execute(insert(Factor), factors)
        work.db.execute(insert(Totp), apps)


@pytest.mark.parametrize("lost", [1, 101])
def test_seeds_that_cannot_be_opened_hold_up_no_others(
    make_site: MakeSite, database_url: str, lost: int
) -> None:
    site = GatehouseTester(make_site(database_url, GATEHOUSE_SECRET_KEY=OLD))
    add(site, lost, broken=True)
    add(site, 250, broken=False)
    site = moved(make_site, database_url, secret=NEW, former=OLD)
    works = works_of(site)
    former = sealing.beginnings(works.house.keys, Totp.__tablename__)[1]

    chore, turns = Resealing(), 1
    while chore.do(works):
        turns += 1

    with site.work() as work:
        left = work.db.scalars(select(Totp.seed).where(Totp.seed.startswith(former))).all()
    assert len(left) == lost
    assert turns == (lost + 250) // 100 + 1
    # The next turn begins anew, and has only to look at what stays.
    assert chore.do(works) == (lost > 100)
