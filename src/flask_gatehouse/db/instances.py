"""Model objects from rows that were read without the object machinery."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.attributes import instance_dict, instance_state

_Model = TypeVar("_Model", bound=DeclarativeBase)


def maker(model: type[_Model], names: Sequence[str]) -> Callable[[Sequence[Any]], _Model]:
    """Return a function that makes a detached `model` of the values of its columns.

    The object is what a session would have loaded and then let go of: all columns are there,
    nothing is pending, and `session.add` makes it persistent again.

    Args:
        names: attributes in the order of the values; the first is the primary key.
    """
    mapper = inspect(model)
    manager = mapper.class_manager

    def make(values: Sequence[Any]) -> _Model:
        instance = cast("_Model", manager.new_instance())
        instance_dict(instance).update(zip(names, values, strict=True))
        state: Any = instance_state(instance)
        state.key = mapper.identity_key_from_primary_key((values[0],))
        return instance

    return make
