"""The house's own rules, read from the tracked files. Each rule is one row; a finding names file and line."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("homecare/", "rules/", "edge/", "gateway/", "simulator/", "firmware_configs/")
CODE = (".py", ".ts", ".tsx", ".mjs", ".css", ".sql")
LONGEST = 400
"""Lines: what one reads in a sitting."""


def tracked() -> list[str]:
    """Files under version control plus new ones not ignored, so that a rule bites before the commit."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in set(listing.stdout.splitlines()) if (ROOT / name).is_file())


FILES = tracked()
SOURCES = [name for name in FILES if name.endswith(CODE)]
MODULES = [name for name in FILES if name.endswith(".py")]


@cache
def text_of(name: str) -> str:
    """The file as text; what is not text holds none of the words looked for."""
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def tree_of(name: str) -> ast.Module:
    return ast.parse(text_of(name), filename=name)


# --- words that stand nowhere ---------------------------------------------------------------------------------------


class Banned(NamedTuple):
    """A pattern that no line of these files may match; `[x]` for `x` lets this file obey its own rules."""

    what: str
    pattern: str
    files: tuple[str, ...] = ()  # how names end; () means every file


REGISTRIES = r"[p]ypi\.org|[p]ythonhosted\.|[r]egistry\.(npmjs|yarnpkg)|[d]eb\.debian\.org|[n]odesource\.com"

BANNED = [
    Banned("a path of one machine", r"(^|[^\w.])/([w]ork|[f]arm|[h]ome/\w+)/|/[r]oot/|/[t]mp/\w"),
    Banned("an address of a package registry", REGISTRIES),
    Banned("a resolved address in a lock file", '"[r]esolved":', ("package-lock.json",)),
    Banned("a leftover", r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b", (*CODE, "Makefile", ".sh")),
    Banned("a test that does not run", r"pytest\.(mark\.)?([s]kip|[x]fail)|unittest\.[s]kip", (".py",)),
    Banned("a test that does not run in the browser", r"\b(test|it|describe)\.([s]kip|[o]nly)\b", (".ts", ".tsx")),
    Banned("a wait that may swallow its cancellation (asyncio.timeout does not)", r"asyncio\.[w]ait_for\(", (".py",)),
    Banned("a wait for text, at which a page may look once", r'[w]ait_for_function\(f?"(?!.*=>)', (".py",)),
    Banned("a fork that may hang on another thread's lock", r"[p]reexec_fn|os\.[f]ork\(\)(?!  # one thread)", (".py",)),
    Banned("an unexplained silence", r"#\s*([n]oqa|type:\s*[i]gnore)\s*$", (".py",)),
]


@pytest.mark.parametrize("rule", BANNED, ids=lambda rule: rule.what)
def test_no_line_holds(rule: Banned) -> None:
    pattern = re.compile(rule.pattern)
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name in FILES
        if (not rule.files or name.endswith(rule.files))
        for number, line in enumerate(text_of(name).splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_source_file_is_too_long() -> None:
    lengths = {name: len(text_of(name).splitlines()) for name in SOURCES}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}


def test_no_file_name_says_nothing() -> None:
    empty = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
    assert not [name for name in SOURCES if set(Path(name).with_suffix("").parts) & empty]


def test_what_is_ignored_is_not_tracked() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-ci", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    assert not listing.stdout


# --- one technology, one address ------------------------------------------------------------------------------------


class Address(NamedTuple):
    """A package and the only places of the product that may import it; tests may use anything."""

    package: str
    at: tuple[str, ...]


ADDRESSES = [
    Address("bleak", ("edge/transports/ble.py", "edge/transports/ble_act.py")),
    Address("nacl", ("edge/drivers/nuki_frames.py", "simulator/")),
    Address("serial", ("edge/transports/serial.py",)),
    Address("apsw", ("edge/journal.py", "simulator/")),
    Address("aiomqtt", ("edge/transports/mqtt.py", "gateway/adapters/mqtt.py")),
    Address("paho", ("edge/transports/mqtt.py", "gateway/adapters/mqtt.py")),
    Address("psycopg", ("gateway/adapters/postgres/",)),
    Address("psycopg_pool", ("gateway/adapters/postgres/",)),
    Address("yoyo", ("gateway/adapters/postgres/",)),
    Address("fastapi", ("gateway/web/",)),
    Address("starlette", ("gateway/web/",)),
    Address("uvicorn", ("gateway/web/", "gateway/main.py", "gateway/__main__.py")),
    Address(
        "cryptography",
        (
            "homecare/seal.py",
            "edge/drivers/",
            "edge/credentials.py",
            "gateway/model/certificates.py",
            "gateway/model/tag_sun.py",
            "simulator/",
        ),
    ),
    Address("webauthn", ("gateway/adapters/passkeys.py",)),
    Address("dbus_fast", ("edge/transports/bluez_watch.py", "simulator/bluez/")),
    Address("bumble", ("simulator/",)),
    Address("secrets", ("homecare/identity.py", "simulator/world.py")),
]


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported absolutely, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


@cache
def imports_of(name: str) -> tuple[tuple[int, str], ...]:
    """A file's imports; every row below asks for them."""
    return tuple(imports(tree_of(name)))


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.package)
def test_one_technology_has_one_address(address: Address) -> None:
    found = [
        f"{name}:{line}: {module}"
        for name in MODULES
        if name.startswith(PRODUCT) and not name.startswith(address.at)
        for line, module in imports_of(name)
        if module.split(".")[0] == address.package
    ]
    assert not found, "\n".join(found)


