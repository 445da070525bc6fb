"""Whatever bytes come from elsewhere, what reads them takes or refuses them, and soon.

S2V_CHAOS_PARSES sets how many inputs each parser is given, S2V_CHAOS_SEED which. What once broke a
parser is kept in tests/data/crashes, in a folder of the parser's name, and is tried first for ever;
a failing run puts its input there. Files of sound and pictures: test_damaged_files.py; messages of
gRPC: test_random_messages.py.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from s2v.captions.files import subrip, webvtt
from s2v.captions.lettering import undrawable
from s2v.captions.words import words_of
from s2v.core.captions import Caption
from s2v.core.errors import InvalidInput, Reason, Unauthenticated
from s2v.media.sniffing import media_type_of, webp_size
from s2v.rpc.errors import from_rpc_error, status_bytes
from s2v.rpc.logs import bind_call
from s2v.text.cutting import cut_marked
from s2v.text.languages import check_language, language_of
from s2v.text.markup import read_marked
from s2v.text.normal.lexicon import check_lexicon
from s2v.text.normal.normalising import normalise
from s2v.text.segmentation import complete_sentences
from s2v_gateway.access.credentials import is_key, new_key, shown
from s2v_gateway.access.signing_keys import usable_keys
from s2v_gateway.assets.upload_rules import checked_declaration, checked_request_id
from s2v_gateway.records.assets import _after
from s2v_gateway.records.database import id_in_name
from s2v_gateway.records.job_lookup import _page_start
from s2v_gateway.records.voice_rows import VOICE_NAME
from s2v_gateway.servicers.jobs import _sequence
from s2v_gateway.servicers.paging import page_of
from s2v_gateway.voices.rules import consent_given
from signed_tokens import Clock, Published, Signer, key_set, tokens

PARSES = int(os.environ.get("S2V_CHAOS_PARSES", "150"))
SEED = int(os.environ.get("S2V_CHAOS_SEED", "1"))
CRASHES = Path("tests/data/crashes")
MOST_SECONDS = 10.0
LONGEST = 4000
SIGNER = Signer("first")
NOW = datetime(2026, 12, 1, tzinfo=UTC)

Parse = Callable[[bytes], object]


@dataclass(frozen=True)
class Parser:
    """What reads bytes of others.

    Attributes:
        parse: reads them.
        good: what it takes; what is tried is near to it, or nothing like it.
        refuses_with: how it refuses.
    """

    parse: Parse
    good: tuple[bytes, ...]
    refuses_with: tuple[type[Exception], ...] = (InvalidInput,)


class Answered(grpc.RpcError):
    """A call that ended with a status that some server made up."""

    def __init__(self, details: bytes) -> None:
        self._details = details

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.RESOURCE_EXHAUSTED

    def details(self) -> str:
        return self._details.decode(errors="replace")

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        return (("grpc-status-details-bin", self._details),)


def of_text(parse: Callable[[str], object]) -> Parse:
    return lambda data: parse(data.decode(errors="replace"))


def read_token(text: str) -> object:
    return asyncio.run(tokens(Published(SIGNER), Clock()).read(text))


def read_credentials(text: str) -> object:
    return is_key(shown([("authorization", text)])), shown([("x-api-key", text)])


def read_trace(text: str) -> object:
    return bind_call([("traceparent", text), ("x-s2v-job-id", text), ("x-s2v-segment", text)])


def read_script(text: str) -> object:
    complete_sentences(text)
    complete_sentences(text, paused=True)
    language_of(text)
    return cut_marked(read_marked(text))


def read_declaration(text: str) -> object:
    media_type, _, digest = text.partition("|")
    return checked_declaration(media_type, 1, digest, max_bytes=9)


def read_with_lexicon(text: str) -> object:
    entries = dict(line.partition("=")[::2] for line in text.split("\n"))
    check_lexicon(entries, field="lexicon")
    return normalise(text, lexicon=entries)


def write_captions(text: str) -> object:
    words_of(text)
    caption = Caption(tuple(f"{text}{undrawable(text)}".split("\n")), 0, 48_000)
    return subrip([caption]), webvtt([caption])


PARSERS = {
    "credentials": Parser(
        of_text(read_credentials), (b"Bearer " + new_key().encode(),), (Unauthenticated,)
    ),
    "token": Parser(of_text(read_token), (SIGNER.token().encode(),), (Unauthenticated,)),
    "key_set": Parser(usable_keys, (key_set(SIGNER.public),), (ValueError,)),
    "trace": Parser(of_text(read_trace), (b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01",)),
    "resume_token": Parser(of_text(_sequence), (b"17",)),
    "page_of_jobs": Parser(of_text(_page_start), (b"17",)),
    "page_of_assets": Parser(of_text(_after), (b"1764547200000000-01ARZ3NDEKTSV4RRFFQ69G5FAV",)),
    "page_of_names": Parser(
        of_text(lambda token: page_of("ABC", ["a", "b", "c"], size=2, token=token)), (b"b",)
    ),
    "name": Parser(
        of_text(lambda name: (id_in_name(name, "jobs"), VOICE_NAME.fullmatch(name))),
        (b"jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV", b"anna"),
    ),
    "request_id": Parser(of_text(checked_request_id), (b"01ARZ3NDEKTSV4RRFFQ69G5FAV",)),
    "declaration": Parser(
        of_text(read_declaration),
        (b"image/png; charset=x|" + b"a" * 64,),
    ),
    "language": Parser(of_text(lambda tag: check_language(tag, field="f")), (b"en-US", b"zh-Hant")),
    "consent": Parser(of_text(lambda day: consent_given("Yes.", day, NOW)), (b"2026-01-31",)),
    "script": Parser(
        of_text(read_script),
        (
            b'Hi <break time="1s"/> [pause 2s] <prosody rate="90%">a <sub alias="b">c</sub>',
            b'<say-as interpret-as="characters">AB</say-as> [a](b) `c` **d** &lt;&#x41;&amp; 3/4',
        ),
    ),
    "words": Parser(
        of_text(normalise),
        ("On 3 May 2026, $5.20 + 10\u207b\u00b3 m/s\u00b2, www.a.org, XIV, 192.168.0.1".encode(),),
    ),
    "lexicon": Parser(of_text(read_with_lexicon), (b"SQL=sequel\nWan=one", b"a.b=c d\n(=x")),
    "captions": Parser(of_text(write_captions), ("One --> two.\n<b>\u4f60\u597d</b>".encode(),)),
    "head_of_a_file": Parser(
        lambda data: (media_type_of(data, "a.png"), webp_size(data)),
        (
            b"RIFF\x24\x00\x00\x00WEBPVP8X" + bytes(range(40)),
            b"\x00\x00\x00\x18ftypisom" + bytes(16),
            b"\x1a\x45\xdf\xa3" + bytes(32),
            b"ID3\x04\x00" + bytes(32),
        ),
        (ValueError,),
    ),
    "status": Parser(
        lambda data: from_rpc_error(Answered(data)),
        (status_bytes(InvalidInput(Reason.FIELD_INVALID, "no", field="f")),),
        (),
    ),
}


def inputs(good: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Make up bytes: near to good ones, of their pieces over and over, or anything."""
    pieces = sorted({one[at : at + 7] for one in good for at in range(0, len(one), 3)})
    odd = [b"\0", b"\xff", b"\n", b"<", b">", b"[", b"\\", "\u202e".encode(), "\u0130".encode()]
    near = st.builds(
        lambda one, at, cut, change: one[: at % len(one)] + change + one[at % len(one) + cut :],
        st.sampled_from(list(good)),
        st.integers(0, 1 << 16),
        st.integers(0, 9),
        st.binary(max_size=9) | st.sampled_from(odd),
    )
    put = st.lists(st.sampled_from([*pieces, *odd]) | st.binary(max_size=3)).map(b"".join)
    again = st.builds(lambda one, n: (one * n)[:LONGEST], put, st.integers(1, 400))
    return near | put | again | st.binary(max_size=200)


