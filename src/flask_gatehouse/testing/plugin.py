"""The pytest plugin: installed with the distribution, idle until a fixture is asked for.

Nothing of the house is imported before that, so that a test run without it pays nothing.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from flask_gatehouse.testing import GatehouseTester


@pytest.fixture
def gatehouse_tester(app: "Flask") -> "GatehouseTester":
    """People, signed-in clients, mails and a clock for the application of the fixture `app`."""
    from flask_gatehouse.testing import GatehouseTester  # noqa: PLC0415 - only when it is asked for

    return GatehouseTester(app)
