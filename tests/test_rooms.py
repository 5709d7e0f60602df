"""The house stays as `.github/CONTRIBUTING.md` draws it: what each room may import, and how large a room may grow.

A room is a folder. Where a folder holds rooms (`gateway`, `web`), each module directly in it counts as one of its own.
"""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import aihub_lite

PACKAGE = Path(aihub_lite.__file__).parent
ROOT = PACKAGE.parent
HOLDS_ROOMS = ("gateway", "web")

FACTS = frozenset({"errors", "domain", "domain.reports", "domain.pots", "domain.safety"})
FORMATS = FACTS | {"wire", "wire.chat"}
UPSTREAM = frozenset({"upstream", "upstream.access", "upstream.http1", "upstream.providers"})
STORAGE = frozenset({"storage", "storage.reports", "storage.sqlite"})
BENEATH = FACTS | UPSTREAM | STORAGE | {"config", "wire", "wire.chat", "wire.anthropic"}
ALLOWED: Mapping[str, frozenset[str]] = {
    "aihub_lite": frozenset(),
    "gateway": frozenset(),
    "web": frozenset(),
    "errors": frozenset(),
    "domain": frozenset({"errors"}),
    "domain.people": FACTS,
    "domain.reports": frozenset({"errors", "domain"}),
    "domain.pots": frozenset({"errors", "domain"}),
    "domain.alerts": frozenset({"errors", "domain"}),
    "domain.safety": frozenset({"errors", "domain"}),
    "domain.settings": FACTS | {"domain.people"},
    "config": FACTS | {"domain.settings"},
    "moving": FACTS | {"domain.people"},
    "moving.litellm": FACTS | {"domain.people", "moving"},
    "moving.gpt_load": FACTS | {"moving"},
    "wire": FACTS,
    "wire.chat": FACTS | {"wire"},
    "wire.passthrough": FORMATS,
    "wire.anthropic": FORMATS,
    "wire.anthropic.upstream": FORMATS | {"wire.anthropic"},
    "wire.anthropic.surface": FORMATS | {"wire.anthropic"},
    "wire.gemini": FORMATS | {"wire.passthrough"},
    "wire.responses": FORMATS | {"wire.passthrough"},
    "wire.cursor": FORMATS | {"wire.anthropic", "wire.anthropic.surface", "wire.responses"},
    "storage.sqlite": frozenset({"errors"}),
    "storage": FACTS | {"storage.requests", "storage.sqlite"},
    "storage.reports": FACTS | {"storage", "storage.sqlite"},
    "storage.requests": FACTS | {"storage.sqlite"},
    "storage.alerts": FACTS | {"domain.alerts", "storage.sqlite"},
    "storage.people": FACTS | {"domain.people", "storage", "storage.sqlite"},
    "storage.safety": FACTS | {"storage.reports", "storage.sqlite"},
    "storage.backups": FACTS | {"storage.sqlite"},
    "storage.pots": FACTS | {"storage", "storage.sqlite"},
    "storage.moving": FACTS | {"domain.people", "storage", "storage.people", "storage.pots", "storage.sqlite"},
    "upstream.http1": frozenset(),
    "upstream.access": FACTS | {"upstream.http1"},
    "upstream.providers": FORMATS | {"upstream.access"},
    "upstream.messengers": FACTS | {"domain.alerts", "upstream", "upstream.http1"},
    "upstream.sso": FACTS | {"upstream", "upstream.http1"},
    "upstream.mail": FACTS | {"upstream"},
    "upstream": FORMATS | {"aihub_lite", "config", "upstream.access", "upstream.http1", "upstream.providers"},
    "gateway.deadline": frozenset(),
    "gateway.steps": frozenset(),
    "gateway.pots": FACTS,
    "gateway.state": BENEATH | {"gateway.pots"},
    "gateway.safety": BENEATH | {"domain.people", "gateway.mail", "gateway.people", "gateway.state", "storage.safety"},
    "gateway.backups": BENEATH | {"gateway.state", "storage.backups"},
    "gateway.people": BENEATH | {"domain.people", "gateway.state", "storage.people"} | {"gateway.pots", "storage.pots"},
    "gateway.mail": FACTS | {"config", "domain.people", "gateway.state", "upstream", "upstream.mail"},
    "gateway.alerts": FACTS
    | {"domain.alerts", "gateway.state", "storage.alerts", "storage.sqlite", "upstream.messengers"},
    "gateway.routing": FORMATS | UPSTREAM | {"wire.anthropic", "gateway.state"},
    "gateway.refusals": FACTS | {"gateway.client", "gateway.state", "storage.requests", "wire"},
    "gateway.client": FACTS | {"gateway.deadline", "gateway.state", "wire"},
    "gateway.adapters": BENEATH
    | {"gateway.client", "gateway.routing", "gateway.state", "wire.gemini", "wire.passthrough", "wire.responses"}
    | {"wire.cursor", "wire.anthropic.surface", "wire.anthropic.upstream"},
    "gateway.line": BENEATH
    | {
        "gateway.adapters",
        "gateway.client",
        "gateway.deadline",
        "gateway.refusals",
        "gateway.routing",
        "gateway.state",
    }
    | {"gateway.pots"},
    "gateway.core": BENEATH
    | {"gateway.adapters", "gateway.client", "gateway.line", "gateway.people", "gateway.refusals", "gateway.routing"}
    | {"gateway.backups", "gateway.mail", "gateway.state", "storage.people", "storage.requests", "upstream.mail"}
    | {"gateway.alerts", "gateway.safety", "storage.safety"},
    "gateway.conditions": BENEATH
    | {"domain.alerts", "gateway.backups", "gateway.core", "gateway.routing", "gateway.steps", "gateway.upkeep"},
    "gateway.upkeep": BENEATH
    | {"gateway.adapters", "gateway.client", "gateway.core", "gateway.routing", "gateway.state", "wire.responses"}
    | {"gateway.backups", "storage.backups", "storage.requests", "wire.anthropic.surface"},
    "gateway.moving": FACTS
    | {"domain.people", "gateway.core", "gateway.state", "moving", "storage.moving", "upstream.providers"},
    "gateway.rehearsal": FACTS
    | {"gateway.alerts", "storage.alerts"}
    | {"domain.people", "gateway.core", "gateway.people", "gateway.pots", "gateway.state"}
    | {"storage", "storage.people", "storage.pots", "storage.sqlite"},
    "web.crash_log": frozenset({"errors"}),
    "web.framework": frozenset(),
    "web.body": FACTS | {"gateway.core", "web.framework", "web.relay"},
    "web.views": FACTS | {"gateway.state"},
    "web.rates": FACTS | {"web.views"},
    "web.limits": FACTS | {"gateway.core", "gateway.routing", "web.views"},
    "web.overrides": FACTS | {"upstream", "web.views"},
    "web.requests": FACTS | {"gateway.core", "storage", "storage.requests", "web.views"},
    "web.spans": FACTS | {"storage"},
    "web.safety": FACTS | {"gateway.core", "storage.safety", "web.views"},
    "web.remaining": FACTS | {"domain.people", "gateway.core", "gateway.pots", "web.views"},
    "web.pots": FACTS | {"gateway.core", "gateway.people", "gateway.pots", "web.remaining", "web.views"},
    "web.pauses": FACTS | {"domain.people", "gateway.core", "web.views"},
    "web.sums": FACTS | {"storage", "storage.reports", "web.views"},
    "web.reports": FACTS
    | {
        "gateway.core",
        "gateway.state",
        "storage",
        "storage.reports",
        "web.spans",
        "gateway.steps",
        "web.sums",
        "web.views",
    },
    "web.search": FACTS | {"gateway.core", "storage", "web.admin", "web.views"},
    "web.way_out": FACTS | {"gateway.core", "web.views"},
    "web.gate": FACTS | {"wire", "gateway.client", "web.crash_log"},
    "web.trail": FACTS | {"domain.people", "gateway.core", "gateway.people"},
    "web.access": FACTS | {"domain.people", "storage", "web.framework"},
    "web.sign_in": FACTS
    | {"domain.people", "gateway.core", "gateway.people", "gateway.state", "storage", "storage.people"}
    | {"web.access", "web.framework"},
    "web.guard": frozenset({"gateway.core", "web.access", "web.framework", "web.sign_in"}),
    "web.relay": BENEATH
    | {"gateway.adapters", "gateway.client", "gateway.core", "gateway.line", "gateway.state", "wire.anthropic.surface"}
    | {"gateway.refusals", "web.crash_log", "web.spans", "gateway.steps", "web.sums", "web.views"}
    | {"web.pots", "web.reports"},
    "web.admin": BENEATH
    | {
        "aihub_lite",
        "domain.people",
        "gateway.client",
        "gateway.core",
        "gateway.people",
        "gateway.state",
        "gateway.upkeep",
        "storage.requests",
    }
    | {
        "web.access",
        "web.body",
        "web.framework",
        "web.limits",
        "web.overrides",
        "web.rates",
        "web.relay",
        "web.reports",
        "web.requests",
        "web.sign_in",
        "web.spans",
        "gateway.steps",
        "web.sums",
        "web.trail",
        "web.views",
        "web.way_out",
    }
    | {"web.pauses", "web.pots", "web.remaining", "domain.alerts", "gateway.conditions"},
    "web.admin.alerts": FACTS
    | {"gateway.alerts"}
    | {"domain.alerts", "gateway.core", "gateway.people", "storage.alerts", "web.admin", "web.framework", "web.views"},
    "web.admin.people": FACTS
    | {"domain.people", "gateway.core", "gateway.people", "gateway.state", "storage.people", "web.access", "web.admin"}
    | {"gateway.mail"}
    | {"web.framework", "web.pauses", "web.remaining", "web.views"},
    "web.doctor": BENEATH
    | {"aihub_lite", "gateway.conditions", "gateway.core", "storage.backups", "web.admin", "web.console", "web.views"},
    "web.console.care": FACTS | {"web.admin.care", "web.console", "web.doctor", "web.framework"},
    "web.admin.care": FACTS
    | {"web.console", "web.doctor", "web.safety"}
    | {"gateway.backups", "gateway.core", "storage.backups", "web.admin", "web.framework", "web.views"},
    "web.admin.pots": FACTS | {"gateway.core", "web.access", "web.admin", "web.framework", "web.pots", "web.views"},
    "web.admin.moving": FACTS
    | {"gateway.core", "gateway.moving", "moving", "web.access", "web.admin", "web.body"}
    | {"web.framework", "web.views"},
    "web.admin.undo": FACTS | {"web.admin", "web.framework", "web.rates", "web.views"},
    "web.configuration": FACTS
    | {"config", "domain.people", "gateway.core", "gateway.people", "gateway.rehearsal", "gateway.state"}
    | {"gateway.upkeep", "upstream", "upstream.providers", "web.admin", "web.admin.people", "web.admin.pots"}
    | {"web.body", "web.description", "web.framework", "web.limits", "web.overrides", "web.views", "web.way_out"}
    | {"domain.alerts", "gateway.alerts", "gateway.conditions", "storage.backups", "web.admin.alerts"},
    "web.console": FACTS
    | {
        "aihub_lite",
        "gateway.core",
        "storage",
        "storage.reports",
        "storage.requests",
        "upstream.providers",
        "web.admin",
    }
    | {
        "web.body",
        "web.framework",
        "web.rates",
        "web.reports",
        "web.requests",
        "web.sign_in",
        "web.spans",
        "gateway.steps",
    }
    | {"web.sums", "web.safety", "web.views"}
    | {"domain.people", "gateway.people", "web.access", "web.search"},
    "web.me": FACTS
    | {"domain.people", "gateway.core", "gateway.people", "storage", "storage.people", "web.access", "web.admin"}
    | {
        "storage.requests",
        "web.framework",
        "web.relay",
        "web.requests",
        "web.sign_in",
        "web.spans",
        "web.sums",
        "web.trail",
    }
    | {"web.pots", "web.remaining", "web.views"},
    "web.console.me": FACTS
    | {"domain.people", "gateway.core", "gateway.people", "storage", "web.access", "web.admin", "web.console"}
    | {"storage.requests", "web.console.pots", "web.framework", "web.me", "web.spans", "web.sums", "web.views"},
    "web.console.ways_in": FACTS
    | {"domain.people", "gateway.core", "gateway.people", "storage.people", "upstream", "upstream.sso", "web.admin"}
    | {"web.console", "web.framework", "web.me", "web.sign_in"},
    "web.description": FACTS | {"aihub_lite", "config", "web.access", "web.admin", "web.framework", "web.views"},
    "web.docs": FACTS
    | {"aihub_lite", "config", "gateway.core", "upstream.providers", "wire", "wire.anthropic.upstream", "wire.gemini"}
    | {"web.access", "web.admin", "web.console", "web.description", "web.framework", "web.relay", "web.sign_in"}
    | {"web.views"},
    "web.console.people": FACTS
    | {"domain.people", "gateway.core", "gateway.people", "storage.reports", "web.admin", "web.admin.people"}
    | {"web.console", "web.framework", "web.reports", "web.spans", "web.sums", "web.views"},
    "web.console.alerts": frozenset({"domain.alerts", "web.admin", "web.admin.alerts", "web.console", "web.framework"}),
    "web.console.pots": FACTS
    | {"gateway.core", "web.admin", "web.admin.pots", "web.console", "web.framework", "web.pots", "web.views"},
    "web.administration": FACTS
    | {"gateway.client", "gateway.core", "wire", "web.admin", "web.admin.people", "web.console"}
    | {
        "web.console.me",
        "web.console.people",
        "web.console.ways_in",
        "web.crash_log",
        "web.docs",
        "web.framework",
        "web.gate",
        "web.guard",
        "web.me",
        "web.relay",
        "web.sign_in",
    }
    | {
        "web.admin.alerts",
        "web.admin.care",
        "web.console.care",
        "web.doctor",
        "web.admin.moving",
        "web.admin.pots",
        "web.admin.undo",
        "web.configuration",
        "web.console.alerts",
        "web.console.pots",
        "web.description",
    },
    "web.app": FACTS
    | {"gateway.client", "gateway.core", "gateway.upkeep", "storage"}
    | {"web.administration", "web.gate", "web.relay", "web.sign_in"},
    "telemetry": BENEATH
    | {"aihub_lite", "gateway.client", "gateway.core", "gateway.refusals", "gateway.routing", "gateway.state"}
    | {"gateway.conditions", "gateway.steps", "web.gate", "web.relay"},
    "server.http1": FACTS | {"gateway.client", "wire"},
    "server": BENEATH
    | {"gateway.client", "gateway.conditions", "gateway.core", "gateway.state", "gateway.upkeep", "server.http1"}
    | {"telemetry", "web.app", "web.configuration", "web.gate", "web.sign_in"}
    | {"domain.alerts", "domain.settings", "storage.alerts", "upstream.messengers"},
    "cli.serving": frozenset(),
    "cli.base": FACTS
    | {"config", "storage.sqlite", "gateway.core", "gateway.state", "gateway.upkeep", "web.admin", "web.app"},
    "cli.service": frozenset({"cli.base", "config"}),
    "cli": FACTS
    | {
        "aihub_lite",
        "cli.base",
        "cli.service",
        "cli.serving",
        "config",
        "moving",
        "storage.backups",
        "storage.sqlite",
        "gateway.state",
    }
    | {"server", "web.configuration"}
    | {"moving.gpt_load", "moving.litellm"},
    "__main__": frozenset({"cli"}),
}
"""What each room may import; its own files always, nothing else of ours."""

