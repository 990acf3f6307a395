"""The shipped history of our tables, apart from any history of the host."""
