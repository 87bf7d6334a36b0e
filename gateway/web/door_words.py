"""What people are told of a door: why it stays closed, how a request stands, and what to do next. No codes."""

from typing import Final

from gateway.ports.access import CommandView, Standing
from gateway.web.schemas import Words
from homecare.command import Action, Reason
from homecare.grant import Denial, Purpose

_CALL_IN: Final = Words(sv="Ring in om du behöver hjälp.", en="Call in if you need help.")
_CANNOT_GET_IN: Final = Words(
    sv="Ring in om du behöver hjälp, eller tryck Kommer inte in.",
    en="Call in if you need help, or press Cannot get in.",
)
"""The reserve routine of a visit; an alarm has no such button, and nobody who locks wants to get in."""

DENIED: Final[dict[Denial, Words]] = {
    Denial.NO_LOCK: Words(
        sv=f"Hemmet har inget lås som kan öppnas härifrån. Använd nyckeln. {_CALL_IN.sv}",
        en=f"This home has no lock that can be opened from here. Use the key. {_CALL_IN.en}",
    ),
    Denial.UNKNOWN_PERSON: Words(
        sv="Dörrar kan bara öppnas av den som är inloggad som sig själv. Logga in och försök igen.",
        en="Only somebody who is signed in as themselves can open doors. Sign in and try again.",
    ),
    Denial.REVOKED: Words(
        sv="Din behörighet är spärrad. Ring din arbetsledare.",
        en="Your access has been revoked. Call your team leader.",
    ),
    Denial.WRONG_UNIT: Words(
        sv="Du har ingen behörighet i den enhet som hemmet hör till. Ring din arbetsledare.",
        en="You have no access in the unit that this home belongs to. Call your team leader.",
    ),
    Denial.NO_GRANT: Words(
        sv="Du har varken besök eller larm i det här hemmet nu. Ladda om dagens lista.",
        en="You have neither a visit nor an alarm in this home now. Reload today's list.",
    ),
    Denial.WRONG_HOME: Words(
        sv="Besöket eller larmet gäller ett annat hem. Titta på adressen i dagens lista.",
        en="The visit or alarm is for another home. Look at the address in today's list.",
    ),
    Denial.CANCELLED: Words(
        sv="Besöket är inställt. Ladda om dagens lista, eller ring planeringen.",
        en="The visit is cancelled. Reload today's list, or call the planner.",
    ),
    Denial.ENDED: Words(
        sv="Besöket är avslutat, och behörigheten med det. Ring planeringen om du måste in igen.",
        en="The visit has ended, and your access with it. Call the planner if you must go in again.",
    ),
    Denial.CLOSED: Words(
        sv="Larmet är avslutat, och behörigheten med det. Ring den som skickade larmet om du måste in igen.",
        en="The alarm is closed, and your access with it. Call whoever sent the alarm if you must go in again.",
    ),
    Denial.NOT_ACCEPTED: Words(
        sv="Du har inte tagit emot larmet. Tryck Jag åker först.",
        en="You have not accepted the alarm. Press I am going first.",
    ),
    Denial.TOO_EARLY: Words(
        sv="Det är för tidigt: dörren kan öppnas från 30 minuter före besöket. Vänta, eller ring planeringen.",
        en="It is too early: the door can be opened from 30 minutes before the visit. Wait, or call the planner.",
    ),
    Denial.TOO_LATE: Words(
        sv="Tiden för besöket eller larmet är över. Ring planeringen, eller den som skickade larmet.",
        en="The time of the visit or alarm is over. Call the planner, or whoever sent the alarm.",
    ),
    Denial.NOT_IN_SERVICE: Words(
        sv=f"Låset är inte i drift än. Använd nyckeln. {_CANNOT_GET_IN.sv}",
        en=f"The lock is not in service yet. Use the key. {_CANNOT_GET_IN.en}",
    ),
    Denial.NO_CONSENT: Words(
        sv=f"Det finns inget samtycke till låslogg i hemmet. Använd nyckeln. {_CANNOT_GET_IN.sv}",
        en=f"There is no consent to a door log in this home. Use the key. {_CANNOT_GET_IN.en}",
    ),
    Denial.UNLATCH_NOT_ALLOWED: Words(
        sv="I det här hemmet får dörren bara låsas upp. Tryck Lås upp och öppna med handtaget.",
        en="In this home the door may only be unlocked. Press Unlock and use the handle.",
    ),
    Denial.NOT_AT_THE_DOOR: Words(
        sv="Håll telefonen mot taggen vid dörren och tryck igen. Går det inte: be en kollega om fjärröppning.",
        en="Hold the phone to the tag at the door and press again. If that fails, ask for a remote opening.",
    ),
    Denial.SECOND_SAME: Words(
        sv="Fjärröppning kräver två olika personer. Be en kollega att godkänna.",
        en="A remote opening takes two different people. Ask a colleague to approve.",
    ),
    Denial.SECOND_UNKNOWN: Words(
        sv="Den som godkänner måste vara inloggad som sig själv. Logga in och godkänn igen.",
        en="Whoever approves must be signed in as themselves. Sign in and approve again.",
    ),
    Denial.SECOND_REVOKED: Words(
        sv="Behörigheten för den som godkänner är spärrad. Be någon annan.",
        en="The access of whoever approves has been revoked. Ask somebody else.",
    ),
    Denial.SECOND_WRONG_UNIT: Words(
        sv="Den som godkänner har ingen behörighet i hemmets enhet. Be någon i enheten.",
        en="Whoever approves has no access in the home's unit. Ask somebody of the unit.",
    ),
    Denial.SECOND_NO_RIGHT: Words(
        sv="Den som godkänner får inte godkänna dörrar. Be en larmoperatör eller planeringen.",
        en="Whoever approves may not approve doors. Ask an operator or the planner.",
    ),
}
"""An alarm waits neither for service nor for a consent: what is said of these two is said on a visit."""

