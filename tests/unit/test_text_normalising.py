# ruff: noqa: RUF001 - signs, quotes and letters that look like others are meant
"""Texts are said as they are meant, and it is known which part says what."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.crumbs import CRUMBS

from s2v.core.errors import InvalidInput
from s2v.text.normal.lexicon import check_lexicon
from s2v.text.normal.normalising import normalise
from s2v.text.normal.spans import Normalised, SpeechClass, WarningCode

SAID = {
    # Markdown, HTML and tags
    "[the page](https://example.com/a_b)": "the page",
    "# Heading": "Heading",
    "## Heading ##": "Heading",
    "a ## b": "a b",
    "- one\n- two": "one\ntwo",
    "**bold**, *italic* and ~~gone~~": "bold, italic and gone",
    "un**believ**able": "unbelievable",
    "Say ```x```": "Say x",
    "```python\nx = f(1)\n```": "x equals f of one",
    "5 &amp; 6 &lt; 7": "five and six is less than seven",
    "<b>Bold</b>": "Bold",
    '<speak>Wait<break time="500ms"/> 5</speak>': '<speak>Wait<break time="500ms"/> five</speak>',
    "[laughs] I paid 5": "[laughs] I paid five",
    # Numbers
    ".5": "point five",
    "-0.5": "minus zero point five",
    "007": "zero zero seven",
    "1,234,567": "one million two hundred thirty four thousand five hundred sixty seven",
    "10⁻³": "ten to the power of minus three",
    "6.02×10²³": "six point zero two times ten to the power of twenty three",
    "1500 people in 1500": "one thousand five hundred people in fifteen hundred",
    "the '90s": "the nineties",
    "a 5-year-old": "a five-year-old",
    "1/2, 2½ and 7/8": "one half, two and one half and seven eighths",
    "3:2": "three to two",
    "16:9": "sixteen to nine",
    "~50, >100, ≥18": "about fifty, more than one hundred, at least eighteen",
    "Rm. 4B": "room four B",
    "10k users, 7B of them, 4K video": "ten thousand users, seven billion of them, four K video",
    # Money, dates, times, units
    "¥500": "five hundred yen",
    "$1.5M and £0.50": "one point five million dollars and fifty pence",
    "$5 and $10, not $x$": "five dollars and ten dollars, not x",
    "a $5 bill": "a five dollar bill",
    "03/04/2025": "March fourth, twenty twenty five",
    "15 January 1985": "the fifteenth of January, nineteen eighty five",
    "9am-5pm": "nine a m to five p m",
    "12:00": "twelve o'clock",
    "1h30": "one hour and thirty minutes",
    "9.8 m/s²": "nine point eight meters per second squared",
    "-5°C": "minus five degrees celsius",
    "6'2\"": "six feet two",
    # Addresses
    "me@example.com": "me at example dot com",
    "www.example.org/a?b=1": "example dot org slash a question mark b equals one",
    "@john_doe": "at john underscore doe",
    "report.pdf": "report dot p d f",
    "555-123-4567": "five five five, one two three, four five six seven",
    "Call 911!": "Call nine one one!",
    "Mon-Fri 9-17, Jan-Mar": "Monday to Friday nine to seventeen, January to March",
    '10"x12"': "ten by twelve inches",
    'She said "NO WAY".': 'She said "no way".',
    # Letters
    "XIV": "fourteen",
    "Louis XIV": "Louis the fourteenth",
    "the XXI century": "the twenty first century",
    "STOP SHOUTING AT ME": "stop shouting at me",
    "THIS IS A TEST OF THE FBI": "this is a test of the F B I",
    "CEOs": "C E O's",
    "don`t, don´t": "don't, don't",
    "COVID-19, GPT-4, H2O, B2B": "COVID nineteen, G P T four, H two O, B two B",
    "C₆H₁₂O₆": "C six H twelve O six",
    "Mr. and Mrs. Smith of Main St., near St. Paul": (
        "Mister and Missus Smith of Main Street, near Saint Paul"
    ),
    "👍👍 🎉": "thumbs up party popper",
    "ｆｕｌｌ １２": "full twelve",
    # Signs
    "∞ ≠ 0": "infinity is not equal to zero",
    "√2 ≈ 1.41": "the square root of two is approximately equal to one point four one",
    "E = mc²": "E equals m c squared",
    "|x| < 3": "the absolute value of x is less than three",
    "5! = 120": "five factorial equals one hundred twenty",
    "Call f(x) now": "Call f of x now",
    "File > Save": "File, Save",
    "Home → Settings": "Home to Settings",
    "50% & 5‰": "fifty percent and five per mille",
    # Formulas
    r"$x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}$": (
        "x equals minus b plus or minus the square root of b squared minus four a c, all over two a"
    ),
    r"\[\sum_{i=1}^{n} i\]": "the sum from i equals one to n of i",
    r"$\frac{\partial f}{\partial x}$": "partial f by partial x",
    r"$\lim_{x\to 0^+} f(x)$": "the limit as x approaches zero from above of f of x",
    r"$P(A|B)$": "P of A given B",
    r"$x \in \mathbb{R}$": "x in the real numbers",
    r"$5\,\mathrm{kg}$": "five kilograms",
    r"\begin{align}a&=1\\b&=2\end{align}": "a equals one; b equals two",
    r"$\frac{1}{2": "one half",
    r"so \frac{1}{2} of it": "so one half of it",
}

TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(CRUMBS), max_size=25).map("".join))


def check_spans(reading: Normalised) -> None:
    """Check that the spans cover both sides in order, and that text is what it says."""
    source = spoken = 0
    for span in reading.spans:
        assert (span.source_first, span.spoken_first) == (source, spoken)
        source, spoken = span.source_end, span.spoken_end
        assert source - span.source_first + spoken - span.spoken_first > 0
        if span.speech_class is SpeechClass.TEXT:
            written = reading.source[span.source_first : source]
            assert written == reading.spoken[span.spoken_first : spoken]
    assert (source, spoken) == (len(reading.source), len(reading.spoken))


@pytest.mark.parametrize(("written", "said"), SAID.items())
def test_texts_are_said_as_they_are_meant(written: str, said: str) -> None:
    reading = normalise(written)
    assert reading.spoken == said
    check_spans(reading)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_is_read_once_and_for_all(text: str) -> None:
    reading = normalise(text)
    check_spans(reading)
    assert bool(reading.spoken) == bool(text.strip())
    assert normalise(reading.spoken).spoken == reading.spoken
    assert normalise(text) == reading


@given(TEXTS, st.sampled_from(["de-DE", "es-ES", "fr-FR", "it-IT", "pt-BR"]))
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_is_read_in_other_languages(text: str, language: str) -> None:
    reading = normalise(text, language=language)
    check_spans(reading)
    assert bool(reading.spoken) == bool(text.strip())


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_figures_are_said(text: str) -> None:
    reading = normalise(text)
    tags = [span for span in reading.spans if span.speech_class is SpeechClass.TAG]
    silent = {i for span in tags for i in range(span.spoken_first, span.spoken_end)}
    assert not [i for i, c in enumerate(reading.spoken) if c in "0123456789" and i not in silent]


@pytest.mark.parametrize(
    "crumb",
    [
        "a-",
        '" ',
        "%",
        "1,",
        "1:",
        "$1",
        "[a](",
        "**a ",
        "`",
        "<a ",
        "a.",
        "III ",
        "x²",
        "√",
        "3:30 ",
        r"\frac{",
        "{",
        "A",
        "中",
        "😀",
        "á",
        "http://",
        "1/",
        "a_",
        "|a",
        "1x",
        "1 ft x ",
        "A1-",
        "#a1",
        "--a ",
        "10 Main ",
        "Oct 1 - ",
        '1" ',
        "Fe3",
        "<1 ",
        "a::",
        "1) ",
        "(i) ",
        "Mon/",
        "a1f0",
    ],
)
def test_texts_of_one_kind_are_read_in_time_that_grows_with_their_length(crumb: str) -> None:
    seconds = []
    for characters in (1_000, 8_000):
        began = time.process_time()
        normalise((crumb * characters)[:characters])
        seconds.append(time.process_time() - began)
    assert seconds[1] < 24 * max(seconds[0], 0.0125)


def test_ranges_of_what_is_said_are_ranges_of_what_is_written_and_back() -> None:
    reading = normalise("I paid $12.50 at 3:30 PM, yes.")
    said = reading.spoken
    first = said.index("fifty")
    assert reading.source[slice(*reading.source_range(first, first + 5))] == "$12.50"
    first = said.index("yes")
    assert reading.source[slice(*reading.source_range(first, first + 3))] == "yes"
    assert said[slice(*reading.spoken_range(17, 18))] == "three thirty p m"
    assert said[slice(*reading.spoken_range(2, 6))] == "paid"
    assert normalise("").source_range(0, 0) == (0, 0)


def test_a_range_is_right_where_both_sides_begin_at_the_same_place() -> None:
    reading = normalise("at 3:30 PM or")
    first = reading.spoken.index("three")
    assert reading.source_range(first, first + 5) == (3, 10)


def test_spans_tell_class_and_rule() -> None:
    [money] = [s for s in normalise("It is $5.").spans if s.speech_class is SpeechClass.MONEY]
    assert (money.source_first, money.source_end, money.rule) == (6, 8, "money.sign")


def test_what_no_voice_of_a_language_can_say_stays_and_is_told() -> None:
    reading = normalise("Hello 北京 and Москва.")
    assert reading.spoken == "Hello 北京 and Москва."
    assert [(w.code, w.source_first, w.source_end) for w in reading.warnings] == [
        (WarningCode.SCRIPT_UNKNOWN, 6, 8),
        (WarningCode.SCRIPT_UNKNOWN, 13, 19),
    ]
    assert not normalise("北京", language="zh-CN").warnings
    assert not normalise("naïve café π").warnings


def test_a_text_in_another_language_is_told() -> None:
    [warning] = normalise("Das ist nicht der Tag und die Nacht ist kalt.").warnings
    assert warning.code is WarningCode.LANGUAGE_DOUBTFUL
    assert "German" in warning.message
    assert not normalise("The die is cast, and that is that.").warnings


def test_a_lexicon_goes_before_every_rule() -> None:
    lexicon = {"sql": "sequel", "XIV": "the fourteenth", "$5": "five bucks"}
    assert normalise("SQL and Sql", lexicon=lexicon).spoken == "sequel and sequel"
    assert normalise("xiv XIV", lexicon=lexicon).spoken == "xiv the fourteenth"
    assert normalise("mysqld", lexicon=lexicon).spoken == "mysqld"
    assert normalise("New\nYork", lexicon={"new york": "Gotham"}).spoken == "Gotham"


def test_a_lexicon_finds_words_in_scripts_that_put_no_space_between_them() -> None:
    lexicon = {"\u91cd\u5e86": "\u866b\u5e86", "\u30c6\u30b9\u30c8A": "x"}
    text = "\u6211\u5728\u91cd\u5e86\u5403\u996d"
    said = "\u6211\u5728\u866b\u5e86\u5403\u996d"
    assert normalise(text, language="zh", lexicon=lexicon).spoken == said


@pytest.mark.parametrize(
    "lexicon",
    [
        {"": "a"},
        {"a": " "},
        {"a" * 201: "b"},
        {str(n): "b" for n in range(1_001)},
        {f"{n:0>150}": "b" * 150 for n in range(200)},
    ],
)
def test_a_lexicon_that_says_nothing_or_is_too_large_is_refused(lexicon: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match=r"lexicon|entry") as refusal:
        check_lexicon(lexicon, field="lexicon")
    assert refusal.value.field == "lexicon"


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        (
            "de-DE",
            "Es sind 3,5 km und 25 %.",
            "Es sind drei komma fünf Kilometer und fünf und zwanzig",
        ),
        ("de-DE", "Das kostet 12,50 €.", "Das kostet zwölf Euro fünfzig."),
        ("fr-FR", "1 234 567 habitants", "un million deux cent trente-quatre mille"),
        ("es-ES", "Tengo 1.234 gatos.", "Tengo mil doscientos treinta y cuatro gatos."),
        ("it-IT", "me@esempio.it", "me chiocciola esempio punto i t"),
        ("pt-BR", "Paguei R$ 12,50.", "Paguei doze reais e cinquenta."),
        ("zh-CN", "我花了12.5元。", "我花了十二点五元。"),
        ("ja-JP", "本を3冊", "本を三冊"),
    ],
)
def test_other_languages_are_read(language: str, written: str, said: str) -> None:
    reading = normalise(written, language=language)
    assert reading.spoken.startswith(said)
    check_spans(reading)


def test_figures_that_a_language_cannot_say_are_told() -> None:
    reading = normalise("Ik heb 5 katten.", language="nl")
    assert reading.spoken == "Ik heb 5 katten."
    assert [warning.code for warning in reading.warnings] == [WarningCode.NOT_READ]


def test_dates_are_read_in_the_order_of_the_country() -> None:
    assert normalise("03/04/2025", language="en-GB").spoken.startswith("April third")
