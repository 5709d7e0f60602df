"""How tests are handed out to the processes that run them."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling
from xdist.workermanage import WorkerController


class Files(LoadFileScheduling):  # type: ignore[misc]  # xdist's types are its own
    """`--dist loadfile` that comes to an end where a worker crashed.

    xdist 3.8 hands out once more what the worker had done already, as files without a test, and waits for their end.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        """Puts back the files that a worker had not ended; returns the test in which it crashed."""
        files = self.assigned_work[node]
        for name in [name for name, tests in files.items() if all(tests.values())]:
            del files[name]
        crashed: str | None = super().remove_node(node)
        return crashed


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Files | None:
    """Ours for `--dist loadfile`, xdist's own for all else."""
    if config.getvalue("dist") == "loadfile":
        return Files(config, log)
    return None
