"""Words for everything about visits, tags and plans that can be refused, in Swedish and in English."""

from typing import Final

from gateway.model.plan_line import COLUMNS, Wrong
from gateway.web.schemas import Words

PROBLEMS: Final[dict[str, Words]] = {
    "read tag": Words(
        sv="Taggen är inte en av våra, eller så är den skadad. Starta besöket för hand och säg till den som planerar.",
        en="The tag is not one of ours, or it is damaged. Start the visit by hand and tell whoever plans the visits.",
    ),
    "read tag again": Words(
        sv="Den avläsningen är redan använd. Håll telefonen mot taggen en gång till.",
        en="That reading has been used already. Hold the phone to the tag once more.",
    ),
    "wrong home": Words(
        sv="Taggen sitter i ett annat hem än det som du ska till nu. Kontrollera adressen.",
        en="The tag hangs in another home than the one you are to be in now. Check the address.",
    ),
    "nothing left": Words(
        sv="Du är vid rätt hem, men besöket eller larmet är avslutat. Ring in om du behöver komma in eller låsa.",
        en="You are at the right home, but the visit or the alarm is over. Call in if you need to get in or to lock.",
    ),
    "tag not in use": Words(
        sv="Taggen är inte kopplad till något hem. Starta besöket för hand och säg till den som planerar.",
        en="The tag belongs to no home. Start the visit by hand and tell whoever plans the visits.",
    ),
    "state by hand": Words(sv="Skriv varför, med högst 500 tecken.", en="Say why, in at most 500 characters."),
    "not mine": Words(
        sv="Besöket är inte ditt. Ladda om dagens besök.", en="The visit is not yours. Reload today's visits."
    ),
    "key used": Words(
        sv="Det är redan registrerat på ett annat besök. Ladda om dagens besök.",
        en="That is registered for another visit already. Reload today's visits.",
    ),
    "closed already": Words(
        sv="Det är redan avslutat av någon annan. Ladda om listan.",
        en="Somebody else closed it already. Reload the list.",
    ),
    "newer plan": Words(
        sv="En plan som exporterades senare är redan inläst. Exportera planen på nytt och försök igen.",
        en="A plan that was exported later has been taken already. Export the plan again and try again.",
    ),
}
"""By the operation that was refused."""

AT_THE_DOOR: Final = Words(sv="Du är vid rätt hem.", en="You are at the right home.")
STARTED: Final = Words(sv="Besöket är startat.", en="The visit has started.")
ENDED: Final = Words(sv="Besöket är avslutat.", en="The visit has ended.")
ALREADY: Final = Words(sv="Du är vid rätt hem. Inget ändrades.", en="You are at the right home. Nothing changed.")
RESERVE: Final = Words(
    sv="Stå kvar och ring in. De som svarar följer reservrutinen och ser att du inte kommer in. Är det fara för "
    "liv: ring 112.",
    en="Stay there and call in. Those who answer run the fallback routine and see that you cannot get in. If a life "
    "is in danger: call 112.",
)
"""What a caregiver does who cannot get in; the centre sees the open case."""