SCREENS = "gateway/web/screens/src/"
IMPORTED = re.compile(r'^(?:import|export|\}) .*?from "(\.[^"]+)";$', re.MULTILINE)


def screen_imports(name: str) -> set[str]:
    """The screens' own files that a file of theirs imports, types too; lint-imports looks after Python."""
    folder = (ROOT / name).parent
    written = [(folder / path).resolve().relative_to(ROOT).as_posix() for path in IMPORTED.findall(text_of(name))]
    endings = (".ts", ".tsx", "/index.ts")
    return {path + ending for path in written for ending in endings if path + ending in FILES}


IMPORTS = {name: screen_imports(name) for name in FILES if name.startswith(SCREENS) and name.endswith((".ts", ".tsx"))}


def test_no_files_of_the_screens_import_each_other() -> None:
    assert sum(map(len, IMPORTS.values())) > len(IMPORTS)
    TopologicalSorter(IMPORTS).prepare()


@pytest.mark.parametrize("side", ["desk/", "phone/"])
def test_what_desk_and_phone_share_stands_beside_them(side: str) -> None:
    own = SCREENS + side
    assert any(name.startswith(own) for name in IMPORTS)
    others = {name: used for name, used in IMPORTS.items() if not name.startswith(own)}
    assert not [name for name, used in others.items() if any(one.startswith(own) for one in used)]


# --- time and chance enter at one place -----------------------------------------------------------------------------

CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "gmtime", "localtime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "os": {"urandom"},
    "uuid": {"uuid1", "uuid4"},
}
READS_THE_WORLD = ("homecare/clock.py", "homecare/identity.py", "simulator/")


def readings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Calls and imports by which a module would read a clock, or chance, on its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if node.attr in CLOCKS.get(name, set()):
                yield node.lineno, f"{name}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module in ("time", "os", "uuid"):
            taken = {alias.name for alias in node.names} & CLOCKS[node.module]
            yield from ((node.lineno, f"from {node.module} import {word}") for word in sorted(taken))


def test_the_real_clock_is_read_at_one_place() -> None:
    found = [
        f"{name}:{line}: {what}"
        for name in MODULES
        if name.startswith(PRODUCT) and not name.startswith(READS_THE_WORLD)
        for line, what in readings(tree_of(name))
    ]
    assert not found, "\n".join(found)


CHANCE_ENTERS = ("homecare/identity.py", "simulator/world.py")


def chances(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a module would throw dice of its own; `Random` as the type of an argument is how chance is handed in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names):
            yield node.lineno, "import random"
        elif isinstance(node, ast.ImportFrom) and node.module == "random":
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name != "Random")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Random":
            yield node.lineno, "Random()"


def test_chance_enters_at_one_place_a_side() -> None:
    found = [
        f"{name}:{line}: {what}"
        for name in MODULES
        if name.startswith(PRODUCT) and not name.startswith(CHANCE_ENTERS)
        for line, what in chances(tree_of(name))
    ]
    assert not found, "\n".join(found)


