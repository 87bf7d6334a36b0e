"""Where the gateway meets the world: the database and the broker, one technology a module."""
