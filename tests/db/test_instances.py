"""Accounts that were made of a row are to a session what it would have loaded itself."""

import copy
import pickle
from collections.abc import Iterator

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session, make_transient

from flask_gatehouse import User
from flask_gatehouse.testing import GatehouseTester
from flask_gatehouse.web.flask_login import person


@pytest.fixture
def alice(site: GatehouseTester) -> Iterator[User]:
    """The account of a request, as its view has it."""
    client = site.client(site.add_user())
    cookie = client.get_cookie("gatehouse")
    assert cookie is not None
    with site.app.test_request_context(headers={"Cookie": f"gatehouse={cookie.value}"}):
        yield person()


@pytest.fixture
def db(site: GatehouseTester) -> Iterator[Session]:
    with Session(site.app.extensions["gatehouse"].works.engine) as session:
        yield session


def test_it_is_one_that_a_session_has_let_go_of(alice: User) -> None:
    assert alice.username == "alice"
    state = inspect(alice)
    assert state.detached
    assert not state.modified
    assert state.identity == (alice.id,)
    assert state.unloaded <= set(inspect(User).relationships.keys())
    assert inspect(alice) is state


def test_what_was_changed_before_it_came_to_a_session_is_written(alice: User, db: Session) -> None:
    alice.username = "alicia"
    assert inspect(alice).attrs.username.history.deleted == ["alice"]
    db.add(alice)
    db.commit()
    assert alice.username == "alicia"
    db.expunge_all()
    assert db.get_one(User, alice.id).username == "alicia"


def test_it_comes_to_a_session_unchanged_and_is_found_there(alice: User, db: Session) -> None:
    db.add(alice)
    assert not db.dirty
    assert db.get(User, alice.id) is alice
    db.refresh(alice)
    assert alice.username == "alice"


def test_it_is_merged_into_what_a_session_holds(alice: User, db: Session) -> None:
    own = db.get_one(User, alice.id)
    alice.username = "alicia"
    assert db.merge(alice) is own
    assert own.username == "alicia"


def test_it_can_be_made_a_new_one_of(alice: User, db: Session) -> None:
    make_transient(alice)
    assert inspect(alice).transient
    db.add(alice)
    assert inspect(alice).pending


@pytest.mark.parametrize("asked_before", [True, False])
def test_a_copy_is_an_account_of_its_own(alice: User, db: Session, *, asked_before: bool) -> None:
    if asked_before:
        db.add(alice)
        db.expunge(alice)
    other = pickle.loads(pickle.dumps(alice))  # noqa: S301 - what was pickled here
    other.username = "alicia"
    db.add(other)
    db.commit()
    assert alice.username == "alice"
    assert db.get_one(User, alice.id).username == "alicia"


def test_a_shallow_copy_has_a_state_of_its_own(alice: User, db: Session) -> None:
    other = copy.copy(alice)
    db.add(other)
    assert inspect(other).persistent
    assert inspect(alice).detached


def test_one_that_an_application_makes_has_its_state_from_the_start(
    alice: User, db: Session
) -> None:
    made = User(username="newbie")
    assert inspect(made).transient
    db.add(made)
    assert inspect(made).pending
    assert inspect(alice).detached
