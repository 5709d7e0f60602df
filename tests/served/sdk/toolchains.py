"""The client programs: what each needs on the machine, how it is built once, how it is run.

What is built lies in pytest's cache, in a directory named after its sources and this file, so that a second run
builds nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

HERE = Path(__file__).parent
BUILD_WITHIN = 540.0
RUN_WITHIN = 300.0
"""Seconds; far more than is needed, so that a hang ends and a slow machine passes."""
TRIES = 3
"""Of what is fetched: a network that fails for a moment is no reason to fail a test."""

Command = tuple[str, ...]
Steps = Callable[[Path], list[Command]]


class Unavailable(Exception):
    """A toolchain or its packages cannot be had on this machine; the text says which and why."""


@attrs.frozen
class Kit:
    """One language's packages and programs. `sources` are relative to this directory.

    What `fetch` cannot do is the network's fault and makes the kit unavailable; what `compile` cannot is ours.
    """

    name: str
    sources: tuple[str, ...]
    tools: tuple[str, ...]
    fetch: Steps
    compile: Steps = attrs.field(default=lambda target: [])

    def built(self, cache: Path) -> Path:
        """The directory with everything in place; raises Unavailable."""
        if missing := [tool for tool in self.tools if shutil.which(tool) is None]:
            raise Unavailable(f"{self.name}: not on this machine: {', '.join(missing)}")
        target = cache / f"{self.name}-{self._fingerprint()}"
        with target.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # whoever tests beside us waits for what we build
            if not (target / "complete").exists():
                shutil.rmtree(target, ignore_errors=True)
                self._build(target)
                (target / "complete").touch()
        return target

    def _build(self, target: Path) -> None:
        for source in self.sources:
            (target / source).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HERE / source, target / source)
        for command in self.fetch(target):
            self._fetch(command, target)
        for command in self.compile(target):
            done = self._run(command, target)
            assert 0 == done.returncode, done.stdout[-8000:]

    def _fetch(self, command: Command, target: Path) -> None:
        """What the network does not give, it may give when it is asked once more. Raises Unavailable."""
        said = ""
        for _ in range(TRIES):
            try:
                done = self._run(command, target)
            except subprocess.TimeoutExpired:
                said = f"not done within {BUILD_WITHIN:.0f} s"
                break
            if not done.returncode:
                return
            said = done.stdout[-2000:]
        raise Unavailable(f"{self.name}: {' '.join(command)} failed: {said}")

    def _run(self, command: Command, target: Path) -> subprocess.CompletedProcess[str]:
        """In the machine's own environment: proxies, certificates and package indexes are its business."""
        return subprocess.run(
            command,
            cwd=target / self.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_WITHIN,
            check=False,
        )

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(f"{sys.executable} {sys.version} {platform.machine()}".encode())
        for source in (__file__, *self.sources):
            digest.update((HERE / source).read_bytes())
        return digest.hexdigest()[:12]


