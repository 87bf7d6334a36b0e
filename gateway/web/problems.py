"""Errors on the web, mapped once: a kind, a status, and words that say what to do next.

No answer repeats what came in, and none shows what broke inside.
"""

import logging
from http import HTTPStatus
from typing import Final, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gateway.web import door_words, visit_words
from gateway.web.schemas import AlertView, Problem, Words
from homecare.alert import FULL, INSIDE, ON_THE_WAY, THERE, UNLOCKED, Action
from homecare.errors import Conflict, Malformed, Refused, Unavailable, Unknown, VakaError

log = logging.getLogger(__name__)

Kind = Literal["malformed", "unknown", "refused", "conflict", "unavailable", "bug"]

_KIND: Final[dict[type[VakaError], Kind]] = {
    Malformed: "malformed",
    Unknown: "unknown",
    Refused: "refused",
    Conflict: "conflict",
    Unavailable: "unavailable",
}

_OWN_WORDS: Final[dict[str, Words]] = {
    "malformed": Words(
        sv="Uppgifterna gick inte att förstå. Ladda om sidan och försök igen.",
        en="The request could not be understood. Reload the page and try again.",
    ),
    "unknown": Words(
        sv="Det finns inte, eller finns inte längre. Ladda om listan.",
        en="There is no such thing, or not any more. Reload the list.",
    ),
    "refused": Words(sv="Det är inte tillåtet.", en="That is not allowed."),
    "conflict": Words(
        sv="Larmet har ändrats sedan du läste det. Läs det igen innan du går vidare.",
        en="The alarm changed since you read it. Read it again before you go on.",
    ),
    "unavailable": Words(
        sv="Systemet når inte sin databas just nu. Larm sparas i hemmen och kommer fram senare. Försök igen strax, "
        "och följ reservrutinen under tiden.",
        en="The system cannot reach its database just now. Alarms are kept in the homes and arrive later. Try again "
        "soon, and follow the fallback routine meanwhile.",
    ),
    "bug": Words(
        sv="Något gick fel hos oss. Försök igen, och säg till driften om det upprepas.",
        en="Something went wrong on our side. Try again, and tell operations if it happens again.",
    ),
    "sign in": Words(
        sv="Du är inte inloggad, eller så har inloggningen gått ut. Logga in igen.",
        en="You are not signed in, or your session is over. Sign in again.",
    ),
    "sign in again": Words(
        sv="Det här kräver att du nyss har loggat in. Logga in igen.",
        en="This asks for a fresh sign-in. Sign in again.",
    ),
    "passkey": Words(
        sv="Inloggningen gick inte. Försök igen, eller be din administratör om en ny inbjudan.",
        en="The sign-in did not work. Try again, or ask your administrator for a new invitation.",
    ),
    "invitation": Words(
        sv="Inbjudan gäller inte längre. Be din administratör om en ny.",
        en="The invitation is not valid any more. Ask your administrator for a new one.",
    ),
    "authorise": Words(
        sv="Din roll får inte göra det här. Fråga din administratör.",
        en="Your role may not do this. Ask your administrator.",
    ),
    "there already": Words(
        sv="Den personen är redan på plats i hemmet. Ring, eller skicka någon annan.",
        en="That person is in the home already. Call, or send somebody else.",
    ),
    "too many there": Words(
        sv="Så många är på plats i hemmet att ingen fler kan skickas. Ta reda på vem som har gått.",
        en="So many are in the home that nobody more can be sent. Find out who has left.",
    ),
    "door left unlocked": Words(
        sv="Dörren är inte låst igen. Lås den först, eller avsluta ändå.",
        en="The door has not been locked again. Lock it first, or close the alarm anyway.",
    ),
    "check origin": Words(
        sv="Anropet kom inte från Vakas egna sidor. Öppna Vaka på nytt och försök igen.",
        en="The call did not come from Vaka's own pages. Open Vaka again and try again.",
    ),
    "read header": Words(
        sv="Namnet går inte att använda. Skriv 1 till 60 synliga tecken.",
        en="The name cannot be used. Write 1 to 60 visible characters.",
    ),
    "resolve": Words(
        sv="Skriv varför larmet avslutas, med högst 500 tecken.",
        en="Say why the alarm is closed, in at most 500 characters.",
    ),
    "too large": Words(sv="Meddelandet är för stort.", en="The request is too large."),
    "too slow": Words(sv="Meddelandet kom för långsamt. Försök igen.", en="The request came too slowly. Try again."),
    "too many": Words(
        sv="För många skärmar är öppna samtidigt. Stäng någon och försök igen.",
        en="Too many screens are open at once. Close one and try again.",
    ),
    "resolved": Words(
        sv="Larmet är redan avslutat. Ladda om listan.", en="The alarm is already closed. Reload the list."
    ),
    "address": Words(
        sv="Den personen går inte att välja. Välj någon i listan.",
        en="That person cannot be chosen. Choose somebody in the list.",
    ),
    "call_back": Words(sv="Ange vad samtalet gav.", en="Say what came of the call."),
    "send": Words(sv="Välj vem som ska åka.", en="Choose who shall go."),
    "hand_over": Words(sv="Välj vem som ska ta över.", en="Choose who shall take over."),
    "outcome": Words(
        sv="Skriv vad som gjordes, med högst 500 tecken.", en="Say what was done, in at most 500 characters."
    ),
    "write instruction": Words(
        sv="Åtgärdsinstruktionen har ändrats av någon annan. Läs den igen innan du skriver.",
        en="Somebody else changed the instruction. Read it again before you write.",
    ),
}
_WORDS: Final = _OWN_WORDS | door_words.PROBLEMS | visit_words.PROBLEMS
"""Every operation that has words of its own."""

