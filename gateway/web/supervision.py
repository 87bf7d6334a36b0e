"""What supervisors ask: alive, ready, figures. Open to whoever reaches the port; nothing here is about a person."""

from typing import Final

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from gateway.health import Standing
from gateway.version import vaka_version
from gateway.web.metrics import exposition
from gateway.web.services import Behind

router: Final = APIRouter()


class Alive(BaseModel):
    """The process answers."""

    alive: bool = True


class BulkLane(BaseModel):
    """The bulk lane's last sign of life; null: it never gave one, or the database is away."""

    alive: bool
    seconds_since: float | None


class Ready(BaseModel):
    """What stands behind the gateway. `missing` says what does not answer; empty when all is well."""

    vaka: str
    postgresql: str | None
    timescaledb: str | None
    timescaledb_license: str | None
    broker: str
    bulk: BulkLane
    missing: list[str] = Field(description="database, broker")


@router.get("/healthz", summary="Whether the process answers")
async def healthz() -> Alive:
    """200 as long as the process lives."""
    return Alive()


@router.get("/readyz", summary="Whether everything behind it answers", responses={503: {"model": Ready}})
async def readyz(behind: Behind, response: Response) -> Ready:
    """200 with the versions, or 503 with what is missing."""
    standing = await behind.health.look()
    missing = [name for name, there in (("database", standing.database), ("broker", standing.broker)) if not there]
    if missing:
        response.status_code = 503
    state = standing.state
    return Ready(
        vaka=vaka_version(),
        postgresql=state.postgresql if state else None,
        timescaledb=state.timescaledb if state else None,
        timescaledb_license=state.timescaledb_license if state else None,
        broker=behind.broker_address,
        bulk=_bulk(standing),
        missing=missing,
    )


def _bulk(standing: Standing) -> BulkLane:
    seconds = standing.bulk_seconds
    return BulkLane(alive=standing.bulk_alive, seconds_since=None if seconds is None else round(seconds, 1))


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def metrics(behind: Behind) -> Response:
    """Prometheus' text form."""
    return Response(await exposition(behind), media_type=CONTENT_TYPE_LATEST)