# --- every module states itself; every broad except says why --------------------------------------------------------


def test_every_module_has_a_docstring() -> None:
    assert not [name for name in MODULES if text_of(name).strip() and not ast.get_docstring(tree_of(name))]


def is_broad(node: ast.AST) -> bool:
    """`except:`, `except Exception:`, `except BaseException:`, or `suppress` of these, unless it raises again."""
    broad = {"Exception", "BaseException"}
    if isinstance(node, ast.ExceptHandler):
        last = node.body[-1]
        if isinstance(last, ast.Raise) and last.exc is None:
            return False
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(kind is None or (isinstance(kind, ast.Name) and kind.id in broad) for kind in kinds)
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called == "suppress" and any(isinstance(word, ast.Name) and word.id in broad for word in node.args)
    return False


def test_a_broad_except_says_why() -> None:
    found = []
    for name in MODULES:
        lines = text_of(name).splitlines()
        for node in ast.walk(tree_of(name)):
            if is_broad(node):
                line = node.lineno  # type: ignore[attr-defined]
                if not any("why:" in near for near in lines[max(0, line - 2) : line + 1]):
                    found.append(f"{name}:{line}: {lines[line - 1].strip()}")
    assert not found, "\n".join(found)


# --- the rules themselves bite --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judge", "bad", "good"),
    [
        pytest.param(readings, "import time\ntime.time()", "import time\ntime.sleep(1)", id="clock"),
        pytest.param(readings, "from time import monotonic", "from time import sleep", id="clock-imported"),
        pytest.param(readings, "import datetime\ndatetime.datetime.now()", "clock.now()", id="calendar"),
        pytest.param(readings, "import os\nos.urandom(1)", "import os\nos.getpid()", id="chance"),
        pytest.param(chances, "import random", "from random import Random\ndef f(chance: Random): ...", id="dice"),
        pytest.param(chances, "from random import Random\nRandom(1)", "chance.random()", id="dice-seeded"),
        pytest.param(imports, "def f():\n    import bleak", "", id="import-inside"),
    ],
)
def test_a_rule_sees_what_it_looks_for(judge: Callable[[ast.Module], Iterator[object]], bad: str, good: str) -> None:
    assert list(judge(ast.parse(bad)))
    assert not list(judge(ast.parse(good)))


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a path of one machine", "open('/{}ork/main/x')".format("w")),
        ("a path of one machine", "cd /{}oot/".format("r")),
        ("an address of a package registry", "https://{}ypi.org/simple".format("p")),
        ("a leftover", "# {}ODO later".format("T")),
        ("a test that does not run", "@pytest.mark.{}kip".format("s")),
        ("a wait that may swallow its cancellation (asyncio.timeout does not)", "asyncio.{}ait_for(x, 1)".format("w")),
        ("a wait for text, at which a page may look once", '{}ait_for_function("x > 0")'.format("w")),
        ("a fork that may hang on another thread's lock", "child = os.{}ork()".format("f")),
        ("an unexplained silence", "x = y  # {}oqa".format("n")),
    ],
)
def test_a_banned_line_is_seen(what: str, line: str) -> None:
    assert any(re.search(rule.pattern, line) for rule in BANNED if rule.what == what)


@pytest.mark.parametrize(
    "text", ["try: f()\nexcept: pass", "try: f()\nexcept (OSError, Exception): pass", "suppress(Exception)"]
)
def test_a_broad_except_is_seen(text: str) -> None:
    assert any(map(is_broad, ast.walk(ast.parse(text))))


# --- what the product carries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("listing", ["edge.txt", "gateway.txt"])
def test_the_product_depends_on_no_gpl_package(listing: str) -> None:
    """LGPL is used as a library and allowed; a package for tests alone is not in these lists."""
    names = re.findall(r"^([\w.-]+)==", text_of(f"requirements/{listing}"), re.MULTILINE)
    assert len(names) > 5
    found = []
    for name in names:
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:  # for another platform
            continue
        licence = [about.get("License-Expression") or about.get("License") or "", *about.get_all("Classifier", [])]
        if re.search(r"(?<!L)GPL(?!.*Lesser)|GNU General Public", " ".join(licence)):
            found.append(name)
    assert not found
