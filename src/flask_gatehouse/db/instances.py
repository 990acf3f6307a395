"""Model objects from rows that were read without the object machinery."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.attributes import instance_dict, instance_state

_Model = TypeVar("_Model", bound=DeclarativeBase)


def mould(
    model: type[_Model], names: Sequence[str]
) -> Callable[[Sequence[Any]], Callable[[], _Model]]:
    """Return a function that takes the values of a row and returns what makes models of them.

    Each object is what a session would have loaded and then let go of: all columns are there,
    nothing is pending, and `session.add` makes it persistent again. Whatever is done to one of
    them, the next one is as the row was.

    Args:
        names: attributes in the order of the values; the first is the primary key.
    """
    mapper = inspect(model)
    new_instance: Any = mapper.class_manager.new_instance

    def fill(values: Sequence[Any]) -> Callable[[], _Model]:
        attributes = dict(zip(names, values, strict=True))
        key = mapper.identity_key_from_primary_key((values[0],))

        def cast_one() -> _Model:
            instance: _Model = new_instance()
            instance_dict(instance).update(attributes)
            state: Any = instance_state(instance)
            state.key = key
            return instance

        return cast_one

    return fill
