"""Plans, visits as people work with them, and people's days on their phones."""
