"""Stages that have something to watch while a film is made."""

from collections.abc import AsyncIterator, Callable, Sequence

from s2v.core.artifact import Artifact
from s2v.core.job import Film, Order
from s2v.core.stages import FinishedReel, FinishedSegment, Media, MediaSink, Report
from s2v.testing.fakes_stages import FakeStages


class ShowingStages(FakeStages):
    """Has these bytes to watch, one piece a segment."""

    def __init__(self, pieces: Sequence[bytes], **options: dict[str, object]) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._pieces = pieces

    async def compose(
        self,
        order: Order,
        segments: Callable[[], AsyncIterator[FinishedSegment | FinishedReel]],
        *,
        film_audio: Artifact | None,
        media: MediaSink | None,
        report: Report,
    ) -> Film:
        async def show(one: Media) -> None:
            assert media is not None
            offset = sum(map(len, self._pieces[: one.offset]))
            await media(Media(offset, self._pieces[one.offset]))

        return await super().compose(
            order, segments, film_audio=film_audio, media=media and show, report=report
        )