@attrs.frozen
class Client:
    """A client program. `unsupported` names what the client cannot do, so that nobody asserts on it."""

    name: str
    kit: Kit
    command: Callable[[Path], Command]
    unsupported: frozenset[str] = frozenset()

    def run(self, cache: Path, environment: Mapping[str, str]) -> str:
        """What the program prints; raises Unavailable. It gets `environment` and nothing of ours but PATH."""
        target = self.kit.built(cache)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        done = subprocess.run(
            self.command(target),
            cwd=target,
            env={**kept, "HOME": str(target), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_WITHIN,
            check=False,
        )
        assert 0 == done.returncode, done.stderr[-8000:]
        return done.stdout


def _python_kit(name: str, *programs: str) -> Kit:
    requirements = f"python/{name}.txt"

    def fetch(target: Path) -> list[Command]:
        pip = (python_of(target), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
        return [
            (sys.executable, "-m", "venv", str(target / "venv")),
            # Most modules are never imported: the first run compiles those that are.
            (*pip, "--no-compile", "--no-deps", "--requirement", str(target / requirements)),
        ]

    sources = (requirements, *(f"python/{program}.py" for program in programs))
    return Kit("python", sources, (), fetch)


def python_of(target: Path) -> str:
    """The interpreter of a kit of Python's."""
    return str(target / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python")


def _python_client(name: str, kit: Kit, program: str, *unsupported: str) -> Client:
    return Client(name, kit, lambda target: (python_of(target), f"python/{program}.py"), frozenset(unsupported))


NODE = Kit(
    "node",
    ("node/package.json", "node/package-lock.json", "node/client.js"),
    ("node", "npm"),
    lambda target: [("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")],
)

CODING = Kit(
    "coding",
    ("coding/package.json", "coding/package-lock.json"),
    ("node", "npm"),
    # Not `ci`: it refuses a lock file that leaves out optional packages of other platforms that no index has.
    lambda target: [("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")],
)

REFUSED_LIBRARIES = Kit(
    "libraries",
    ("libraries/package.json", "libraries/package-lock.json", "libraries/refused.js", "libraries/librechat.js"),
    ("node", "npm"),
    lambda target: [("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")],
)

AISDK = Kit(
    "aisdk",
    ("aisdk/package.json", "aisdk/package-lock.json", "aisdk/client.js"),
    ("node", "npm"),
    lambda target: [("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")],
)

UNOPTIMISED = "-gcflags=all=-N -l"
"""The official Go client is so large that optimising it takes a minute, which no test would notice."""

GO = Kit(
    "go",
    ("go/go.mod", "go/go.sum", "go/seen/seen.go", "go/go-openai/main.go", "go/openai-go/main.go"),
    ("go",),
    lambda target: [("go", "mod", "download")],
    lambda target: [("go", "build", "-mod=readonly", "-buildvcs=false", UNOPTIMISED, "-o", f"{target}/bin/", "./...")],
)

JAVA = Kit(
    "java",
    ("java/pom.xml", "java/Client.java"),
    ("java", "javac", "mvn"),
    lambda target: [
        ("mvn", "--quiet", "--batch-mode", "dependency:copy-dependencies", f"-DoutputDirectory={target / 'lib'}")
    ],
    lambda target: [("javac", "-cp", str(target / "lib" / "*"), "-d", str(target / "classes"), "Client.java")],
)

CURRENT = _python_kit(
    "current", "openai_client", "langchain_client", "llm_client", "endpoints_client", "pointing_client"
)
AGENTS = _python_kit("agents", "agents_client")
OLDER = _python_kit("older", "openai_client")
LIBRARIES = _python_kit("refused", "refused_client")
AIDER = _python_kit("aider")
LLAMA_INDEX = _python_kit("llamaindex")
GENERATOR = _python_kit("generator", "generated_client")
FUZZER = _python_kit("fuzzer")

PYTHON_CLIENTS = (
    _python_client("openai-python-3.54.0", CURRENT, "openai_client"),
    _python_client("openai-python-2.29.0", OLDER, "openai_client"),
    _python_client("langchain-openai-1.7.4", CURRENT, "langchain_client", "async", "models"),
)
ENDPOINTS = _python_client("openai-python-3.54.0 beside chat", CURRENT, "endpoints_client")
POINTING = _python_client("pointing-clients-of-python", CURRENT, "pointing_client")
OPENAI_AGENTS = _python_client("openai-agents-0.24.0", AGENTS, "agents_client")
LLM = _python_client("llm-0.36", CURRENT, "llm_client")
RESPONSES = Client("responses-of-node", AISDK, lambda target: ("node", "aisdk/client.js"))
OTHER_CLIENTS = (
    Client("openai-node-6.30.1", NODE, lambda target: ("node", "node/client.js"), frozenset({"async"})),
    Client(
        "go-openai-1.42.0",
        GO,
        lambda target: (str(target / "bin" / "go-openai"),),
        frozenset({"async", "headers", "retries"}),
    ),
    Client("openai-go-3.58.0", GO, lambda target: (str(target / "bin" / "openai-go"),), frozenset({"async"})),
    Client(
        "openai-java-4.36.0",
        JAVA,
        lambda target: ("java", "-cp", os.pathsep.join((str(target / "classes"), str(target / "lib" / "*"))), "Client"),
        frozenset({"async"}),
    ),
)