ONLY_IN: Mapping[str, frozenset[str]] = {
    "litestar": frozenset(
        {"web.administration", "web.framework", "web.admin", "web.console", "web.docs", "web.sign_in"}
    )
    | {"web.console.me", "web.console.ways_in", "web.guard", "web.me"}
    | {"web.admin.people", "web.console.people", "web.trail"}
    | {
        "web.admin.alerts",
        "web.admin.care",
        "web.console.care",
        "web.admin.moving",
        "web.admin.pots",
        "web.admin.undo",
        "web.configuration",
        "web.console.alerts",
        "web.console.pots",
        "web.description",
    },
    "apprise": frozenset({"upstream.messengers"}),
    "pyrage": frozenset({"storage.backups"}),
    "webauthn": frozenset({"gateway.people"}),
    "aiosmtplib": frozenset({"upstream.mail"}),
    "joserfc": frozenset({"upstream.sso"}),
    "argon2": frozenset({"gateway.people"}),
    "markdown_it": frozenset({"web.docs"}),
    "pygments": frozenset({"web.docs"}),
    "jinja2": frozenset({"web.console"}),
    "aiosqlite": frozenset({"storage.sqlite"}),
    "sqlite3": frozenset(
        {"storage", "storage.people", "storage.reports", "storage.pots", "storage.requests", "storage.sqlite"}
        | {"moving", "storage.alerts", "storage.backups"}
    ),
    "yaml": frozenset({"moving.litellm"}),
    "pg8000": frozenset({"moving"}),
    "pymysql": frozenset({"moving"}),
    "nacl": frozenset({"moving"}),
    "hypercorn": frozenset({"server"}),
    "h11": frozenset({"server"}),
    "httptools": frozenset({"server.http1", "upstream.http1"}),
    "opentelemetry": frozenset({"telemetry"}),
    "prometheus_client": frozenset({"telemetry"}),
    "python_socks": frozenset({"upstream.http1"}),
    "h2": frozenset({"server"}),
    "uvloop": frozenset({"server"}),
    "httpx": frozenset({"upstream", "upstream.http1", "cli.base"}),
    "genai_prices": frozenset({"upstream"}),
    "google": frozenset({"upstream.access"}),
    "typer": frozenset({"cli", "cli.base", "cli.service"}),
    "multipart": frozenset({"wire"}),
    "tomli_w": frozenset({"web.configuration"}),
}
"""Libraries that only some rooms may know."""

