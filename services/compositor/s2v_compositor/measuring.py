"""Measure a finished film's lip sync beside the work that cannot wait."""

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, islice

from s2v.core.artifact import Artifact
from s2v.core.errors import Cancelled, InvalidInput, Reason
from s2v.core.job import LipSyncMeasurement
from s2v.core.ports import ArtifactStore
from s2v.core.script import Mark, Speech
from s2v.core.timebase import frames_covering
from s2v.face.arrays import Rgb
from s2v.media.confined.reading import Reader
from s2v.media.playback import played

_NICENESS = 10


def measure_film(
    store: ArtifactStore,
    film: Artifact,
    speeches: Sequence[Speech],
    *,
    frame_rate: int,
    reference: Artifact | None,
    stopped: threading.Event,
) -> LipSyncMeasurement:
    """Measure the first frames of a film, as many as its first speeches cover.

    Raises:
        InvalidInput: there is no phoneme or the film cannot be decoded (FIELD_INVALID,
            VIDEO_UNREADABLE), or no face is in it (FACE_NOT_FOUND).
        NotFound: ARTIFACT_NOT_FOUND.
        Cancelled: `stopped` was set meanwhile.
    """
    # Loads onnxruntime and OpenCV, which most compositors never need.
    from s2v.lipsync.meter import measure

    phonemes = joined_phonemes(speeches)
    if not phonemes:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "the speeches hold no phonemes; only speech whose sounds are known can be measured",
            field="speeches",
        )
    frames = frames_covering(sum(speech.samples for speech in speeches), frame_rate)
    with store.local(film) as path:
        pictures = islice(played(path, frame_rate), frames)
        return measure(
            _until(stopped, pictures),
            phonemes,
            frame_rate=frame_rate,
            reference=_portrait(store, reference),
        )


def joined_phonemes(speeches: Sequence[Speech]) -> list[Mark]:
    """Return the phonemes of speeches that come one after the other, from the first's start."""
    starts = accumulate((speech.samples for speech in speeches), initial=0)
    return [
        replace(mark, first_sample=mark.first_sample + start, end_sample=mark.end_sample + start)
        for speech, start in zip(speeches, starts, strict=False)
        for mark in speech.phonemes
    ]


def yield_to_others() -> None:
    """Give the calling thread a low priority, so that measuring delays nobody's film.

    Linux counts niceness per thread. Elsewhere it is the whole process's, which others wait for,
    so nothing is done there.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _portrait(store: ArtifactStore, reference: Artifact | None) -> Rgb | None:
    if reference is None:
        return None
    with store.local(reference) as path:
        return Reader().still(path, reference.media_type)


def _until(stopped: threading.Event, pictures: Iterator[Rgb]) -> Iterator[Rgb]:
    for picture in pictures:
        if stopped.is_set():
            raise Cancelled(Reason.JOB_CANCELLED, "the measuring was cancelled")
        yield picture
