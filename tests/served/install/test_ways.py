"""A wheel, one file, an image: what comes of this checkout starts, answers, and is no larger than it should be."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
import yaml

from aihub_lite.config import unknown_variables
from tests.support import rawclient
from tests.support.process import ROOT, START_WITHIN, Process, clean_environment

pytestmark = pytest.mark.sdk

EXAMPLES = ROOT / "examples"
MOST_MB = 140
"""What an installation may weigh without Python, as README says."""
LARGEST_FILE_MB = 40
PASSWORDLESS = 10001
"""The account of the image."""


SYSTEM_PYTHON = "/usr/bin/python3"
"""One that every account may run."""


def runs_packages(python: str) -> bool:
    """Whether what was installed for this Python runs with that one."""
    version = "import sys; print(sys.version_info[:2])"
    if not Path(python).exists():
        return False
    said = subprocess.run([python, "-c", version], check=False, capture_output=True, text=True)
    return said.stdout.strip() == str(sys.version_info[:2])


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a command prints; fails with all of it when it does."""
    finished = subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True, timeout=600)
    assert 0 == finished.returncode, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def packages() -> Iterator[Path]:
    """All that is installed with it, in one directory, by the wheel that is built of this checkout.

    Every account may read it: pytest's own directories are closed to all but one.
    """
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        # A build leaves its traces in the tree it is made in.
        source = directory / "source"
        shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "node_modules", "tests", "__pycache__"))
        run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", directory / "wheel", source)
        (wheel,) = (directory / "wheel").glob("aihub_lite-*.whl")
        target = directory / "packages"
        run(sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--target", target, wheel)
        target.chmod(0o755)
        yield target


def megabytes(directory: Path) -> float:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file()) / 1e6


@attrs.frozen
class Started:
    """A server that was started one of the ways, on a data directory of its own."""

    process: Process
    url: str
    key: str

    def asked(self) -> str:
        """The finish reason of a first call."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        body = b'{"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}'
        answer = rawclient.request(self.url, "POST", "/v1/chat/completions", headers, body).json()
        reason: str = answer["choices"][0]["finish_reason"]
        return reason


@contextmanager
def started(command: tuple[str, ...], home: Path, variables: Mapping[str, str], user: int = -1) -> Iterator[Started]:
    """A first start; ended at the end of the block."""
    account = {} if user < 0 else {"user": user, "group": user, "extra_groups": []}
    process = Process(
        subprocess.Popen(
            command,
            cwd=home,
            env=clean_environment(home, {}, variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **account,  # type: ignore[call-overload]
        )
    )
    with process:
        line = process.stdout.wait_line(lambda line: line.startswith("Listening on "), 2 * START_WITHIN)
        assert line, process.output
        key = re.search(r"sk-\w+", process.stdout.text)
        assert key, process.output
        yield Started(process, line.removeprefix("Listening on "), key[0])


def test_an_installation_weighs_no_more_than_it_may(packages: Path) -> None:
    assert megabytes(packages) <= MOST_MB


def test_one_file_starts_where_python_is(packages: Path, tmp_path: Path) -> None:
    """Twice: the second time from what the first has unpacked."""
    file = tmp_path / "aihub-lite.pyz"
    maker = tmp_path / "maker"
    run(sys.executable, "-m", "pip", "install", "-q", "--target", maker, "shiv")
    environment = {**os.environ, "PYTHONPATH": str(maker)}
    made = [sys.executable, "-m", "shiv.cli", "--site-packages", str(packages), "-c", "aihub-lite", "-o", str(file)]
    subprocess.run(made, check=True, env=environment)
    assert file.stat().st_size / 1e6 < LARGEST_FILE_MB
    command = (sys.executable, str(file), "serve", "--port", "0")
    for data in ("first", "second"):
        variables = {"AIHUB_DATA_DIR": str(tmp_path / data), "SHIV_ROOT": str(tmp_path / "unpacked")}
        with started(command, tmp_path, variables) as gateway:
            assert "stop" == gateway.asked()


def other_pythons() -> list[str]:
    """Interpreters of other versions that it is made for, as far as this machine has them."""
    found: dict[str, str] = {}
    for version in ("3.11", "3.12", "3.13", "3.14"):
        if version == f"{sys.version_info.major}.{sys.version_info.minor}":
            continue
        candidates = [
            shutil.which(f"python{version}"),
            *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")),
        ]
        for python in filter(None, candidates):
            ran = subprocess.run([python, "-c", "import venv, sqlite3, ssl"], check=False, capture_output=True)
            if ran.returncode == 0:
                found.setdefault(version, python)
    return list(found.values())


@pytest.mark.skipif(not other_pythons(), reason="this machine has one Python alone")
def test_it_starts_on_every_python_that_is_here(packages: Path, tmp_path: Path) -> None:
    (wheel,) = packages.with_name("wheel").glob("*.whl")
    for number, python in enumerate(other_pythons()):
        home = tmp_path / str(number)
        run(python, "-m", "venv", home)
        run(home / "bin" / "pip", "install", "-q", "--no-compile", wheel)
        command = (str(home / "bin" / "aihub-lite"), "serve", "--port", "0")
        with started(command, tmp_path, {"AIHUB_DATA_DIR": str(home / "data")}) as gateway:
            assert "stop" == gateway.asked()


class Dockerfile:
    """The last stage of the image's recipe, as far as it says how the program runs."""

    def __init__(self) -> None:
        text = (EXAMPLES / "Dockerfile").read_text(encoding="utf-8")
        self.lines = text.partition("\nFROM ")[2].partition("\nFROM ")[2].splitlines()
        self.variables = dict(re.findall(r"(\w+)=(\S+)", self.of("ENV")))
        self.command = [*yaml.safe_load(self.of("ENTRYPOINT")), *yaml.safe_load(self.of("CMD"))]
        self.health = yaml.safe_load(self.of("HEALTHCHECK").partition(" CMD ")[2])

    def of(self, instruction: str) -> str:
        """The arguments of an instruction that stands there once."""
        (line,) = [line for line in self.lines if line.startswith(f"{instruction} ")]
        return line.removeprefix(f"{instruction} ")


