"""`s2v text`: lines in, what is said for them out."""

import json
import re
import shlex
from pathlib import Path

import pytest

from command_line import s2v
from s2v.text.normal.normalising import normalise

PAGE = Path("docs/text.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| [\w ,]+ \| (?:`` `|`)(.+?)(?:` ``|`) \| (.+) \|$", PAGE, re.MULTILINE)


def test_lines_come_out_one_by_one_as_they_are_said() -> None:
    result = s2v("text", given=b"It costs $5.\r\n\nAt 3:30 PM\n# Last")
    assert result.exit_code == 0, result.output
    assert result.stdout == "It costs five dollars.\n\nAt three thirty p m\nLast\n"


def test_spans_are_json_a_line() -> None:
    result = s2v("text", "--text", "It is $5, \u5317\u4eac.", "--spans")
    told = json.loads(result.stdout)
    assert told["spoken"] == "It is five dollars, \u5317\u4eac."
    assert "".join(span["source"] for span in told["spans"]) == told["source"]
    assert "".join(span["spoken"] for span in told["spans"]) == told["spoken"]
    [money] = [span for span in told["spans"] if span["class"] == "money"]
    assert (money["source_range"], money["spoken"]) == ([6, 8], "five dollars")
    assert [warning["code"] for warning in told["warnings"]] == ["script_unknown"]
    assert "note: line 1: " in result.stderr


def test_files_languages_and_words(tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Use SQL on 03/04/2025.", encoding="utf-8")
    options = ["--language", "en-GB", "--say", "SQL=sequel"]
    result = s2v("text", "--script", script, *options)
    assert result.stdout == "Use sequel on April third, twenty twenty five.\n"


def test_words_come_from_a_file_and_those_of_the_line_go_before(tmp_path: Path) -> None:
    lexicon = tmp_path / "words.txt"
    lexicon.write_text("\ufeffSQL = squeal\n\nGIF=jif\nE=energy\n", encoding="utf-8")
    options = ["--lexicon", lexicon, "--say", "sql=sequel"]
    assert s2v("text", "--text", "A GIF of SQL, E", *options).stdout == "A jif of sequel, energy\n"
    piped = s2v("text", "--text", "SQL", "--lexicon", "-", given=b"SQL=sequel")
    assert piped.stdout == "sequel\n"


def test_what_marks_say_is_said() -> None:
    text = 'Ask <sub alias="Dr. No">him</sub> <say-as interpret-as="characters">now</say-as>'
    assert s2v("text", "--text", text).stdout == "Ask Doctor No N O W\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--text", "a", "--script", "b"], "only one of --text and --script"),
        (["--text", "a", "--language", "e n"], "--language"),
        (["--text", "a", "--say", "SQL"], "--say"),
        (["--text", "a", "--say", "SQL="], "both need a word"),
        (["--text", "a", "--lexicon", "nowhere.txt"], "there is no file nowhere.txt"),
        (["--text", "a", "--lexicon", "README.md"], '--lexicon: "# S2V" has no "="'),
    ],
)
def test_what_cannot_be_is_told(arguments: list[str], said: str) -> None:
    result = s2v("text", *arguments)
    assert result.exit_code != 0
    assert said in result.stderr


def test_bytes_that_are_no_text_are_told() -> None:
    result = s2v("text", given=b"ok\n\xff\n")
    assert result.exit_code != 0
    assert result.stdout == "ok\n"
    assert "not UTF-8" in result.stderr


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 31


@pytest.mark.parametrize(("written", "said"), EXAMPLES)
def test_the_page_says_what_is_said(written: str, said: str) -> None:
    code = f"`{written}`" if "foo_bar" in written else written
    assert normalise(code).spoken == said


def test_the_page_s_commands_work() -> None:
    [block] = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    piped, *commands = block.splitlines()
    assert piped in Path("README.md").read_text(encoding="utf-8")
    echo, written, _, *command = shlex.split(piped)
    result = s2v(*command[1:], given=written.encode())
    assert (echo, result.exit_code) == ("echo", 0)
    assert result.stdout == "It costs five dollars on January fifteenth, twenty twenty six.\n"
    for line in commands:
        assert s2v(*shlex.split(line)[1:]).exit_code == 0
