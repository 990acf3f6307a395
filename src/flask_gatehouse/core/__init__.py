"""Plain Python that everything stands on: clock, errors, events, settings, keys, secrets."""