CONFLICTS: Final[dict[str, Words]] = {
    "open door": Words(
        sv="Låset arbetar redan med en annan begäran. Vänta några sekunder och titta på dörren.",
        en="The lock is already busy with another request. Wait some seconds and look at the door.",
    ),
    "answer remote opening": Words(
        sv="Begäran om fjärröppning är redan besvarad eller för gammal. Be kollegan att fråga igen.",
        en="This request was answered already or is too old. Ask your colleague to ask again.",
    ),
}
"""By the operation of a `Conflict`."""

PROBLEMS: Final[dict[str, Words]] = {**{f"door.{denial}": words for denial, words in DENIED.items()}, **CONFLICTS}
"""By the operation of an error, for the answers of the web."""

_DONE: Final = {
    Action.UNLOCK: Words(sv="Dörren är upplåst.", en="The door is unlocked."),
    Action.LOCK: Words(sv="Dörren är låst.", en="The door is locked."),
    Action.UNLATCH: Words(sv="Dörren är öppen.", en="The door is open."),
    Action.ANNOUNCE: Words(sv="Det hörs i hemmet.", en="The home has been told."),
}
_NEXT: Final = Words(sv="", en="")
_LOOK: Final = Words(sv="Känn på dörren innan du trycker igen.", en="Try the handle before you press again.")
_AGAIN: Final = Words(sv="Tryck igen.", en="Press again.")
_KEY: Final = Words(sv="Använd nyckeln.", en="Use the key.")
_LEADER: Final = Words(sv="Ring din arbetsledare.", en="Call your team leader.")
_WHOLE: Final = (_NEXT, _LEADER)
"""Next steps that the reserve routine does not follow."""
_STANDING: Final = {
    Standing.ISSUED: Words(sv="Skickas till dörren.", en="On its way to the door."),
    Standing.SENT: Words(sv="Skickat till dörren.", en="Sent to the door."),
    Standing.TAKEN: Words(sv="Låset arbetar.", en="The lock is working."),
}
_HAPPENED: Final = {
    Action.UNLOCK: Words(sv="dörren låstes upp", en="the door was unlocked"),
    Action.LOCK: Words(sv="dörren låstes", en="the door was locked"),
    Action.UNLATCH: Words(sv="dörren öppnades", en="the door was opened"),
    Action.ANNOUNCE: Words(sv="det hördes i hemmet", en="the home was told"),
}
_DID_NOT_HAPPEN: Final = {
    Action.UNLOCK: Words(sv="dörren låstes inte upp", en="the door was not unlocked"),
    Action.LOCK: Words(sv="dörren låstes inte", en="the door was not locked"),
    Action.UNLATCH: Words(sv="dörren öppnades inte", en="the door was not opened"),
    Action.ANNOUNCE: Words(sv="det hördes inte i hemmet", en="the home was not told"),
}
NOT_CONNECTED: Final = "not_connected"
REVOKED: Final = "revoked"
_WHY: Final[dict[str, tuple[Words, Words]]] = {
    Reason.EXPIRED: (
        Words(
            sv="Hemmet nåddes inte i tid. Dörren rördes inte.",
            en="The home was not reached in time. The door did not move.",
        ),
        _AGAIN,
    ),
    Reason.LIFE_TOO_LONG: (
        Words(
            sv="Hemmet tog inte emot begäran. Dörren rördes inte.",
            en="The home did not take the request. The door did not move.",
        ),
        _AGAIN,
    ),
    Reason.STALE_CHALLENGE: (
        Words(
            sv="Begäran kom för sent till hemmet. Dörren rördes inte.",
            en="The request came too late to the home. The door did not move.",
        ),
        _AGAIN,
    ),
    Reason.NOT_OURS: (
        Words(
            sv="Begäran kom till fel hem och gjorde inget där.",
            en="The request reached another home and did nothing there.",
        ),
        _KEY,
    ),
    Reason.NO_SUCH_DEVICE: (Words(sv="Hemmet känner inte till låset.", en="The home does not know the lock."), _KEY),
    Reason.NOT_AN_ACTUATOR: (
        Words(sv="Låset kan inte styras härifrån.", en="This lock cannot be worked from here."),
        _KEY,
    ),
    Reason.BUSY: (Words(sv="Låset är upptaget.", en="The lock is busy."), _AGAIN),
    Reason.NO_ANSWER: (Words(sv="Låset svarar inte.", en="The lock does not answer."), _LOOK),
    Reason.JAMMED: (
        Words(sv="Låset har fastnat.", en="The lock is jammed."),
        Words(
            sv="Dra dörren mot dig och tryck igen, eller använd nyckeln.",
            en="Pull the door towards you and press again, or use the key.",
        ),
    ),
    Reason.LOW_BATTERY: (Words(sv="Låsets batteri är för svagt.", en="The lock's battery is too low."), _KEY),
    Reason.WRONG_KEY: (
        Words(
            sv="Låset känner inte igen oss. Det kan vara utbytt.",
            en="The lock does not know us. It may have been exchanged.",
        ),
        _KEY,
    ),
    Reason.NOT_ALLOWED_BY_LOCK: (Words(sv="Låset tillåter det inte nu.", en="The lock does not allow it now."), _KEY),
    Reason.ALREADY_SO: (_NEXT, _NEXT),
    Reason.INTERRUPTED: (
        Words(sv="Hemmets utrustning startade om mitt i.", en="The home's equipment restarted in the middle."),
        _LOOK,
    ),
    Reason.JOURNAL: (
        Words(
            sv="Hemmets utrustning kunde inte anteckna öppningen. Dörren rördes inte.",
            en="The home's equipment could not write the opening down. The door did not move.",
        ),
        _KEY,
    ),
    NOT_CONNECTED: (
        Words(
            sv="Hemmet är inte anslutet. Dörren rördes inte.", en="The home is not connected. The door did not move."
        ),
        _AGAIN,
    ),
    REVOKED: (
        Words(
            sv="Behörigheten spärrades innan begäran skickades.", en="The access was revoked before the request left."
        ),
        _LEADER,
    ),
}


