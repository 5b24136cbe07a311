"""One file per real thing behind a port; each is an async context manager with the port's name in it."""
