"""Why an alert was raised, in plain words, from the values that its verdict carries.

Times are shown by the home's own calendar and clock. What the words say is exactly what was judged: "as far as we can
see" is part of the sentence wherever coverage was.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from homecare.alert import Condition
from homecare.clock import LATEST


class Language(StrEnum):
    """Swedish first."""

    SWEDISH = "sv"
    ENGLISH = "en"


TIMES: Final = frozenset({"at", "due", "opened", "since", "until"})
"""Values that are wall microseconds."""
HAZARDS: Final[dict[str, dict[Language, str]]] = {
    "smoke": {Language.SWEDISH: "rök", Language.ENGLISH: "smoke"},
    "gas": {Language.SWEDISH: "gas", Language.ENGLISH: "gas"},
    "carbon_monoxide": {Language.SWEDISH: "kolmonoxid", Language.ENGLISH: "carbon monoxide"},
    "heat": {Language.SWEDISH: "stark hetta", Language.ENGLISH: "strong heat"},
}
SENTENCES: Final[dict[Condition, dict[Language, str]]] = {
    Condition.HELP_CALL: {
        Language.SWEDISH: "Någon larmade {at}. Antal tryckningar: {presses}.",
        Language.ENGLISH: "Somebody called for help {at}. Presses: {presses}.",
    },
    Condition.FALL: {
        Language.SWEDISH: "Fallarmet löste ut {at}.",
        Language.ENGLISH: "The fall sensor went off {at}.",
    },
    Condition.HAZARD: {
        Language.SWEDISH: "Varnaren i bostaden kände {hazard} {at}.",
        Language.ENGLISH: "A detector in the home sensed {hazard} {at}.",
    },
    Condition.UNREADABLE_ALARM: {
        Language.SWEDISH: "Ett larm kom som inte kan läsas. Ring upp bostaden.",
        Language.ENGLISH: "An alarm came that cannot be read. Call the home.",
    },
    Condition.EQUIVOCATION: {
        Language.SWEDISH: "Hemenheten har sagt två olika saker med samma nummer. Den kan vara kopierad.",
        Language.ENGLISH: "The home's unit said two different things under one number. It may have been copied.",
    },
    Condition.FRONT_DOOR_OPEN_AT_NIGHT: {
        Language.SWEDISH: "Ytterdörren har stått öppen på natten sedan {since}, längre än {seconds}.",
        Language.ENGLISH: "The front door has stood open at night since {since}, longer than {seconds}.",
    },
    Condition.INACTIVITY: {
        Language.SWEDISH: "Inget livstecken från {since} till {until}. Gränsen är {seconds}. "
        "Alla rörelsevakter gick att höra hela tiden.",
        Language.ENGLISH: "No sign of life from {since} to {until}. The limit is {seconds}. "
        "Every motion sensor could be heard all that time.",
    },
    Condition.DEVICE_SILENT: {
        Language.SWEDISH: "Enheten har inte hörts sedan {since}, fast den borde ha hörts: gränsen är {seconds}.",
        Language.ENGLISH: "The device was not heard since {since} though it should have been: the limit is {seconds}.",
    },
    Condition.DEVICE_REFUSED: {
        Language.SWEDISH: "Det enheten säger godtas inte sedan {at} ({why}). Skriv in den på nytt.",
        Language.ENGLISH: "What the device says is refused since {at} ({why}). Enrol it again.",
    },
    Condition.LOCK_FAILING: {
        Language.SWEDISH: "Låset öppnade inte {times} gånger på sju dygn, senast {at}. Beställ service.",
        Language.ENGLISH: "The lock did not open when asked, {times} times in seven days, last {at}. Order service.",
    },
    Condition.CERTIFICATE_OVERDUE: {
        Language.SWEDISH: "Hemenheten skulle ha förnyat sitt certifikat själv senast {since}. Larmen kommer "
        "fram ändå. Skriv in den på nytt om felet består.",
        Language.ENGLISH: "The home unit should have renewed its certificate by itself by {since}. Alarms still "
        "arrive. Enrol it again if the fault stays.",
    },
    Condition.EDGE_REVOKED: {
        Language.SWEDISH: "Hemenheten spärrades {since}, och ingen annan står i hemmet: inga larm därifrån kommer "
        "fram. Skriv in en ny hemenhet.",
        Language.ENGLISH: "The home's unit was turned away {since}, and no other stands in the home: no alarm from "
        "it arrives. Enrol a new one.",
    },
    Condition.EDGE_SILENT: {
        Language.SWEDISH: "Ingen kontakt med hemenheten sedan {since}, längre än {seconds}. "
        "Vad som händer i bostaden är okänt.",
        Language.ENGLISH: "No contact with the home's unit since {since}, longer than {seconds}. "
        "What happens in the home is unknown.",
    },
}
CAUSES: Final[dict[str, dict[Language, str]]] = {
    "edge_copied": {
        Language.SWEDISH: "Två larmdosor svarar som samma: ett återställt minneskort eller en kopierad dator. "
        "Larm från båda tas emot. Ta reda på vilken som står i hemmet och stäng av den andra.",
        Language.ENGLISH: "Two units answer as this home's one: a restored memory card or a copied machine. "
        "Alarms from both are taken. Find out which one stands in the home and turn the other one off.",
    },
    "counter_fell": {
        Language.SWEDISH: "Någon larmade {at}. Antal tryckningar: {presses}. Ej verifierat: knappens räknare har "
        "fallit, som efter ett batteribyte. Det kan också vara en gammal tryckning som spelas upp igen.",
        Language.ENGLISH: "Somebody called for help {at}. Presses: {presses}. Not verified: the button's counter has "
        "fallen, as after a change of battery. It may also be an old press that is played again.",
    },
}
"""What stands under `why` or `doubt` in an explanation, where that says more than the condition."""
NO_REASON: Final[dict[Language, str]] = {
    Language.SWEDISH: "Orsaken är inte sparad.",
    Language.ENGLISH: "The reason was not kept.",
}
_UNITS: Final[dict[Language, tuple[str, str, str]]] = {
    Language.SWEDISH: ("tim", "min", "s"),
    Language.ENGLISH: ("h", "min", "s"),
}
_ON: Final[dict[Language, str]] = {Language.SWEDISH: "{date} kl. {clock}", Language.ENGLISH: "{date} at {clock}"}


def explain(condition: Condition, explanation: Mapping[str, str | int], *, language: Language, time_zone: str) -> str:
    """One or two sentences for the person at the desk; never raises, whatever an older version stored.

    `time_zone` is the home's, an IANA name that exists.
    """
    values = {name: _shown(name, value, language, time_zone) for name, value in explanation.items()}
    try:
        cause = str(explanation.get("why", explanation.get("doubt")))
        return CAUSES.get(cause, SENTENCES[condition])[language].format_map(values)
    except KeyError:
        return NO_REASON[language]


def _shown(name: str, value: str | int, language: Language, time_zone: str) -> str:
    if name in TIMES and isinstance(value, int):
        return _moment(value, language, time_zone)
    if name == "seconds" and isinstance(value, int):
        return _length(value, language)
    if name == "hazard":
        return HAZARDS.get(str(value), {}).get(language, str(value))
    return str(value)


def _moment(wall: int, language: Language, time_zone: str) -> str:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    shown = (start + timedelta(microseconds=min(max(wall, 0), LATEST - 86_400_000_000))).astimezone(ZoneInfo(time_zone))
    return _ON[language].format(date=shown.strftime("%Y-%m-%d"), clock=shown.strftime("%H:%M"))


def _length(seconds: int, language: Language) -> str:
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = zip((hours, minutes, rest), _UNITS[language], strict=True)
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or f"0 {_UNITS[language][2]}"
