"""The tests: a package, so that `tests.…` can mean no other."""
