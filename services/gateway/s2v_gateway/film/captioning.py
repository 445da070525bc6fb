"""The captions of a film, segment by segment as they are spoken."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from s2v.captions.lines import captions_of
from s2v.captions.timing import parted
from s2v.core.captions import Caption, CaptionFiles, SegmentCaptions
from s2v.core.job import Order
from s2v.core.ports import Notice, NoticeCode
from s2v.core.script import LipCues, Segment, Speech
from s2v.text.markup import read_marked
from s2v.text.shown import shown

WriteCaptions = Callable[[Sequence[Caption]], Awaitable[CaptionFiles]]
"""Keeps captions as files; there are none of no captions."""

MISSING = Notice(
    NoticeCode.CAPTIONS_MISSING,
    "What is said in the sound, or in a part of it, is not known, so it has no captions; give a "
    "transcript, word for word.",
)


class Captioner:
    """Makes the captions of one film; makes none where the order wants none."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._choice = order.spec.captions
        self._texts: dict[int, str] = {}
        self._captions: dict[int, tuple[Caption, ...]] = {}

    @property
    def all(self) -> list[Caption]:
        """The captions so far, in order."""
        return [caption for _, captions in sorted(self._captions.items()) for caption in captions]

    def of(self, index: int) -> tuple[Caption, ...]:
        """Return the captions of a segment that was spoken."""
        return self._captions.get(index, ())

    async def cut(self, segments: Sequence[Segment]) -> None:
        """Take the segments of the script, or of its next piece."""
        if self._choice is None:
            return
        texts = [segment.text for segment in segments]
        if self._order.audio is None:
            texts = await asyncio.to_thread(self._shown, texts)
        transcript = self._order.spec.transcript
        if transcript:
            texts = await asyncio.to_thread(parted, transcript, texts)
        self._texts.update(zip((s.index for s in segments), texts, strict=True))

    def _shown(self, texts: Sequence[str]) -> list[str]:
        language = self._order.spec.language or "en-US"
        return [shown(read_marked(text).text, language=language) for text in texts]

    async def spoken(
        self, segment: Segment, speech: Speech, *, first_sample: int
    ) -> tuple[SegmentCaptions | Notice, ...]:
        """Return what is to be told of a segment that was spoken: its captions, or a notice, too.

        Its first sample is counted from the start of the film, and so are its captions'.
        """
        if self._choice is None:
            return ()
        found = await asyncio.to_thread(
            captions_of,
            self._text(segment, speech),
            speech.words,
            samples=speech.samples,
            frame_rate=self._order.spec.frame_rate,
            language=self._choice.language,
        )
        captions = tuple(caption.moved(first_sample) for caption in found)
        self._captions[segment.index] = captions
        told = SegmentCaptions(segment.index, captions)
        return (told, MISSING) if self._is_unknown(speech) else (told,)

    def _text(self, segment: Segment, speech: Speech) -> str:
        """Return what is said: as it was written, or else as it was recognised."""
        if self._order.audio is None or speech.cues is LipCues.TRANSCRIPT:
            return self._texts[segment.index]
        return " ".join(mark.label for mark in speech.words)

    def _is_unknown(self, speech: Speech) -> bool:
        given = self._order.audio is not None
        return given and speech.cues in (LipCues.SOUNDS, LipCues.LOUDNESS)
