"""Captions show what was written, without the marks around it."""

import pytest

from s2v.text.shown import shown

SHOWN = {
    "## Title with [a link](https://example.com) and `code_x`": "Title with a link and code_x",
    "**Bold** _and_ ~~gone~~ 5 * 3, a_b, $5": "Bold and gone 5 * 3, a_b, $5",
    "| Name | Price |\n|---|---|\n| Tea | $3 |": "Name, Price\n\nTea, $3",
    "one<br>two": "one\ntwo",
    "- one\n- two": "one\ntwo",
    "![logo](logo.png) Hi": "logo Hi",
    "[laughs] Hi #tag, C# <3, a<b": "Hi #tag, C# <3, a<b",
    "as  it\n\nis": "as  it\n\nis",
    "x² ≠ √9 • ½": "x² ≠ √9 • ½",
}


@pytest.mark.parametrize(("written", "seen"), SHOWN.items())
@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_marks_are_not_shown(written: str, seen: str, language: str) -> None:
    assert shown(written, language=language) == seen


def test_emoji_are_shown_though_a_language_has_no_names_for_them() -> None:
    assert shown("**Guten** Tag \N{GRINNING FACE}!", language="de-DE") == (
        "Guten Tag \N{GRINNING FACE}!"
    )
