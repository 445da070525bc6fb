"""What an order is checked for before it is taken."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from s2v.core.artifact import Artifact
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import STEPS, JobSpec, Order
from s2v.core.lengths import Fitted, LengthPolicy, VideoLonger, VideoShorter
from s2v.core.ports import Continuity
from s2v.core.sampling import Between, Sampling, Solver
from s2v.core.sound import Enhancement, NoiseReduction
from s2v.core.voice import SampledVoice
from s2v_gateway.assets.library import Asset
from s2v_gateway.film.offers import (
    ChosenVoice,
    EngineCatalogue,
    EngineOffer,
    FinishOffer,
    PresetOffer,
    VoiceCatalogue,
    VoiceOffer,
)
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.completing import complete
from s2v_gateway.orders.limits import Limits

PHOTO = Asset("assets/photo", "image/png", 9, "a" * 64, 512, 512, 0.0, datetime.now(UTC))
VIDEO = replace(PHOTO, name="assets/video", media_type="video/mp4", duration_seconds=600.0)
ENGINE = EngineOffer(
    name="some",
    description="",
    continuity=Continuity.INDEPENDENT,
    frame_rates=(25,),
    min_side_pixels=64,
    max_side_pixels=1920,
    reference_media_types=("image/png", "video/mp4"),
    presets=(PresetOffer("standard", ""),),
)
SOUND = replace(VIDEO, name="assets/sound", media_type="audio/wav", duration_seconds=9.0)
POSE = replace(VIDEO, name="assets/pose", sha256="b" * 64)
DIRECTED = replace(ENGINE, directed=True)


async def order(
    reference: Asset,
    offer: EngineOffer = ENGINE,
    pose_asset: Asset | None = None,
    *,
    streamed: bool = False,
    sampled: SampledVoice | None = None,
    **asked: Any,
) -> Order:
    async def engines() -> EngineCatalogue:
        return EngineCatalogue((offer,), {"large": "engine large needs a setting"})

    async def voices() -> VoiceCatalogue:
        return VoiceCatalogue((VoiceOffer("heart", "en-US", ""),))

    async def compositor() -> FinishOffer:
        return FinishOffer()

    catalogue = Catalogue(engines, voices, compositor)

    async def find_voice(spec: JobSpec) -> ChosenVoice:
        offer = await catalogue.voice(spec.voice, language=spec.language, text=spec.text)
        own = sampled.lexicon if sampled else {}
        return ChosenVoice(offer.name, offer.language, sampled, own)

    return await complete(
        JobSpec(**{"text": "Hello.", "reference": reference.name, **asked}),
        job_id="jobs/1",
        catalogue=catalogue,
        find_asset={asset.name: asset for asset in (reference, pose_asset or POSE)}.__getitem__,
        find_voice=find_voice,
        limits=Limits(),
        streamed=streamed,
    )


@pytest.mark.parametrize(
    "text",
    [
        "\u4f60\u597d\u4e16\u754c",
        "Hello, this is English. " * 9 + "\u041f\u0440\u0438\u0432\u0435\u0442! " * 20,
    ],
)
async def test_a_text_that_the_voice_cannot_say_is_refused_by_name(text: str) -> None:
    for streamed in (False, True):
        with pytest.raises(InvalidInput, match="cannot pronounce") as refusal:
            await order(PHOTO, text=text, streamed=streamed)
        assert refusal.value.reason is Reason.TEXT_EMPTY
        assert refusal.value.field == "spec.script.text"


async def test_words_of_another_script_may_stand_in_a_text() -> None:
    text = "The capital of China is called \u5317\u4eac there."
    assert (await order(PHOTO, text=text)).spec.text == text


BEIJING = "\u5317\u4eac"
ANNA = SampledVoice(
    "01VOICE", Artifact("c" * 64, 9, "audio/wav"), "Hello.", "en-US", {BEIJING: "Bay jing"}
)


@pytest.mark.parametrize(
    ("text", "lexicon", "sampled"),
    [
        (BEIJING, {BEIJING: "Beijing"}, None),
        (BEIJING, {}, ANNA),
        ("\u2661", {"\u2661": "love"}, None),
        (f"Hello my good old friends. [pause 1s] {BEIJING} [pause 1s] Bye.", {}, None),
    ],
)
async def test_a_text_that_a_lexicon_makes_sayable_is_taken(
    text: str, lexicon: dict[str, str], sampled: SampledVoice | None
) -> None:
    made = await order(PHOTO, text=text, lexicon=lexicon, sampled=sampled)
    assert (made.spec.text, made.spec.lexicon) == (text, lexicon)


async def test_what_a_script_says_of_a_word_goes_before_what_its_voice_does() -> None:
    made = await order(PHOTO, lexicon={"sql": "sequel", BEIJING: "Beijing"}, sampled=ANNA)
    assert made.lexicon == {"sql": "sequel", BEIJING: "Beijing"}
    assert (await order(PHOTO, sampled=ANNA)).lexicon == ANNA.lexicon
    assert (await order(PHOTO, lexicon={"SQL": "sequel"})).lexicon == {"SQL": "sequel"}


@pytest.mark.parametrize(
    "asked",
    [
        {"lexicon": {"SQL": " "}},
        {"lexicon": {"": "sequel"}},
        {"lexicon": {"a" * 201: "b"}},
        {"text": "", "audio": SOUND.name, "lexicon": {"SQL": "sequel"}},
    ],
)
async def test_a_lexicon_that_cannot_be_is_refused_by_name(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(PHOTO, pose_asset=SOUND, **asked)
    assert caught.value.reason is Reason.FIELD_INVALID
    assert caught.value.field == "spec.script.lexicon"


async def test_a_photo_or_a_video_may_be_the_reference() -> None:
    for asset in (PHOTO, VIDEO):
        assert (await order(asset)).reference == asset.artifact


async def test_a_new_order_follows_the_newest_steps_and_knows_how_its_text_came() -> None:
    whole, streamed = await order(PHOTO), await order(PHOTO, streamed=True)

    assert whole.steps == streamed.steps == STEPS
    assert (whole.streamed, streamed.streamed) == (False, True)
    assert whole.inputs == (PHOTO.artifact,)
    assert whole.spec.assets == {"spec.reference": PHOTO.name}


async def test_an_order_says_in_which_language_its_voice_speaks() -> None:
    assert (await order(PHOTO)).spec.language == "en-US"
    assert (await order(PHOTO, language="en-GB")).spec.language == "en-US"
    with pytest.raises(InvalidInput, match="no voice speaks de"):
        await order(PHOTO, language="de")


async def test_an_order_takes_along_what_it_needs_to_speak_with_a_sample() -> None:
    sampled = SampledVoice("01VOICE", Artifact("c" * 64, 9, "audio/wav"), "Hello.", "en-US")
    made = await order(PHOTO, sampled=sampled)

    assert made.voice == sampled
    assert made.inputs == (PHOTO.artifact, sampled.sample)


async def test_a_video_over_the_limit_is_refused_with_the_limit() -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(replace(VIDEO, duration_seconds=601.0))
    assert caught.value.reason is Reason.VIDEO_TOO_LONG
    assert caught.value.field == "spec.reference"
    assert caught.value.metadata == {"limit_seconds": "600.0"}
    assert "601 s" in caught.value.message


async def test_a_video_is_refused_where_the_engine_takes_photos_only() -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(VIDEO, replace(ENGINE, reference_media_types=("image/png",)))
    assert caught.value.reason is Reason.MEDIA_TYPE_UNSUPPORTED


async def test_a_film_has_the_engine_s_own_rate_unless_it_asks_for_another() -> None:
    slow = replace(ENGINE, frame_rates=(16, 25), default_frame_rate=16)
    assert (await order(PHOTO)).spec.frame_rate == 25
    assert (await order(PHOTO, slow)).spec.frame_rate == 16
    assert (await order(PHOTO, slow, frame_rate=25)).spec.frame_rate == 25


async def test_a_preset_that_is_withheld_is_refused_with_what_it_needs() -> None:
    offer = replace(ENGINE, withheld_presets={"draft": "draft needs a LoRA"})
    with pytest.raises(InvalidInput, match="there are: standard; draft needs a LoRA") as refusal:
        await order(PHOTO, offer, preset="draft")
    assert refusal.value.reason is Reason.PRESET_UNKNOWN
    assert refusal.value.field == "spec.preset"


async def test_a_directed_engine_is_told_everything() -> None:
    sampling = Sampling(4, 1.0, 3.0, Solver.EULER, window_frames=48, between=Between.MOTION)
    told = {"prompt": "a person", "negative_prompt": "blur", "sampling": sampling}

    found = await order(PHOTO, DIRECTED, pose=POSE.name, **told)

    assert found.pose == POSE.artifact
    assert found.spec.pose == POSE.name
    assert (found.spec.prompt, found.spec.negative_prompt) == ("a person", "blur")
    assert found.spec.sampling == sampling


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", "a person"),
        ("negative_prompt", "blur"),
        ("sampling", Sampling(steps=4)),
        ("pose", POSE.name),
    ],
)
async def test_an_engine_that_is_not_directed_takes_no_directions(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(PHOTO, **{field: value})
    assert caught.value.reason is Reason.FIELD_INVALID
    assert caught.value.field == f"spec.{field}"
    assert "engine some" in caught.value.message


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("prompt", {"prompt": "x" * 4_001}),
        ("negative_prompt", {"negative_prompt": "x" * 4_001}),
        ("sampling.steps", {"sampling": Sampling(steps=-1)}),
        ("sampling.steps", {"sampling": Sampling(steps=1_001)}),
        ("sampling.guidance", {"sampling": Sampling(guidance=-0.5)}),
        ("sampling.guidance", {"sampling": Sampling(guidance=float("nan"))}),
        ("sampling.shift", {"sampling": Sampling(shift=0.0)}),
        ("sampling.shift", {"sampling": Sampling(shift=float("inf"))}),
        ("liveliness", {"liveliness": 1.6}),
        ("liveliness", {"liveliness": float("nan")}),
        ("sampling.window_frames", {"sampling": Sampling(window_frames=28)}),
        ("sampling.window_frames", {"sampling": Sampling(window_frames=50)}),
        ("sampling.window_frames", {"sampling": Sampling(window_frames=124)}),
    ],
)
async def test_directions_out_of_range_are_refused(field: str, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(PHOTO, DIRECTED, **asked)
    assert caught.value.reason is Reason.FIELD_INVALID
    assert caught.value.field == f"spec.{field}"


async def test_a_pose_must_be_a_video_that_is_not_too_long() -> None:
    for pose, reason in (
        (replace(POSE, media_type="image/png"), Reason.MEDIA_TYPE_UNSUPPORTED),
        (replace(POSE, duration_seconds=601.0), Reason.VIDEO_TOO_LONG),
    ):
        with pytest.raises(InvalidInput) as caught:
            await order(PHOTO, DIRECTED, pose_asset=pose, pose=pose.name)
        assert caught.value.reason is reason
        assert caught.value.field == "spec.pose"


async def test_a_size_comes_in_the_steps_of_the_engine() -> None:
    stepped = replace(ENGINE, side_step_pixels=64)

    assert (await order(PHOTO, stepped, width_pixels=832)).spec.width_pixels == 832
    with pytest.raises(InvalidInput, match="a multiple of 64") as caught:
        await order(PHOTO, stepped, height_pixels=482)
    assert caught.value.field == "spec.height_pixels"


async def test_an_engine_that_is_withheld_is_unknown_and_the_remedy_is_told() -> None:
    with pytest.raises(InvalidInput, match="engine large needs a setting") as caught:
        await order(PHOTO, engine="large")
    assert caught.value.reason is Reason.ENGINE_UNKNOWN
    with pytest.raises(InvalidInput, match=r"there are: some$"):
        await order(PHOTO, engine="none")


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("enhancement", {"enhancement": Enhancement(NoiseReduction.LIGHT)}),
        ("speed", {"speed": 0.4}),
        ("speed", {"speed": 2.1}),
        ("speed", {"speed": float("nan")}),
        ("speed", {"speed": -1.0}),
        ("speed", {"text": "", "audio": SOUND.name, "speed": 1.5}),
        (
            "enhancement.target_lufs",
            {"text": "", "audio": SOUND.name, "enhancement": Enhancement(target_lufs=0.0)},
        ),
    ],
)
async def test_wishes_for_sound_fit_what_is_given(field: str, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(PHOTO, pose_asset=SOUND, **asked)
    assert caught.value.reason is Reason.FIELD_INVALID
    assert caught.value.field == f"spec.script.{field}"


async def test_given_sound_may_be_bettered_and_a_text_spoken_faster() -> None:
    better = Enhancement(NoiseReduction.STRONG, -16.0, trim_silences=True)
    found = await order(PHOTO, pose_asset=SOUND, text="", audio=SOUND.name, enhancement=better)
    assert found.spec.enhancement == better
    assert (await order(PHOTO, speed=2.0)).spec.speed == 2.0


GIVEN = {"text": "", "audio": SOUND.name}


@pytest.mark.parametrize(
    ("video_seconds", "policy", "fitting"),
    [
        (20.0, LengthPolicy(), Fitted()),
        (20.0, LengthPolicy(video_longer=VideoLonger.PAD), Fitted(least_seconds=20.0)),
        (9.2, LengthPolicy(video_longer=VideoLonger.STRETCH), Fitted(video_speed=9.2 / 9.0)),
        (8.8, LengthPolicy(video_shorter=VideoShorter.STRETCH), Fitted(video_speed=8.8 / 9.0)),
        (9.02, LengthPolicy(VideoShorter.REFUSE, VideoLonger.REFUSE), Fitted()),
        (5.0, LengthPolicy(VideoShorter.LOOP, VideoLonger.REFUSE), Fitted()),
    ],
)
async def test_a_video_is_fitted_to_given_sound(
    video_seconds: float, policy: LengthPolicy, fitting: Fitted
) -> None:
    video = replace(VIDEO, duration_seconds=video_seconds)
    found = await order(video, pose_asset=SOUND, lengths=policy, **GIVEN)
    assert found.fitted == fitting
    assert found.spec.lengths == policy


@pytest.mark.parametrize(
    ("video_seconds", "policy", "field"),
    [
        (20.0, LengthPolicy(video_longer=VideoLonger.REFUSE), ".video_longer"),
        (9.6, LengthPolicy(video_longer=VideoLonger.STRETCH), ".video_longer"),
        (8.0, LengthPolicy(video_shorter=VideoShorter.REFUSE), ".video_shorter"),
        (8.0, LengthPolicy(video_shorter=VideoShorter.STRETCH), ".video_shorter"),
        (0.0, LengthPolicy(video_shorter=VideoShorter.STRETCH), ""),
    ],
)
async def test_lengths_that_do_not_fit_are_refused(
    video_seconds: float, policy: LengthPolicy, field: str
) -> None:
    video = replace(VIDEO, duration_seconds=video_seconds)
    with pytest.raises(InvalidInput) as caught:
        await order(video, pose_asset=SOUND, lengths=policy, **GIVEN)
    assert caught.value.field == f"spec.lengths{field}"


@pytest.mark.parametrize(
    ("reference", "asked"),
    [
        (PHOTO, {"lengths": LengthPolicy(VideoShorter.LOOP)}),
        (VIDEO, {"lengths": LengthPolicy(VideoShorter.REFUSE)}),
        (VIDEO, {"lengths": LengthPolicy(video_longer=VideoLonger.PAD)}),
        (
            VIDEO,
            {
                **GIVEN,
                "lengths": LengthPolicy(video_longer=VideoLonger.PAD),
                "enhancement": Enhancement(trim_silences=True),
            },
        ),
    ],
)
async def test_lengths_need_a_video_and_a_sound_whose_length_is_known(
    reference: Asset, asked: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await order(reference, pose_asset=SOUND, **asked)
    assert caught.value.field == "spec.lengths"


async def test_what_is_shown_after_a_video_may_be_chosen_for_a_text() -> None:
    found = await order(VIDEO, lengths=LengthPolicy(VideoShorter.FREEZE))
    assert found.spec.lengths.video_shorter is VideoShorter.FREEZE


def test_an_order_written_before_there_were_directions_is_still_read() -> None:
    old = TypeAdapter(Order).validate_json(
        '{"job_id":"1","spec":{"text":"Hi.","reference":"assets/photo","engine":"some"},'
        f'"reference":{{"sha256":"{"a" * 64}","size_bytes":9,"media_type":"image/png"}},'
        '"audio":null,"continuity":"independent"}'
    )

    assert old.spec.sampling == Sampling()
    assert old.lexicon == {}
    assert old.pose is None
