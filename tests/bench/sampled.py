"""Runs a Python program and samples where it spends its time: `python -m tests.bench.sampled FILE PROGRAM…`.

PROGRAM is what would stand after `python`: `-m MODULE` or a script, and its arguments. SIGUSR1 starts and stops the
sampling; at the program's end FILE holds a Profile in JSON.

Only the main thread is seen: the event loop's. A signal interrupts it each time the process has used a little CPU time,
as often as the kernel looks, which most do every 4 ms: twenty seconds make a good picture. A sample weighs what the
main thread itself has used since the one before, so that other threads' work is not put down to it. C code counts for
the Python function that called it. cProfile would double the cost of small functions and make them look guilty.
"""

from __future__ import annotations

import json
import runpy
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType

import attrs

INTERVAL = 0.001


@attrs.frozen
class Profile:
    """Seconds of the main thread: in the function itself, and in it or anything it called. Keys are `file:function`,
    for `lines` `file:line function`."""

    seconds: float
    samples: int
    own: dict[str, float]
    inclusive: dict[str, float]
    lines: dict[str, float]


@attrs.define(eq=False)
class Sampler:
    """Adds up the main thread's seconds by stack and by line."""

    stacks: dict[tuple[CodeType, ...], float] = attrs.field(factory=lambda: defaultdict(float))
    lines: dict[tuple[CodeType, int], float] = attrs.field(factory=lambda: defaultdict(float))
    samples: int = 0
    running: bool = False
    last: float = 0.0

    def toggle(self, _number: int, _frame: FrameType | None) -> None:
        """Starts sampling, or stops it."""
        self.running = not self.running
        self.last = time.thread_time()
        interval = INTERVAL if self.running else 0
        signal.setitimer(signal.ITIMER_PROF, interval, interval)

    def sample(self, _number: int, frame: FrameType | None) -> None:
        """One look at the stack, innermost function first."""
        weight = time.thread_time() - self.last
        if frame is not None:
            self.lines[frame.f_code, frame.f_lineno] += weight
        stack = []
        while frame is not None:
            stack.append(frame.f_code)
            frame = frame.f_back
        self.stacks[tuple(stack)] += weight
        self.samples += 1
        self.last = time.thread_time()

    def profile(self) -> Profile:
        """What the samples come to."""
        own: dict[str, float] = defaultdict(float)
        inclusive: dict[str, float] = defaultdict(float)
        for stack, weight in self.stacks.items():
            own[name_of(stack[0])] += weight
            for name in {name_of(code) for code in stack}:
                inclusive[name] += weight
        lines = {f"{short(code)}:{line} {code.co_qualname}": weight for (code, line), weight in self.lines.items()}
        return Profile(sum(self.stacks.values()), self.samples, own, inclusive, lines)


def short(code: CodeType) -> str:
    """The file, from its package on."""
    parts = Path(code.co_filename).parts
    for number in reversed(range(len(parts))):
        if parts[number] == "site-packages":
            return "/".join(parts[number + 1 :])
        if parts[number] == "aihub_lite":
            return "/".join(parts[number:])
    return "/".join(parts[-3:])


def name_of(code: CodeType) -> str:
    """A function as `file:function`."""
    return f"{short(code)}:{code.co_qualname}"


def run(program: list[str]) -> None:
    """The program, in this process, as if Python had been started with it."""
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    output, *rest = sys.argv[1:]
    sampler = Sampler()
    signal.signal(signal.SIGUSR1, sampler.toggle)
    signal.signal(signal.SIGPROF, sampler.sample)
    try:
        run(rest)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        Path(output).write_text(json.dumps(attrs.asdict(sampler.profile())))
