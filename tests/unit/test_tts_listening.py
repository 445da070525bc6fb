"""What given sound says is found in the best way that works, and told."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import NoticeCode, Utterance, Voice
from s2v.core.script import LipCues, Mark, Segment
from s2v.core.steps import Steps, result
from s2v.core.timebase import SAMPLE_RATE
from s2v_tts.cutting import cut_audio
from s2v_tts.listening.aligning import Pcm, align, one_utterance
from s2v_tts.listening.ipa import known_symbols
from s2v_tts.listening.listener import Listener
from s2v_tts.listening.parting import part_transcript
from s2v_tts.listening.pauses import outside_pauses, pauses
from s2v_tts.listening.spectra import HOP_SAMPLES, spectra

LETTER_SAMPLES = SAMPLE_RATE // 10
TEXT = "the quick brown fox jumps over a lazy dog"
OTHER = "my vow hazy unto few big red kings who zip"


class Whistler:
    """A backend that whistles each letter at a pitch of its own, 0.1 seconds long."""

    voices: Sequence[Voice] = (Voice("whistle", "en-US"),)
    cues = LipCues.PHONEMES

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        if not text.isascii():
            raise InvalidInput(Reason.TEXT_EMPTY, "cannot read that", field="spec.script.text")
        words, phonemes, sounds = [], [], []
        end = 0
        for word in text.split():
            sounds.append(np.zeros(LETTER_SAMPLES, np.int16))
            first = end = end + LETTER_SAMPLES
            for letter in filter(str.isalpha, word.lower()):
                sounds.append(whistle(letter))
                phonemes.append(Mark(letter, end, end + LETTER_SAMPLES))
                end += LETTER_SAMPLES
            words.append(Mark(word, first, end))
        sounds.append(np.zeros(LETTER_SAMPLES, np.int16))
        yield Utterance(np.concatenate(sounds), tuple(words), tuple(phonemes))


class Knows:
    """Recognises what it is told to."""

    def __init__(self, text: str = "", phonemes: tuple[Mark, ...] = ()) -> None:
        self._text = text
        self._phonemes = phonemes

    def words(self, pcm: Pcm) -> Steps[str]:
        yield
        return self._text

    def sounds(self, pcm: Pcm) -> Steps[tuple[Mark, ...]]:
        yield
        return self._phonemes


def whistle(letter: str) -> Pcm:
    times = np.arange(LETTER_SAMPLES) / SAMPLE_RATE
    hertz = 200 * 1.13 ** (ord(letter) - ord("a"))
    tone = np.sin(2 * np.pi * hertz * times) + 0.5 * np.sin(2 * np.pi * 1.9 * hertz * times)
    return np.asarray(tone * np.hanning(LETTER_SAMPLES) * 9_000, np.int16)


def spoken(text: str) -> Utterance:
    return result(one_utterance(Whistler().speak(text, "whistle")))


MARKS = (Mark("a", 0, 4_800), Mark("m", 4_800, 9_600))


def test_words_and_phonemes_are_found_where_they_sound() -> None:
    truth = spoken(TEXT)
    pad = SAMPLE_RATE // 2
    pcm = np.pad(truth.pcm, (pad, 2 * pad))

    found = result(align(pcm, TEXT, Whistler()))

    assert found.fits
    assert [mark.label for mark in found.words] == TEXT.split()
    errors = [
        abs(ours.first_sample - theirs.first_sample - pad)
        for ours, theirs in zip(found.phonemes, truth.phonemes, strict=True)
    ]
    assert np.percentile(errors, 95) <= 2 * HOP_SAMPLES


def test_another_text_does_not_fit() -> None:
    assert not result(align(spoken(TEXT).pcm, OTHER, Whistler())).fits


def test_a_transcript_that_fits_is_used_and_nothing_needs_saying() -> None:
    listener = Listener(Whistler(), words=Knows(OTHER), sounds=Knows(phonemes=MARKS))

    heard = result(listener.listen(spoken(TEXT).pcm, TEXT))

    assert heard.cues is LipCues.TRANSCRIPT
    assert [mark.label for mark in heard.words] == TEXT.split()
    assert not heard.notices


def test_without_a_transcript_the_words_are_recognised() -> None:
    listener = Listener(Whistler(), words=Knows(TEXT), sounds=Knows(phonemes=MARKS))

    heard = result(listener.listen(spoken(TEXT).pcm, ""))

    assert heard.cues is LipCues.WORDS
    assert [mark.label for mark in heard.words] == TEXT.split()
    assert not heard.notices


@pytest.mark.parametrize("nonsense", ["", OTHER, "\N{GREEK SMALL LETTER ALPHA}"])
def test_words_that_are_not_there_give_way_to_sounds(nonsense: str) -> None:
    listener = Listener(Whistler(), words=Knows(nonsense), sounds=Knows(phonemes=MARKS))

    heard = result(listener.listen(spoken(TEXT).pcm, ""))

    assert (heard.cues, heard.phonemes) == (LipCues.SOUNDS, MARKS)


@pytest.mark.parametrize("transcript", [OTHER, "\N{GREEK SMALL LETTER ALPHA}"])
def test_a_transcript_of_something_else_is_not_pretended_to_fit(transcript: str) -> None:
    listener = Listener(Whistler(), words=Knows(TEXT), sounds=None)

    heard = result(listener.listen(spoken(TEXT).pcm, transcript))

    assert heard.cues is LipCues.WORDS
    (notice,) = heard.notices
    assert notice.code == NoticeCode.TRANSCRIPT_MISMATCH
    assert "words recognised" in notice.message


def test_a_transcript_that_is_far_too_long_is_not_even_spoken() -> None:
    class Mute(Whistler):
        def speak(self, text: str, voice: str) -> Iterator[Utterance]:
            raise AssertionError("it takes hours")

    heard = result(Listener(Mute(), words=None, sounds=None).listen(spoken("a").pcm, TEXT * 500))

    assert heard.notices[0].code == NoticeCode.TRANSCRIPT_MISMATCH


def test_loudness_is_never_used_silently_and_the_remedy_is_named() -> None:
    heard = result(Listener(Whistler(), words=None, sounds=None).listen(spoken(TEXT).pcm, OTHER))

    assert (heard.cues, heard.phonemes) == (LipCues.LOUDNESS, ())
    assert [notice.code for notice in heard.notices] == [
        NoticeCode.TRANSCRIPT_MISMATCH,
        NoticeCode.LOUDNESS_ONLY,
    ]
    assert "transcript" in heard.notices[1].message
    assert "pip install 's2v[asr]'" in heard.notices[1].message
    assert "pip install 's2v[multilingual]'" in heard.notices[1].message


def test_an_extra_that_is_there_is_not_named_as_the_remedy() -> None:
    heard = result(Listener(Whistler(), words=Knows(), sounds=Knows()).listen(spoken(TEXT).pcm, ""))

    assert heard.cues is LipCues.LOUDNESS
    assert "pip" not in heard.notices[0].message


@pytest.mark.parametrize("level", [0, 30])
def test_silence_leaves_nothing_to_be_noticed(level: int) -> None:
    noise = np.random.default_rng(0).integers(-level, level + 1, SAMPLE_RATE * 2)

    heard = result(Listener(Whistler(), words=None, sounds=None).listen(noise.astype(np.int16), ""))

    assert (heard.phonemes, heard.notices) == ((), ())


def test_marks_do_not_reach_into_pauses() -> None:
    tone = np.tile(whistle("k"), 5)
    silence = np.zeros(SAMPLE_RATE, np.int16)
    pcm = np.concatenate([silence, tone, silence, tone])
    sounding = (len(silence), len(silence) + len(tone))

    (opening, middle) = pauses(result(spectra(pcm)))
    (kept,) = outside_pauses([Mark("a", 0, sounding[1] + 20_000)], (opening, middle))

    assert abs(kept.first_sample - sounding[0]) < SAMPLE_RATE // 10
    assert abs(kept.end_sample - sounding[1]) < SAMPLE_RATE // 10
    assert not list(outside_pauses([Mark("a", 10_000, 30_000)], (opening, middle)))


@pytest.mark.parametrize(
    ("label", "known"),
    [
        ("m", "m"),
        ("t\N{COMBINING DOUBLE INVERTED BREVE}\N{LATIN SMALL LETTER ESH}", "tʃ"),
        ("k\N{MODIFIER LETTER SMALL H}", "k"),
        ("p\N{COMBINING DOUBLE VERTICAL LINE BELOW}", "p"),
        ("y", "y"),
        ("\N{LATIN SMALL LETTER C WITH CEDILLA}", "\N{LATIN SMALL LETTER C WITH CEDILLA}"),
        ("\N{LATIN SMALL LETTER E WITH TILDE}", "e"),
        ("\N{MODIFIER LETTER EXTRA-HIGH TONE BAR}", ""),
        ("<unk>", ""),
        (" ", ""),
    ],
)
def test_every_sound_is_spelt_with_symbols_that_have_a_mouth(label: str, known: str) -> None:
    assert known_symbols(label) == known


def parted(transcript: str, pcm: Pcm) -> tuple[Segment, ...]:
    segments = cut_audio(pcm, frame_rate=25)
    found = result(part_transcript(transcript, pcm, segments, Whistler()))
    assert [s.end_sample for s in found] == [s.end_sample for s in segments]
    return found


def test_each_segment_of_the_sound_gets_the_words_that_are_said_in_it() -> None:
    sentences = [f"{TEXT} now.", f"{OTHER} then.", "Never was a jaw so big as this one today."]
    gap = Utterance(np.zeros(SAMPLE_RATE * 3 // 2, np.int16))
    sound = result(one_utterance(part for text in sentences for part in (gap, spoken(text))))

    segments = parted(" ".join(sentences), sound.pcm)

    assert len(segments) >= 2
    for segment in segments:
        said = [
            mark.label
            for mark in sound.words
            if segment.first_sample <= (mark.first_sample + mark.end_sample) / 2
            and (mark.first_sample + mark.end_sample) / 2 < segment.end_sample
        ]
        assert segment.text.split() == said


def test_what_cannot_be_pronounced_stays_where_it_stands() -> None:
    strange = (
        "\N{GREEK SMALL LETTER ALPHA}\N{GREEK SMALL LETTER BETA} \N{GREEK SMALL LETTER ALPHA}."
    )
    pcm = np.concatenate([spoken(TEXT).pcm, spoken(OTHER).pcm])

    segments = parted(f"{TEXT}. {strange} {OTHER}.".replace("my", "My"), pcm)

    assert strange in " ".join(segment.text for segment in segments)


def test_a_transcript_that_nobody_says_in_that_time_is_refused_before_it_is_spoken() -> None:
    pcm = spoken(TEXT).pcm
    segments = cut_audio(pcm, frame_rate=25)
    with pytest.raises(InvalidInput, match="give only what is said") as refused:
        next(part_transcript(f"{TEXT}. " * 100, pcm, segments, Whistler()))
    assert refused.value.reason == Reason.TEXT_TOO_LONG
    assert refused.value.field == "spec.script.transcript"
