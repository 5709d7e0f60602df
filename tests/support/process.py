"""The real command line in processes of its own: started, watched, ended by pid."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import attrs
import msgspec

from aihub_lite.config import Settings
from tests.support.nursery import Born

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "aihub_lite")
START_WITHIN = 60.0
"""Seconds; generous, because a loaded machine is slow and a start that takes long has its own test."""

SCALED: Mapping[str, object] = {
    "connect_timeout": 2,
    "first_byte_timeout": 3,
    "idle_timeout": 3,
    "answer_timeout": 3,
    "body_timeout": 2,
    "write_timeout": 2,
    "total_timeout": 20,
    "max_attempts": 3,
    "queue_timeout": 0.5,
    "fault_cooldown": 0.3,
    "abort_grace": 2,
    "usage_grace": 1,
    "drain_timeout": 2,
    "auth_failures_per_minute": 0,
    "admin_failures_per_minute": 0,
    "rpm": 0,
    "log_level": "DEBUG",
}
"""Settings for tests: clocks of seconds, no limits but those a test sets, everything logged."""

SERVER = os.environ.get("SERVER_UNDER_TEST", Settings().server)
"""Which of the servers the tests' gateways run: all served tests hold for each."""

_LISTENING = re.compile(r"^Listening on (https?://\S+)$")


def clean_environment(home: Path, settings: Mapping[str, object], extra: Mapping[str, str]) -> dict[str, str]:
    """No key, proxy or setting of the surrounding shell; `settings` become AIHUB_* variables."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    ours = {f"AIHUB_{name.upper()}": str(value) for name, value in settings.items()}
    fixed = {"HOME": str(home), "PYTHONUNBUFFERED": "1", "AIHUB_DISCOVER_LOCAL": "0", "AIHUB_SERVER": SERVER}
    return {**kept, **fixed, **ours, **extra}


@attrs.define(eq=False)
class Output:
    """One of a process's streams, read by a thread as it comes."""

    pipe: IO[bytes]
    lines: list[str] = attrs.field(factory=list)
    ended: bool = False
    _judged: int = 0
    _news: threading.Condition = attrs.field(factory=threading.Condition)
    _thread: threading.Thread = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        begun = b""
        while not self.ended:
            self._something_to_read(None)
            # Reading and keeping are one step, so whoever holds the lock and finds the pipe empty has seen everything.
            with self._news:
                data = os.read(self.pipe.fileno(), 65536)
                *whole, begun = (begun + data).split(b"\n")
                if not data:
                    self.ended = True
                    whole += [begun] if begun else []
                self.lines += [line.decode("utf-8", "replace") for line in whole]
                self._news.notify_all()

    def _something_to_read(self, milliseconds: int | None) -> bool:
        """Whether bytes, or the end, come within so long; None waits for them."""
        poll = select.poll()
        poll.register(self.pipe.fileno(), select.POLLIN)
        return bool(poll.poll(milliseconds))

    @property
    def text(self) -> str:
        """All lines so far."""
        return "\n".join(list(self.lines))

    def news(self) -> str:
        """What came since the last call, all that was written before it: one test's trouble is not the next one's."""
        with self._news:
            self._news.wait_for(lambda: self.ended or not self._something_to_read(0), START_WITHIN)
            fresh = self.lines[self._judged :]
            self._judged += len(fresh)
        return "\n".join(fresh)

    def wait_line(self, wanted: Callable[[str], bool], timeout: float) -> str | None:
        """The first line that is wanted; None when the stream ends or the time is up without one."""
        with self._news:
            self._news.wait_for(lambda: self.ended or any(map(wanted, self.lines)), timeout)
            return next(filter(wanted, self.lines), None)

    def close(self) -> None:
        """Reads the rest and closes; the process must have ended."""
        self._thread.join(5)
        # A child that outlives the process holds the stream open; closed, its number might soon be another file's.
        if not self._thread.is_alive():
            self.pipe.close()


@attrs.frozen
class Finished:
    """A command that ran to its end."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """What it printed on stdout."""
        return msgspec.json.decode(self.stdout)


class Process:
    """A running command; leaving `with` ends it: SIGTERM, then SIGKILL."""

    def __init__(self, popen: subprocess.Popen[bytes] | Born) -> None:
        self.popen = popen
        assert popen.stdout is not None
        assert popen.stderr is not None
        self.stdout = Output(popen.stdout)
        self.stderr = Output(popen.stderr)

    @classmethod
    def spawn(cls, command: tuple[str, ...], environment: Mapping[str, str]) -> Self:
        """Any command, with nothing in its environment but this."""
        return cls(
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    @property
    def output(self) -> str:
        """stdout and stderr so far, the latter last."""
        return f"{self.stdout.text}\n{self.stderr.text}"

    def news(self) -> str:
        """What came on both since the last call: one test's trouble is not the next one's."""
        return f"{self.stdout.news()}\n{self.stderr.news()}"

    def rss_kb(self) -> int:
        """Resident memory in kB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1])  # type: ignore[index]

    def fds(self) -> list[str]:
        """What every open file descriptor points to."""
        targets = []
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                targets.append(str(link.readlink()))
            except FileNotFoundError:
                continue  # closed while we looked
        return targets

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal if the process still runs."""
        if self.running:
            self.popen.send_signal(number)

    def terminate(self) -> None:
        """Sends SIGTERM, on which a gateway drains."""
        self.signal(signal.SIGTERM)

    def kill(self) -> int:
        """SIGKILL, and the exit code."""
        self.signal(signal.SIGKILL)
        return self.wait(20)

    def wait(self, timeout: float) -> int:
        """The exit code; raises subprocess.TimeoutExpired."""
        return self.popen.wait(timeout)

    def end(self, timeout: float = 20.0) -> int:
        """Ends it whatever it takes and closes the pipes; the exit code."""
        self.terminate()
        try:
            code = self.wait(timeout)
        except subprocess.TimeoutExpired:
            code = self.kill()
        self.stdout.close()
        self.stderr.close()
        return code


class NotStarted(Exception):
    """The server did not say that it listens; the text is its output."""


@attrs.frozen
class Home:
    """A data directory with the environment that everything run on it gets."""

    directory: Path
    settings: Mapping[str, object] = SCALED
    environment: Mapping[str, str] = attrs.field(factory=dict)
    command: tuple[str, ...] | None = None
    """What starts a process as a person would; else it comes from the nursery, which takes a tenth of the time."""

    def process(self, *arguments: str) -> Process:
        """Any command on this data directory, not waited for."""
        variables = {"AIHUB_DATA_DIR": str(self.directory), **self.environment}
        environment = clean_environment(self.directory.parent, self.settings, variables)
        if self.command:
            return Process.spawn((*self.command, *arguments), environment)
        return Process(Born(arguments, environment))

    def serve(self, *arguments: str) -> tuple[Process, str]:
        """A server on a free port and its URL, once it says that it listens; raises NotStarted."""
        process = self.process("serve", "--port", "0", "--data-dir", str(self.directory), *arguments)
        line = process.stdout.wait_line(lambda text: bool(_LISTENING.match(text)), START_WITHIN)
        if line is None:
            process.kill()
            process.end()
            raise NotStarted(process.output)
        return process, _LISTENING.match(line)[1]  # type: ignore[index]

    def cli(self, *arguments: str, timeout: float = 60.0) -> Finished:
        """A command of the CLI, run to its end; raises subprocess.TimeoutExpired."""
        with self.process(*arguments) as process:
            code = process.wait(timeout)
        return Finished(code, process.stdout.text, process.stderr.text)
