"""Choosing the cost of a hash by measuring."""

import json

import pytest

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import size_of
from flask_gatehouse.features.passwords import calibration
from flask_gatehouse.features.passwords.hashing import FLOORS, Cost, Hasher
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite


def machine(kib_per_second: float) -> calibration.Timer:
    """A machine of which only the speed is known."""
    return lambda cost: cost.time * cost.memory_kib / kib_per_second


def costs(speed: float, *, target: float = 0.1, memory: int = 65536) -> list[Cost]:
    measured = calibration.measure(target=target, most_memory_kib=memory, timer=machine(speed))
    return [each.cost for each in measured]


@pytest.mark.parametrize("speed", [1e5, 1e6, 2e6, 1e7])
def test_whatever_the_machine_nothing_under_the_floors_is_offered(speed: float) -> None:
    for cost in costs(speed):
        Hasher(cost)  # refuses what is under every floor, or above what may be verified
        assert any(cost.reaches(floor) for floor in FLOORS)


def test_each_memory_gets_the_most_passes_that_fit() -> None:
    assert [(cost.memory_kib, cost.time) for cost in costs(2e6)] == [
        (12288, 16),
        (19456, 10),
        (47104, 4),
        (65536, 3),
    ]


def test_the_most_memory_within_the_time_is_chosen() -> None:
    measured = calibration.measure(target=0.1, most_memory_kib=131072, timer=machine(2e6))
    assert calibration.chosen(measured, target=0.1).cost == Cost(time=1, memory_kib=131072)


def test_on_a_slow_machine_the_quickest_that_is_safe_is_chosen() -> None:
    measured = calibration.measure(target=0.05, most_memory_kib=65536, timer=machine(1e5))
    assert calibration.chosen(measured, target=0.05).cost == Cost(time=3, memory_kib=12288)


def test_the_printed_lines_start_a_site_of_that_cost(
    tester: GatehouseTester, make_site: MakeSite, sqlite_url: str
) -> None:
    runner = tester.app.test_cli_runner()
    told = json.loads(
        runner.invoke(
            args=["gatehouse", "passwords", "calibrate", "--target", "20ms", "--json"]
        ).stdout
    )
    settings = dict(line.split("=") for line in told["settings"])
    site = make_site(sqlite_url, TESTING=False, **settings)
    with site.app_context():
        assert site.extensions["gatehouse"].house.settings
    assert settings["GATEHOUSE_PASSWORDS_HASH_MEMORY"] == told["chosen"]["memory"]
    assert settings["GATEHOUSE_PASSWORDS_HASH_TIME"] == str(told["chosen"]["passes"])
    assert size_of(told["chosen"]["memory"]) >= 12 * 1024**2


def test_the_table_ends_with_the_lines_to_keep(tester: GatehouseTester) -> None:
    result = tester.app.test_cli_runner().invoke(
        args=["gatehouse", "passwords", "calibrate", "--target", "10ms", "--memory", "12MiB"]
    )
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-3:] == [
        "GATEHOUSE_PASSWORDS_HASH_TIME=3",
        "GATEHOUSE_PASSWORDS_HASH_MEMORY=12MiB",
        "GATEHOUSE_PASSWORDS_HASH_LANES=1",
    ]


@pytest.mark.parametrize(
    "options",
    [["--target", "soon"], ["--target", "1ms"], ["--target", "1h"], ["--memory", "much"]],
    ids=" ".join,
)
def test_a_wish_that_makes_no_sense_is_wrong_usage(
    tester: GatehouseTester, options: list[str]
) -> None:
    result = tester.app.test_cli_runner().invoke(
        args=["gatehouse", "passwords", "calibrate", *options]
    )
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("time", "memory"), [(1, "46MiB"), (2, "18MiB"), (2, "12MiB"), (3, "11MiB")]
)
def test_a_cost_just_under_every_floor_stops_the_start(
    make_site: MakeSite, sqlite_url: str, time: int, memory: str
) -> None:
    given = size_of(memory) - (1024 if (time, memory) == (1, "46MiB") else 0)
    with pytest.raises(Misconfigured, match="HASH_TIME"):
        make_site(
            sqlite_url,
            TESTING=False,
            GATEHOUSE_PASSWORDS_HASH_TIME=time,
            GATEHOUSE_PASSWORDS_HASH_MEMORY=given,
        )


def test_a_changed_cost_renews_the_hash_at_the_next_sign_in_and_not_before(
    make_site: MakeSite, sqlite_url: str
) -> None:
    GatehouseTester(make_site(sqlite_url)).add_user()
    dearer = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PASSWORDS_HASH_TIME=2))
    assert "t=1," in stored(dearer)
    assert sign_in(dearer, "not the password") == 401
    assert "t=1," in stored(dearer)
    assert sign_in(dearer, PASSWORD) == 303
    assert "t=2," in stored(dearer)
    renewed = stored(dearer)
    assert sign_in(dearer, PASSWORD) == 303
    assert stored(dearer) == renewed


def sign_in(tester: GatehouseTester, password: str) -> int:
    return forms.sign_in(tester.client(), "alice", password).status_code


def stored(tester: GatehouseTester) -> str:
    with tester.app.app_context(), tester.work() as work:
        connection = work.db.connection()
        return str(
            connection.exec_driver_sql("SELECT encoded FROM gatehouse_password").scalar_one()
        )
