"""The part of the application that does not care who keeps the sign-in."""
