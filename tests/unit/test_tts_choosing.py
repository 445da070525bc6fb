"""Several backends speak in one service, and the name of a voice tells which."""

import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.testing.fakes_tts import FakeBackend
from s2v_tts.choosing import Backends


def test_voices_of_other_backends_have_their_names_in_front() -> None:
    backends = Backends({"fake": FakeBackend(), "other": FakeBackend()})
    own = [voice.name for voice in FakeBackend().voices]
    offers = [(name, voice.name) for name, voice in backends.offers]
    assert offers == [
        *(("fake", name) for name in own),
        *(("other", f"other.{name}") for name in own),
    ]


def test_a_voice_is_spoken_by_its_backend() -> None:
    first, second = FakeBackend(), FakeBackend()
    backends = Backends({"fake": first, "other": second})
    name = first.voices[0].name
    assert backends.of("") is first
    assert backends.of(name) is first
    other = backends.of(f"other.{name}")
    assert f"other.{name}" in {voice.name for voice in other.voices}
    said = [utterance.pcm.tolist() for utterance in other.speak("Hello.", f"other.{name}")]
    assert said == [utterance.pcm.tolist() for utterance in second.speak("Hello.", name)]
    assert other.cues is second.cues


@pytest.mark.parametrize("name", ["nobody", "other.nobody", "fake.voice"])
def test_a_voice_of_no_backend_is_refused_with_those_there_are(name: str) -> None:
    backends = Backends({"fake": FakeBackend(), "other": FakeBackend()})
    with pytest.raises(InvalidInput, match=r"other\.") as refusal:
        backends.of(name)
    assert refusal.value.reason is Reason.VOICE_UNKNOWN


def test_a_sample_goes_to_the_backend_that_is_named_or_the_first_one() -> None:
    first, second = FakeBackend(), FakeBackend()
    backends = Backends({"fake": first, "other": second})
    assert backends.cloner("other") == ("other", second)
    assert backends.cloner("gone")[0] == "fake"
