"""The command line: `flask gatehouse …` in a host, `gatehouse …` for the site."""
