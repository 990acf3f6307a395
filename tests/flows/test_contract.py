"""What signing in does: each promise of the contract over HTTP, on every kind of database."""

from sqlalchemy import text

from flask_gatehouse.testing import GatehouseTester


def test_4_1_a_user_is_a_row_made_by_a_migration(site: GatehouseTester) -> None:
    site.add_user("alice", email="alice@example.org")
    with site.work() as work:
        columns = work.db.execute(text("SELECT * FROM gatehouse_user")).mappings().one()
        made_by = work.db.scalar(text("SELECT version_num FROM gatehouse_schema"))
    assert made_by == "0001"
    assert columns["username"] == "alice"
    assert columns["email"] == "alice@example.org"
    assert columns["active"]
    assert columns["created_at"] is not None
    assert columns["updated_at"] is not None
