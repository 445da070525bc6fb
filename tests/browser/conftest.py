"""The page on the four real services, in a real browser."""

from collections.abc import Iterator

import pytest

from browsing import chromium, opened, require_chromium
from installations import Installation, installed


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    require_chromium()
    settings = {
        "S2V_GATEWAY_SHUTDOWN_GRACE_SECONDS": "0.5",
        "S2V_GATEWAY_MEASURE_FILMS": "true",
    }
    with installed(tmp_path_factory.mktemp("home"), **settings) as installation:
        yield installation


# Not for the session: playwright keeps a loop running, beside which no asyncio test runs.
@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, installation: Installation):
    with opened(browser, f"http://{installation.http}") as page:
        page.locator("#voice option").first.wait_for(state="attached")
        yield page
