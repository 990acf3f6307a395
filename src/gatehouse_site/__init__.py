"""The ready-to-run site: a home page and a protected admin area on Gatehouse's public names."""