MOST_FILES = 20
MOST_LINES = 400
LONGEST_FUNCTION = 60


def module_name(path: Path) -> str:
    """`aihub_lite.wire.chat.answer`; a package goes by its own name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str:
    """The room that a module stands in."""
    folder = ".".join(MODULES[module].parent.relative_to(PACKAGE).parts)
    if folder in ("", *HOLDS_ROOMS):
        return module.removeprefix("aihub_lite.")
    return folder


def imports(module: str) -> Iterator[str]:
    """Every module that one imports, those of others by their first name; type checking counts too."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            if not node.module.startswith("aihub_lite"):
                yield node.module.partition(".")[0]
                continue
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


@functools.cache
def arrows() -> dict[str, frozenset[str]]:
    """What each module imports: only for whoever asks a test here, as every worker imports this file."""
    return {module: frozenset(imports(module)) for module in MODULES}


TREES = ("aihub_lite", "tests", "examples")
FOLDERS = sorted(
    {path.parent for tree in TREES for path in (ROOT / tree).rglob("*.*") if path.parent.name != "__pycache__"}
)


def entered(module: str) -> set[str]:
    """The rooms that a module imports from, its own left out."""
    return {room_of(other) for other in arrows()[module] if other in MODULES} - {room_of(module)}


def test_a_module_imports_only_what_its_room_may() -> None:
    strays = {module: entered(module) - ALLOWED.get(room_of(module), frozenset()) for module in MODULES}
    assert {} == {module: rooms for module, rooms in strays.items() if rooms}


