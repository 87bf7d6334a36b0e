"""The web: the desk, the API below /api/v1, its live events, and what supervisors ask. Speaks to services only."""
