"""Model objects from rows that were read without the object machinery."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase, Mapper
from sqlalchemy.orm.attributes import instance_dict

_Model = TypeVar("_Model", bound=DeclarativeBase)

#: Where an object that was made of a row keeps the key by which sessions know it.
_KEY: Final = "_gatehouse_key"


class LateState:
    """What SQLAlchemy knows of an object besides its columns, made when somebody asks for it.

    Most requests look at some columns of an account and let go of it, and that never asks. What a
    session, a relationship or a changed column ask of it first is this attribute, which an object
    of the model's own making has from the start.
    """

    def __init__(self, mapper: Mapper[Any]) -> None:
        """Args: mapper: of the model on whose class this is an attribute."""
        self._manager = mapper.class_manager

    def __get__(self, instance: Any, owner: type) -> Any:  # noqa: ANN401 - of any model
        """Return the state, as if a session had loaded the object and then let go of it.

        Raises:
            AttributeError: the object was not made of a row, and has none yet.
        """
        if instance is None:
            return self
        kept = instance_dict(instance)
        if _KEY not in kept:
            raise AttributeError(self._manager.STATE_ATTR)
        self._manager.setup_instance(instance)
        state = kept[self._manager.STATE_ATTR]
        state.key = kept[_KEY]
        return state


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
    setattr(model, mapper.class_manager.STATE_ATTR, LateState(mapper))
    new = model.__new__

    def fill(values: Sequence[Any]) -> Callable[[], _Model]:
        attributes = dict(zip(names, values, strict=True))
        attributes[_KEY] = mapper.identity_key_from_primary_key((values[0],))

        def cast_one() -> _Model:
            instance = new(model)
            instance.__dict__.update(attributes)
            return instance

        return cast_one

    return fill
