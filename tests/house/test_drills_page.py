"""What is said to happen when a part is down is played, and the page says it."""

from tools import drills_page


def test_every_drill_is_played_and_every_test_plays_one_that_is_written_down() -> None:
    assert drills_page.played().keys() == drills_page.rows().keys()


def test_every_drill_says_what_people_get_and_what_must_never_happen() -> None:
    for name, row in drills_page.rows().items():
        assert row.keys() == {"part", "people", "never"}, name
        assert row["people"].endswith("."), name
        assert row["never"].endswith("."), name


def test_the_page_of_drills_is_what_the_table_says() -> None:
    written = drills_page.PAGE.read_text("utf-8")
    assert written == drills_page.page(), "run .venv/bin/python tools/drills_page.py"