_AND_THE_DOOR: Final = Words(sv=", och dörren är inte låst igen", en=", and the door has not been locked again")
_CLOSE_ANYWAY: Final = Words(sv="Vill du avsluta ändå?", en="Close the alarm anyway?")
_GO_ON_ANYWAY: Final = Words(sv="Ska du ändå gå vidare?", en="Go on anyway?")

_STATUS_KIND: Final[dict[int, Kind]] = {404: "unknown", 405: "refused", 503: "unavailable"}


def problem(error: VakaError, *, alert: AlertView | None = None) -> JSONResponse:
    """The answer to an error of one of the five kinds; `alert` is how the alert stands now."""
    kind: Kind = next((name for known, name in _KIND.items() if isinstance(error, known)), "bug")
    message = _WORDS.get(error.op, _WORDS[kind])
    if isinstance(error, Conflict) and alert is not None:
        message = _conflict_words(alert, error)
    body = Problem(kind=kind, op=error.op, subject=error.subject, hint=error.hint, message=message, alert=alert)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(body.model_dump(mode="json"), status_code=error.status, headers=headers)


def _conflict_words(alert: AlertView, error: Conflict) -> Words:
    if alert.standing == "resolved":
        return _WORDS["resolved"]
    if error.hint.startswith((INSIDE, ON_THE_WAY)):
        return _warning(alert, error)
    if error.hint.startswith((THERE, FULL)):
        return _WORDS["there already" if error.hint.startswith(THERE) else "too many there"]
    if error.hint.startswith(UNLOCKED):
        return _WORDS["door left unlocked"]
    if "operator" in error.hint and alert.claimed_by is not None:
        return _taken_words(alert.claimed_by)
    return _WORDS["conflict"]


def _taken_words(name: str) -> Words:
    return Words(
        sv=f"Larmet är taget av {name}. Låt {name} gå vidare, lämna över eller släppa larmet.",
        en=f"{name} has taken the alarm. Let {name} go on, hand it over or release it.",
    )


def _warning(alert: AlertView, error: Conflict) -> Words:
    """A warning that a person may go past: who is there or on the way, whether the door is open too, and a question."""
    who = _who_is_inside(alert) if error.hint.startswith(INSIDE) else _who_is_on_the_way(alert)
    door = _AND_THE_DOOR if UNLOCKED in error.hint else Words(sv="", en="")
    question = _CLOSE_ANYWAY if error.op == Action.RESOLVE else _GO_ON_ANYWAY
    return Words(sv=f"{who.sv}{door.sv}. {question.sv}", en=f"{who.en}{door.en}. {question.en}")


def _who_is_inside(alert: AlertView) -> Words:
    """Whose names they are stands on the same screen."""
    newest = [alert.response] if alert.response is not None and alert.response.standing == "on_site" else []
    names = [one.name for one in (*alert.beside, *newest)]
    said = {word: f" {word} ".join(filter(None, (", ".join(names[:-1]), *names[-1:]))) for word in ("och", "and")}
    return Words(
        sv=f"{said['och']} är kvar i hemmet",
        en=f"{said['and']} {'is' if len(names) == 1 else 'are'} still inside",
    )


def _who_is_on_the_way(alert: AlertView) -> Words:
    name = "" if alert.response is None else alert.response.name
    return Words(sv=f"{name} är på väg till hemmet", en=f"{name} is on the way")


def handle_problems(app: FastAPI) -> None:
    """Map every way a call can fail."""

    async def known(_: Request, error: Exception) -> JSONResponse:
        return problem(error) if isinstance(error, VakaError) else _bug()

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        fields = error.errors() if isinstance(error, RequestValidationError) else ()
        where = ", ".join(sorted({".".join(str(part) for part in field["loc"] if _plain(part)) for field in fields}))
        return problem(Malformed("read request", where or "request", "see /openapi.json"))

    async def routed(_: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        if status == HTTPStatus.BAD_REQUEST:
            return problem(Malformed("read request", "body", "JSON in UTF-8; see /openapi.json"))
        kind = _STATUS_KIND.get(status, "malformed")
        body = Problem(kind=kind, op="find", subject="path or method", hint="see /openapi.json", message=_WORDS[kind])
        headers = error.headers if isinstance(error, HTTPException) else None
        return JSONResponse(body.model_dump(mode="json"), status_code=status, headers=headers)

    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        """A bug in one answer must not end the lane that takes alarms: it is logged, and only this call fails."""
        log.error("a web call failed", exc_info=error)
        return _bug()

    app.add_exception_handler(VakaError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routed)
    app.add_exception_handler(Exception, unforeseen)


def _plain(part: object) -> bool:
    """Whether a part of a location is ours and not a key that came in."""
    return part in {
        "body",
        "query",
        "path",
        "header",
        "version",
        "operator",
        "reason",
        "state",
        "limit",
        "alert",
        "home",
    }


def _bug() -> JSONResponse:
    body = Problem(kind="bug", op="answer", subject="gateway", hint="see its log", message=_WORDS["bug"])
    return JSONResponse(body.model_dump(mode="json"), status_code=500)
