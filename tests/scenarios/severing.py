"""Servers and processes that die in the middle of a transaction, at the statement that the scenario names."""

import psycopg


def sever_at(url: str, table: str, *, times: int = 1) -> None:
    """The next `times` sessions that write into `table` are ended by the server in the middle of their transaction.

    A sequence counts: it is the one thing that a rollback does not take back.
    """
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SEQUENCE IF NOT EXISTS severed")
        connection.execute(
            f"""
            CREATE FUNCTION sever() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('severed') <= {times} THEN
                    PERFORM pg_terminate_backend(pg_backend_pid());
                END IF;
                RETURN new;
            END
            $$
            """
        )
        connection.execute(
            f"CREATE TRIGGER sever BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION sever()"
        )


def severed(url: str) -> int:
    """How many writes met the trigger so far."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM severed").fetchone()
    return int(row[0]) if row else 0