PLAN_WORDS: Final[dict[Wrong, Words]] = {
    Wrong.EMPTY: Words(sv="Filen innehåller inga besök.", en="The file holds no visits."),
    Wrong.TOO_LARGE: Words(sv="Filen är större än 2 MiB. Dela den.", en="The file is larger than 2 MiB. Split it."),
    Wrong.NOT_UTF8: Words(
        sv="Filen är inte i UTF-8. Spara den som ”CSV UTF-8”.", en="The file is not UTF-8. Save it as “CSV UTF-8”."
    ),
    Wrong.CONTROL_CHARACTER: Words(
        sv="Filen innehåller tecken som inte hör hemma i text. Spara den som ”CSV UTF-8”.",
        en="The file holds characters that are no text. Save it as “CSV UTF-8”.",
    ),
    Wrong.HEADER: Words(
        sv=f"Första raden ska innehålla dessa kolumner, en gång var: {', '.join(COLUMNS)}.",
        en=f"The first line must hold these columns, each once: {', '.join(COLUMNS)}.",
    ),
    Wrong.SEPARATOR: Words(sv="Kolumnerna ska skiljas åt med semikolon.", en="Columns are separated by semicolons."),
    Wrong.CUT_SHORT: Words(
        sv="Filen är avklippt: sista raden har inget radslut. Exportera den igen.",
        en="The file was cut short: its last line has no line break. Export it again.",
    ),
    Wrong.TOO_MANY_ROWS: Words(
        sv="Filen har fler än 5 000 besök. Dela den.", en="The file has more than 5,000 visits. Split it."
    ),
    Wrong.LINE_TOO_LONG: Words(sv="Raden är för lång.", en="The line is too long."),
    Wrong.QUOTES: Words(
        sv="Ett citattecken saknas, eller så går texten över flera rader.",
        en="A quotation mark is missing, or the text runs over several lines.",
    ),
    Wrong.COLUMNS: Words(
        sv="Raden har inte lika många kolumner som första raden. Summarader och tomma rader ska bort.",
        en="The line has not as many columns as the first one. Totals and empty lines must go.",
    ),
    Wrong.EXTERNAL_ID: Words(
        sv="Besökets id saknas eller har tecken som inte är tillåtna.",
        en="The visit's id is missing or has characters that are not allowed.",
    ),
    Wrong.TWICE: Words(sv="Besöket finns redan på en tidigare rad.", en="The visit stands on an earlier line already."),
    Wrong.UNKNOWN_HOME: Words(sv="Hemmet finns inte i enheten.", en="There is no such home in the unit."),
    Wrong.TIME: Words(
        sv="Skriv tiden så här: 2026-11-22 22:00. Det är tiden i hemmet.",
        en="Write the time like this: 2026-11-22 22:00. It is the time in the home.",
    ),
    Wrong.TIME_GAP: Words(
        sv="Den tiden finns inte: klockan ställs fram då.", en="There is no such time: the clock goes forward then."
    ),
    Wrong.TIME_DOUBLED: Words(
        sv="Den tiden finns två gånger: klockan ställs tillbaka då. Skriv till +02:00 för den första, +01:00 för den "
        "andra.",
        en="That time comes twice: the clock goes back then. Add +02:00 for the first, +01:00 for the second.",
    ),
    Wrong.TIME_OFFSET: Words(
        sv="Tidsskillnaden stämmer inte med hemmets tidszon.", en="The offset is not that of the home's time zone."
    ),
    Wrong.ORDER: Words(sv="Besöket slutar innan det börjar.", en="The visit ends before it begins."),
    Wrong.TOO_LONG: Words(sv="Besöket är längre än 16 timmar.", en="The visit is longer than 16 hours."),
    Wrong.TOO_FAR: Words(
        sv="Besöket ligger mer än en månad bakåt eller mer än ett år framåt.",
        en="The visit lies more than a month back or more than a year ahead.",
    ),
    Wrong.UNKNOWN_PERSON: Words(
        sv="Någon i personalen saknas eller arbetar inte i enheten.",
        en="Somebody of the staff is missing or does not work in the unit.",
    ),
    Wrong.OWN_PARTNER: Words(
        sv="Samma person står två gånger på besöket.", en="The same person stands twice on the visit."
    ),
    Wrong.STAFF_NEEDED: Words(
        sv="Antalet personal stämmer inte med hur många besöket kräver.",
        en="The number of staff is not the number that the visit needs.",
    ),
    Wrong.TWO_PLACES: Words(
        sv="Personen är planerad i ett annat hem samtidigt.", en="The person is planned in another home at that time."
    ),
    Wrong.TASKS: Words(
        sv="Högst 20 uppgifter med högst 120 synliga tecken var.",
        en="At most 20 tasks of at most 120 visible characters each.",
    ),
    Wrong.CODE: Words(
        sv="Koder och personnummer får inte stå i planen.", en="Codes and personal numbers must not stand in the plan."
    ),
    Wrong.FORMULA: Words(
        sv="En uppgift får inte börja som en formel (= + - @).", en="A task must not begin like a formula (= + - @)."
    ),
    Wrong.STATUS: Words(sv="Status ska vara planned eller cancelled.", en="The status is planned or cancelled."),
}
"""By what is wrong in a plan."""
