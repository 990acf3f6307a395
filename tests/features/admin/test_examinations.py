"""What `doctor` says about the networks of the console."""

from typing import Any

import pytest

from flask_gatehouse.features.admin import examinations
from tests.conftest import MakeSite

HTTPS = {"GATEHOUSE_PUBLIC_URL": "https://site.example.org"}
INSIDE = {"GATEHOUSE_ADMIN_NETWORKS": "1.1.1.0/24, 10.0.0.0/8"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({**HTTPS, **INSIDE}, ["10.0.0.0/8"]),
        ({**HTTPS, **INSIDE, "GATEHOUSE_TRUSTED_PROXIES": 1}, []),
        ({**HTTPS, "GATEHOUSE_ADMIN_NETWORKS": "1.1.1.0/24"}, []),
        (HTTPS, []),
        (INSIDE, []),
    ],
)
def test_doctor_notes_a_console_that_everybody_seems_to_be_inside_of(
    make_site: MakeSite, sqlite_url: str, config: dict[str, Any], said: list[str]
) -> None:
    app = make_site(sqlite_url, **config)
    found = list(examinations.entrance(app.extensions["gatehouse"].works))
    assert [text in each.what for each, text in zip(found, said, strict=True)] == [True] * len(said)