def test_every_room_is_drawn() -> None:
    assert set(ALLOWED) == {room_of(module) for module in MODULES}


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_known_only_to_its_own_rooms(library: str) -> None:
    assert {room_of(module) for module, names in arrows().items() if library in names} <= ONLY_IN[library]


def test_no_room_leads_back_to_itself() -> None:
    """What may be imported is a set of floors: every arrow goes down."""
    left = dict(ALLOWED)
    while ground := [room for room, others in left.items() if not others & left.keys()]:
        for room in ground:
            del left[room]
    assert {} == left


def test_no_module_imports_itself_through_others() -> None:
    left = {module: {other for other in names if other in MODULES} for module, names in arrows().items()}
    while ground := [module for module, others in left.items() if not others & left.keys()]:
        for module in ground:
            del left[module]
    assert {} == left


def test_a_folder_says_what_it_is_for_and_what_it_may_import() -> None:
    folders = {
        module: path for module, path in MODULES.items() if path.name == "__init__.py" and path.parent != PACKAGE
    }
    texts = {module: ast.get_docstring(ast.parse(path.read_text())) or "" for module, path in folders.items()}
    assert [] == [module for module, text in texts.items() if len(text.splitlines()) < 2]


def test_a_folder_holds_at_most_twenty_files() -> None:
    """But for the schema's steps, which are a list: none is ever taken away."""
    rooms = [folder for folder in FOLDERS if folder.name != "schema"]
    sizes = {str(folder.relative_to(ROOT)): sum(path.is_file() for path in folder.iterdir()) for folder in rooms}
    assert {} == {folder: size for folder, size in sizes.items() if size > MOST_FILES}


def test_a_module_has_at_most_four_hundred_lines() -> None:
    lengths = {module: len(path.read_text().splitlines()) for module, path in MODULES.items()}
    assert {} == {module: length for module, length in lengths.items() if length > MOST_LINES}


def test_a_function_has_at_most_sixty_lines() -> None:
    lengths = {
        (module, node.name): (node.end_lineno or 0) - node.lineno + 1
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {} == {function: length for function, length in lengths.items() if length > LONGEST_FUNCTION}


def test_no_class_name_stands_twice_outside_the_packages_of_formats() -> None:
    """Inside them a name may say the same thing of two formats: `gemini.Names`, `anthropic.Names`."""
    places: dict[str, list[str]] = defaultdict(list)
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    strays = {name: found for name, found in twice.items() if len({_package(module) for module in found}) < len(found)}
    assert {} == strays


def _package(module: str) -> str:
    """The format's package; everything outside is one."""
    room = room_of(module)
    return room if room.startswith("wire.") else ""
