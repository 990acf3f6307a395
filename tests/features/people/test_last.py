"""The last administrator stays, whatever is done at once, by whom and in which way."""

import threading
from collections.abc import Callable

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.people import service as people
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester

THREADS = 16

WAYS: dict[str, Callable[[Work, User, User], object]] = {
    "demote": lambda work, whom, by: people.demote(work, user_id=whom.id, by=by),
    "suspend": lambda work, whom, by: people.suspend(work, user_id=whom.id, by=by),
    "erase": lambda work, whom, by: people.erase(work, user_id=whom.id, typed=None, by=by),
    "close": lambda work, whom, by: people.close(
        work, user_id=whom.id, typed=None, by=by, link_of=lambda secret: f"/leave/undo/{secret}/"
    ),
}


def test_adm_04_of_administrators_who_put_each_other_out_at_once_one_stays(
    site: GatehouseTester,
) -> None:
    chiefs = [site.add_user(f"chief{n}", password=None, admin=True) for n in range(THREADS)]
    ways = list(WAYS.values())
    start = threading.Barrier(THREADS)
    failed: list[BaseException] = []

    def attack(number: int) -> None:
        by, act = chiefs[number], ways[number % len(ways)]
        start.wait()
        for step in range(1, THREADS):
            try:
                with site.work() as work:
                    act(work, chiefs[(number + step) % THREADS], by)
            except Refusal:
                continue
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

    threads = [threading.Thread(target=attack, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with site.work() as work, work.reading() as db:
        assert users.census(db).administrators == 1