def test_the_image_sets_variables_that_exist() -> None:
    ours = {name: value for name, value in Dockerfile().variables.items() if name.startswith("AIHUB_")}
    assert {"AIHUB_HOST", "AIHUB_DATA_DIR"} == set(ours)
    assert [] == list(unknown_variables(ours))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes the image's account")
@pytest.mark.skipif(not runs_packages(SYSTEM_PYTHON), reason="there is no Python of this version that all may run")
def test_what_the_image_runs_needs_no_place_but_its_data(packages: Path) -> None:
    """Its own command and health check, as its account, which may write nowhere but in the volume and in /tmp."""
    image = Dockerfile()
    assert str(PASSWORDLESS) == image.of("USER")
    data = packages.with_name("data")
    data.mkdir(mode=0o700)
    os.chown(data, PASSWORDLESS, PASSWORDLESS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    program, *arguments = image.command
    assert "aihub-lite" == program
    command = (SYSTEM_PYTHON, "-m", "aihub_lite", *arguments, "--port", port)
    variables = {**image.variables, "PATH": os.environ["PATH"], "AIHUB_DATA_DIR": str(data), "HOME": "/nowhere"}
    variables["PYTHONPATH"] = str(packages)
    with started(command, data, variables, user=PASSWORDLESS) as gateway:
        asked = rawclient.request(f"http://127.0.0.1:{port}", "GET", "/healthz").status
        health = [word.replace("4242", port) for word in image.health]
        healthy = subprocess.run([SYSTEM_PYTHON, *health[1:]], check=False, capture_output=True, text=True)
        assert (200, 0, "stop") == (asked, healthy.returncode, gateway.asked()), healthy.stderr
    assert 0o600 == (data / "aihub.db").stat().st_mode & 0o777
    unhealthy = subprocess.run([SYSTEM_PYTHON, *health[1:]], check=False, capture_output=True, text=True)
    assert unhealthy.returncode


def test_compose_runs_the_image_with_a_root_that_nobody_writes() -> None:
    read = yaml.safe_load((EXAMPLES / "compose.yaml").read_text(encoding="utf-8"))
    service = read["services"]["aihub-lite"]
    assert (EXAMPLES / "compose.yaml").parent.joinpath(service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert (True, ["data:/data"], {"data": None}) == (service["read_only"], service["volumes"], read["volumes"])
    assert [] == list(unknown_variables(dict.fromkeys(service["environment"], "")))
    assert ["127.0.0.1:4242:4242"] == service["ports"]
