"""How thoroughly properties are looked at: a hundred examples, or thousands in the long form."""

from hypothesis import HealthCheck, settings

from tests.long_form import times

#: An example that takes long on a busy machine has not failed. A site is made once for all
#: examples of a test, as people use it.
thorough = settings(
    deadline=None,
    max_examples=times(100, 3000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

#: For examples that make accounts and sign in.
slow = settings(thorough, max_examples=times(40, 400))
