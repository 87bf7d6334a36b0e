"""Tags: mounted, and read; the counter rises in the tag's row, under its lock."""

from typing import Final

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.pool import CONNECT_SECONDS, unavailable
from gateway.adapters.postgres.rows import from_wall, wall
from gateway.model.tag_sun import Reading
from gateway.ports.tags import NotInUse, Replayed, Tag, TagPlace, TagRegistration, Taken
from homecare.errors import Conflict
from homecare.identity import HomeId, UnitId

_ENROL: Final = """
INSERT INTO tag (id, uid, home, place, enrolled_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET home = excluded.home, place = excluded.place,
    uid = CASE WHEN tag.uid = excluded.uid THEN tag.uid END
"""
_LOCK: Final = """
SELECT t.id, t.home, h.unit, t.place, t.counter FROM tag AS t JOIN home AS h ON h.id = t.home
WHERE t.uid = %s AND t.retired_at IS NULL FOR UPDATE OF t
"""
_SAME: Final = "SELECT read_at FROM tag_read WHERE tag = %s AND counter = %s AND person = %s AND key = %s"
_RISE: Final = "UPDATE tag SET counter = %s WHERE id = %s"
_KEEP: Final = "INSERT INTO tag_read (tag, counter, person, key, read_at) VALUES (%s, %s, %s, %s, %s)"


def enrol_tag(where: str | Connection[TupleRow], registration: TagRegistration) -> None:
    """Say where a tag hangs; the same again changes nothing, another home moves it. `Conflict` for another uid."""
    place = (registration.home, registration.place.value)
    row = (registration.id, registration.uid, *place, from_wall(registration.enrolled_at))
    try:
        if isinstance(where, str):
            with psycopg.connect(where, connect_timeout=CONNECT_SECONDS) as connection:
                connection.execute(_ENROL, row)
        else:
            where.execute(_ENROL, row)
    except psycopg.errors.IntegrityError as error:
        raise Conflict("enrol", "tag", "the id or the uid is in use for another tag") from error
    except psycopg.OperationalError as error:
        raise unavailable("enrol", error) from error


class PostgresTags:
    """See `gateway.ports.tags.TagStore`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def take(self, reading: Reading, *, person: str, key: str, at: int) -> Taken:
        """Lock, compare, count."""
        async with self._connections.work("read tag", "tag") as cursor:
            await cursor.execute(_LOCK, (reading.uid,))
            row = await cursor.fetchone()
            if row is None:
                raise NotInUse("tag not in use", "tag", "it hangs in no home; say so to the coordinator")
            tag = Tag(id=row[0], home=HomeId(row[1]), unit=UnitId(row[2]), place=TagPlace(row[3]))
            await cursor.execute(_SAME, (tag.id, reading.counter, person, key))
            if (same := await cursor.fetchone()) is not None:
                return Taken(tag=tag, read_at=wall(same[0]))
            if reading.counter <= row[4]:
                raise Replayed(
                    "read tag again", "tag", "this reading is not newer than the last one; read the tag again"
                )
            await cursor.execute(_RISE, (reading.counter, tag.id))
            await cursor.execute(_KEEP, (tag.id, reading.counter, person, key, from_wall(at)))
        return Taken(tag=tag, read_at=at)