def tried(parser: Parser, data: bytes) -> bool:
    """Give bytes to a parser; tell whether it took them."""
    begun = time.thread_time()
    try:
        parser.parse(data)
    except parser.refuses_with:
        return False
    finally:
        assert time.thread_time() - begun < MOST_SECONDS
    return True


def kept(name: str, data: bytes) -> None:
    """Keep what broke a parser."""
    folder = CRASHES / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


@pytest.mark.parametrize("name", PARSERS)
def test_what_broke_a_parser_once_does_so_no_more(name: str) -> None:
    for path in sorted((CRASHES / name).glob("*")):
        tried(PARSERS[name], path.read_bytes())


def test_all_that_is_kept_is_tried() -> None:
    assert {path.name for path in CRASHES.iterdir()} <= PARSERS.keys()


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.timeout(120 + PARSES)
def test_a_parser_takes_or_refuses_whatever_comes(name: str) -> None:
    parser = PARSERS[name]
    taken = [tried(parser, one) for one in parser.good]
    broke: list[bytes] = []

    @seed(SEED)
    @settings(
        max_examples=PARSES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
    )
    @given(inputs(parser.good))
    def give(data: bytes) -> None:
        broke[:] = [data]
        tried(parser, data)
        broke.clear()

    try:
        give()
    finally:
        for data in broke:
            kept(name, data)
    assert any(taken)
