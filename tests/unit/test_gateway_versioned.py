"""What an earlier release wrote is read; what a later one wrote is refused."""

import json
from dataclasses import dataclass

import pytest

from s2v.core.artifact import WAV
from s2v.core.job import STEPS, Clip, Film, FilmStats, JobSpec, Order, StatsState
from s2v.core.ports import Continuity
from s2v.core.sampling import Sampling
from s2v.core.script import LipCues, Mark, Segment, Speech
from s2v.core.stages import CutScript
from s2v.core.voice import SampleMeasures
from s2v.testing.fakes_stages import FAKE_MEASUREMENT, artifact_of
from s2v_gateway.records.versioned import SCHEMA_VERSION, Versioned

ARTIFACT = artifact_of("x", WAV)
ORDER = Order(
    "0" * 32,
    JobSpec(text="Hi.", reference="assets/photo", sampling=Sampling(steps=4)),
    ARTIFACT,
    None,
    Continuity.INDEPENDENT,
    steps=STEPS,
    streamed=True,
)
OLD_SPEECH = (
    '{"audio":{"sha256":"' + "a" * 64 + '","size_bytes":9,"media_type":"audio/wav"},'
    '"samples":1920,"words":[],"phonemes":[{"label":"a","first_sample":0,"end_sample":1920}],'
    '"lip_sync":"phonemes"}'
)
OLD_MEASURES = (
    '{"duration_seconds":8.0,"speech_seconds":6.0,"speech_dbfs":-20.5,"signal_to_noise_db":31.0,'
    '"clipped_share":0.25}'
)
OLD_ORDER = (
    '{"job_id":"1","spec":{"text":"Hi.","reference":"assets/photo","engine":"some"},'
    '"reference":{"sha256":"' + "a" * 64 + '","size_bytes":9,"media_type":"image/png"},'
    '"audio":null,"continuity":"independent"}'
)


@dataclass(frozen=True)
class Spoken:
    """What a speech of this version looks like."""

    samples: int
    cues: LipCues


@pytest.mark.parametrize(
    "value",
    [
        ORDER,
        ORDER.spec,
        CutScript((Segment(0, "a"), Segment(1, "", 5, 9)), ARTIFACT, last=False),
        CutScript((Segment(0, "", 0, 9),), ARTIFACT, film_audio=ARTIFACT),
        Speech(ARTIFACT, 1920, phonemes=(Mark("a", 0, 1920),)),
        Clip(ARTIFACT, 25, 64, 64, ARTIFACT),
        Film(ARTIFACT, 25, 48_000, 64, 64, 25, "assets/film"),
        FilmStats(FAKE_MEASUREMENT),
        FilmStats(None, StatsState.NOT_MEASURED, "no face"),
    ],
)
def test_what_is_written_carries_its_version_and_comes_back(value: object) -> None:
    text = Versioned(type(value)).dump(value)

    assert json.loads(text)["schema_version"] == SCHEMA_VERSION == 3
    assert Versioned(type(value)).load(text) == value


def test_what_carries_no_version_is_of_the_first() -> None:
    order = Versioned(Order).load(OLD_ORDER)

    assert (order.steps, order.streamed, order.pose) == (1, False, None)
    assert order.spec == JobSpec(text="Hi.", reference="assets/photo", engine="some")
    assert Versioned(Order).load(OLD_ORDER[:-1] + ',"schema_version":1}') == order


def test_what_the_first_release_called_lip_sync_of_a_speech_are_its_cues() -> None:
    assert Versioned(Spoken).load(OLD_SPEECH) == Spoken(1920, LipCues.PHONEMES)


def test_a_speech_of_the_first_release_keeps_what_drives_the_mouth() -> None:
    speeches = Versioned(Speech)

    assert "phonemes" in json.loads(speeches.dump(speeches.load(OLD_SPEECH))).values()


def test_the_lip_sync_of_a_measurement_is_none_of_that() -> None:
    shape = json.loads(Versioned(FilmStats).dump(FilmStats(FAKE_MEASUREMENT)))
    del shape["schema_version"]

    assert Versioned(FilmStats).load(json.dumps(shape)) == FilmStats(FAKE_MEASUREMENT)


def test_what_this_version_wrote_is_not_changed_any_more() -> None:
    shape = {"schema_version": 2, "samples": 1920, "cues": "words", "lip_sync": "phonemes"}

    assert Versioned(Spoken).load(json.dumps(shape)) == Spoken(1920, LipCues.WORDS)


@pytest.mark.parametrize("version", [4, 99])
def test_what_a_later_release_wrote_is_refused(version: int) -> None:
    text = json.dumps(json.loads(OLD_ORDER) | {"schema_version": version})

    with pytest.raises(ValueError, match=f"later release: schema {version} > 3"):
        Versioned(Order).load(text)


@pytest.mark.parametrize("text", ["", "nonsense", '{"job_id":"1"}'])
def test_what_is_no_such_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Versioned(Order).load(text)


def test_measures_of_a_sample_are_read_as_an_earlier_release_wrote_them() -> None:
    measures = Versioned(SampleMeasures).load(OLD_MEASURES)

    assert (measures.sound.duration_seconds, measures.speech_seconds) == (8, 6)
    assert (measures.speech_dbfs, measures.snr_db, measures.near_peak_share) == (-20.5, 31, 0.25)
