"""What tests of every layer share."""

import os
from typing import Any

import hypothesis
import pytest
import structlog
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# Tests run side by side, a process for each core. Torch and numpy, which would take every core for
# each of them, spin while they wait for one: forty times slower, seen with two processes on two.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# An example takes long where the machine is busy; the same ones are tried each time.
hypothesis.settings.register_profile("s2v", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("s2v")

# By rich, half a second for each error that is logged; the services tell it plainly as well.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

pytest_plugins = ["s2v.testing.postgres", "s2v.testing.s3"]

_TOGETHER = (
    (
        "browser/test_grpc_web", "browser/test_making", "browser/test_troubles",
        "browser/test_with_a_key",
    ),
    (
        "e2e/test_bad_inputs", "e2e/test_crashes", "e2e/test_http", "e2e/test_malformed",
        "e2e/test_wan_services",
    ),
    (
        "e2e/test_captions", "e2e/test_film", "e2e/test_finishing", "e2e/test_founding_examples",
        "e2e/test_grpcurl", "e2e/test_readme", "e2e/test_sound_film", "e2e/test_video_film",
    ),
    (
        "e2e/test_observed", "e2e/test_operated", "e2e/test_rolling_restart",
        "e2e/test_settings_file",
    ),
)  # fmt: skip
"""Files that share services, which cost ten seconds of a processor to start."""


class _WithTheirServices(LoadFileScheduling):  # type: ignore[misc]
    """Gives a process a file after the other, and files that share services to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        name = file.removeprefix("tests/").removesuffix(".py")
        return next((together[0] for together in _TOGETHER if name in together), file)

    def _assign_work_unit(self, node: WorkerController) -> None:
        # The first files wait for services, the last ones use a core: every other process begins
        # with the last, so that cores are used all the time.
        if int(node.gateway.id.removeprefix("gw")) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Schedule by files where that was asked for."""
    return _WithTheirServices(config, log) if config.getvalue("dist") == "loadfile" else None
