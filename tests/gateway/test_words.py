"""Words that differ between municipalities are rows, and stand nowhere else."""

import re
from pathlib import Path

import pytest

from gateway.adapters.postgres.municipality import Municipality, enrol_municipality
from gateway.model.authorisation import Role
from gateway.people.words import SETTING, Said, spoken
from tests.gateway.serving import Serving, assert_problem
from tests.gateway.signed import FIRST, SECOND, enrol_everybody, everybody, person, sign_in
from tests.test_tidy import PRODUCT, ROOT, tracked

HOME = ("gateway/people/words.py", "gateway/web/screens/src/words/setting.ts")
"""Where the built-in words stand; what the simulator holds is what its people have written."""
SWEDISH = (
    *(r"brukare", r"larmcentral", r"samordnare", r"utryckande personal", r"nattpatrull", r"larmtekniker", r"larmdosa"),
    *(r"larmknapp", r"digital\w* lås", r"nyckelgömma", r"ej inlästa", r"larmmottagning", r"omsorgstagar", r"vårdtagar"),
    *(r"trygghetstelefon", r"larmklocka", r"låsvred", r"nyckelskåp", r"reservnum"),
)
"""The built-in terms by their stems, and what other municipalities say instead."""
ENGLISH = (
    *(r"clients?", r"alarm centres?", r"alarm technicians?", r"night patrols?", r"pendants?", r"digital locks?"),
    *(r"key box(es)?", r"alarm units?"),
)
SCREENS = re.compile(r"(/words/[a-z_]+\.ts|_words\.py|/problems\.py)$")
"""Files that hold what screens say; English terms are ordinary words elsewhere."""


def _lines(name: str) -> list[str]:
    """The lines of a file that are not comments only."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.lstrip().startswith(("#", "//", "/*", "*", "--"))]


def hard_coded(name: str, lines: list[str]) -> list[str]:
    stems = SWEDISH + (ENGLISH if SCREENS.search(name) else ())
    pattern = re.compile(rf"(?<!\w)({'|'.join(stems)})", re.IGNORECASE)
    return [f"{name}: {line.strip()[:100]}" for line in lines if pattern.search(line)]


def test_no_screen_says_a_municipalitys_word_by_itself() -> None:
    sources = [
        name
        for name in tracked()
        if name.startswith(PRODUCT)
        and not name.startswith("simulator/")
        and name.endswith((".py", ".ts", ".tsx", ".html", ".webmanifest"))
        and name not in HOME
        if "/static/" not in name and "/tests/" not in name
    ]
    assert len([name for name in sources if SCREENS.search(name)]) > 2
    found = [line for name in sources for line in hard_coded(name, _lines(name))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "line", "bad"),
    [
        ("gateway/web/screens/src/words/desk_sv.ts", "  who: `Okänd Brukare`,", True),
        ("gateway/web/screens/src/words/desk_en.ts", "  who: `Unknown client`,", True),
        ("gateway/adapters/mqtt.py", "client = Client()", False),
        ("gateway/web/screens/src/words/desk_sv.ts", "  who: `Okänd ${setting.resident}`,", False),
    ],
)
def test_a_hard_coded_word_is_seen(name: str, line: str, *, bad: bool) -> None:
    assert bool(hard_coded(name, [line])) == bad


def test_every_term_is_there_in_both_languages() -> None:
    said = {**SETTING}
    for number in ("call_in", "reserve_number"):
        assert said.pop(number) == Said("", ""), "a number that nobody stated is none"
    assert all(one.sv.strip() and one.en.strip() and one.sv != one.en for one in said.values())


def test_the_desk_falls_back_on_the_same_words() -> None:
    text = Path(ROOT / HOME[1]).read_text(encoding="utf-8")
    declared = set(re.findall(r"readonly (\w+): string;", text.split("export type")[0]))
    said = {language: dict(re.findall(r'(\w+): "(.*)",', part)) for language, part in _languages(text).items()}
    for language in ("sv", "en"):
        assert set(said[language]) == declared
        assert said[language] == {term: getattr(SETTING[term], language) for term in declared}


def _languages(text: str) -> dict[str, str]:
    swedish, english = text.split("  sv: {")[1].split("  en: {")
    return {"sv": swedish, "en": english.split("};")[0]}


def test_a_municipality_is_heard_in_its_own_words_alone(serving: Serving) -> None:
    enrol_everybody(serving.database_url)
    for number, unit, words in ((3, FIRST, {"resident": ("kund", "customer")}), (4, SECOND, {})):
        town = Municipality(id=f"municipality-{number}", label="Town", units={unit: "Unit"}, words=words)
        enrol_municipality(serving.database_url, town)
    with sign_in(serving.url, serving.database_url, person(Role.CAREGIVER)) as client:
        heard = client.get("/api/v1/words").json()
        assert set(heard) == set(SETTING)
        assert heard["resident"] == {"sv": "kund", "en": "customer"}
        assert heard["lock"] == {"sv": "digitalt lås", "en": "digital lock"}
        assert_problem(client.get("/api/v1/words", params={"unit": SECOND}), 404, "unknown")
    with sign_in(serving.url, serving.database_url, person(Role.CAREGIVER, SECOND)) as client:
        assert client.get("/api/v1/words").json()["resident"]["sv"] == "brukare"
    with serving.client() as token:
        assert token.get("/api/v1/words").json()["resident"]["sv"] == "brukare"
        assert token.get("/api/v1/words", params={"unit": FIRST}).json()["resident"]["sv"] == "kund"
    assert len(everybody()) == 2 * len(Role)


def test_a_term_that_is_none_of_ours_is_not_said() -> None:
    assert spoken({"unheard_of": ("x", "y")}) == dict(SETTING)
    assert spoken({"lock": ("låsvred", "thumb-turn")})["lock"] == Said("låsvred", "thumb-turn")
