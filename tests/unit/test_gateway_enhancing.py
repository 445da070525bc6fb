"""A film of given sound is made of it as it shall be."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from s2v.core.artifact import WAV, Artifact
from s2v.core.captions import Caption, CaptionFiles
from s2v.core.job import Film, JobSpec, Order
from s2v.core.ports import Continuity
from s2v.core.sound import Enhancement
from s2v.core.stages import CutScript, FinishedSegment, Happening, MediaSink, Report
from s2v.testing.fakes_stages import FakeCheckpoints, FakeStages, artifact_of
from s2v_gateway.film.workflow import make_film

PICTURE = artifact_of("x", "image/jpeg")


async def no_captions(captions: Sequence[Caption]) -> CaptionFiles:
    raise AssertionError(captions)


async def make(order: Order, stages: FakeStages, checkpoints: FakeCheckpoints) -> None:
    happened: list[Happening] = []
    await make_film(
        order,
        stages,
        checkpoints,
        happened.append,
        read_piece=None,
        media=None,
        reels=None,
        write_captions=no_captions,
        parallel_takes=1,
    )


async def test_given_sound_is_bettered_once_and_only_where_that_is_asked() -> None:
    sound = artifact_of("sound", "audio/wav")
    plain = Order("0" * 32, JobSpec(frame_rate=25), PICTURE, sound, Continuity.INDEPENDENT)
    better = replace(
        plain, spec=JobSpec(frame_rate=25, enhancement=Enhancement(trim_silences=True))
    )
    for given, before, cut in (
        (plain, ["cut"], sound),
        (better, ["enhance", "cut"], artifact_of(f"enhanced {sound.sha256}", "audio/wav")),
    ):
        stages, checkpoints = FakeStages(), FakeCheckpoints()
        await make(given, stages, checkpoints)
        assert stages.calls[: len(before)] == before
        assert stages.orders[0].audio == cut
    again = FakeStages()
    await make(better, again, checkpoints.again())
    assert again.calls == []


class GivenStereo(FakeStages):
    """Was given stereo sound."""

    composed_with: Artifact | None = None

    async def cut(self, order: Order, report: Report) -> CutScript:
        """Tell of the sound for the film."""
        cut = await super().cut(order, report)
        return replace(cut, film_audio=artifact_of("stereo", WAV))

    async def compose(
        self,
        order: Order,
        segments: Callable[[], AsyncIterator[FinishedSegment]],
        *,
        film_audio: Artifact | None,
        media: MediaSink | None,
        report: Report,
    ) -> Film:
        """Remember what the film carries."""
        self.composed_with = film_audio
        return await super().compose(
            order, segments, film_audio=film_audio, media=media, report=report
        )


async def test_the_film_carries_the_sound_that_the_cut_tells_of() -> None:
    sound = artifact_of("sound", WAV)
    given = Order("0" * 32, JobSpec(frame_rate=25), PICTURE, sound, Continuity.INDEPENDENT)
    stages = GivenStereo()
    await make(given, stages, FakeCheckpoints())
    assert stages.composed_with == artifact_of("stereo", WAV)