def said_of(command: CommandView) -> tuple[Words, Words]:
    """What happened, and what to do next (empty where nothing is to be done)."""
    words, step = _outcome(command)
    return words, step if step in _WHOLE else _with_reserve(step, command)


def _with_reserve(step: Words, command: CommandView) -> Words:
    gets_in = command.purpose is Purpose.VISIT and command.action is not Action.LOCK
    reserve = _CANNOT_GET_IN if gets_in else _CALL_IN
    return Words(sv=f"{step.sv} {reserve.sv}", en=f"{step.en} {reserve.en}")


def _outcome(command: CommandView) -> tuple[Words, Words]:
    standing = command.standing
    if standing in _STANDING:
        return _STANDING[standing], _NEXT
    if standing is Standing.DONE:
        return _DONE[command.action], _NEXT
    if standing is Standing.UNKNOWN:
        return (_unknown(command) if command.late is None else _late(command)), _LOOK
    return _WHY.get(command.reason or "", (Words(sv="Det gick inte.", en="It did not work."), _AGAIN))


def _unknown(command: CommandView) -> Words:
    asked = _HAPPENED[command.action]
    return Words(
        sv=f"Vi vet inte om {asked.sv}: svaret kom inte fram i tid.",
        en=f"We do not know whether {asked.en}: no answer came in time.",
    )


def _late(command: CommandView) -> Words:
    """What the home said after the deadline stands beside the unknown, and does not take its place."""
    said = (_HAPPENED if command.late is Standing.DONE else _DID_NOT_HAPPEN)[command.action]
    return Words(sv=f"Svaret kom för sent: {said.sv}.", en=f"The answer came too late: {said.en}.")
