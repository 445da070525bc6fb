"""A real Chromium in front of the web page, and looks at what it shows."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
_WIDTHS = (390, 1280)
_RULES = {"light": None, "dark": ["color-contrast", "link-in-text-block"]}
"""What is looked at in each scheme, or all: the dark one changes colours only."""
_AXE = "(rules) => axe.run({resultTypes: ['violations'], ...(rules && {runOnly: rules})})"
_SHOTS = os.environ.get("S2V_PAGE_SHOTS", "")
"""A folder for pictures of all that is looked at, for people."""


def require_chromium() -> None:
    """Skip where there is none."""
    pytest.importorskip("playwright.sync_api", reason="no playwright: install s2v[browser]")
    if CHROMIUM is None:
        pytest.skip("no Chromium: tools/install_chromium.sh")


@contextmanager
def chromium() -> Iterator["Browser"]:  # noqa: F821 - imported where it is used, if it is there
    """Run Chromium, or skip where there is none."""
    require_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser, address: str) -> Iterator["Page"]:  # noqa: F821
    """Open the page in a window of its own; what it does wrong fails the test at the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.grant_permissions(["camera", "microphone"], origin=address)
    page = context.new_page()
    page.set_default_timeout(250_000)  # the limit of a test is what counts
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if _is_fault(message) else None)
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((address, "blob:")) else foreign.append(request.url)
        ),
    )
    page.goto(address)
    yield page
    context.close()
    assert faults == []
    assert foreign == []


def look(page, name: str) -> None:
    """Look at what is shown: narrow and wide, light and dark, nothing of it bars anybody."""
    script = Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js")
    page.evaluate(script.read_text())
    found = []
    for width in _WIDTHS:
        for scheme in _RULES:
            page.set_viewport_size({"width": width, "height": 844 if width == 390 else 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if _SHOTS:
                Path(_SHOTS).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{_SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
            report = page.evaluate(_AXE, _RULES[scheme])
            found += [
                f"{name} at {width}, {scheme}: {violation['id']}: {node['html'][:200]} "
                f"{node['failureSummary']}"
                for violation in report["violations"]
                for node in violation["nodes"]
            ]
            overflow = page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if overflow > 0:
                found.append(f"{name} at {width} is {overflow} pixels too wide")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not found, "\n".join(found)


def _is_fault(message) -> bool:
    # An answer that is an error is logged by the browser itself, and told by the page.
    return message.type == "error" and "Failed to load resource" not in message.text
