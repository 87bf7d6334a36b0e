"""PostgreSQL with TimescaleDB, or plain PostgreSQL: the only place that speaks SQL."""
