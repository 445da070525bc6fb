"""Messages that several services share, to values and back."""

from dataclasses import asdict, fields

from s2v.api.common.v1 import (
    artifact_pb2,
    caption_pb2,
    clip_pb2,
    face_pb2,
    measurement_pb2,
    media_pb2,
    sampling_pb2,
    speech_pb2,
)
from s2v.core.artifact import Artifact, is_sha256
from s2v.core.captions import Caption
from s2v.core.directing import LARGEST_FACE, FaceChoice
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import LipSyncMeasurement, Reel
from s2v.core.ports import DigitalSourceType, Notice, NoticeCode
from s2v.core.sampling import AS_PRESET, Between, Sampling, Solver
from s2v.core.script import LipCues, Mark, Speech
from s2v.core.timebase import SAMPLE_RATE, seconds

_MEDIA_TYPE_CHARACTERS = 100
_CUES = {
    LipCues.PHONEMES: speech_pb2.LIP_CUES_PHONEMES,
    LipCues.TRANSCRIPT: speech_pb2.LIP_CUES_TRANSCRIPT,
    LipCues.WORDS: speech_pb2.LIP_CUES_WORDS,
    LipCues.SOUNDS: speech_pb2.LIP_CUES_SOUNDS,
    LipCues.LOUDNESS: speech_pb2.LIP_CUES_LOUDNESS,
}
_CUES_BACK = {number: value for value, number in _CUES.items()}
_SOURCE_TYPE = {
    DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA: (
        media_pb2.DIGITAL_SOURCE_TYPE_TRAINED_ALGORITHMIC_MEDIA
    ),
    DigitalSourceType.COMPOSITE_SYNTHETIC: media_pb2.DIGITAL_SOURCE_TYPE_COMPOSITE_SYNTHETIC,
}
_SOLVER = {
    None: sampling_pb2.SOLVER_UNSPECIFIED,
    Solver.UNIPC: sampling_pb2.SOLVER_UNIPC,
    Solver.DPM: sampling_pb2.SOLVER_DPM,
    Solver.EULER: sampling_pb2.SOLVER_EULER,
}
_BETWEEN = {
    None: sampling_pb2.BETWEEN_UNSPECIFIED,
    Between.REPEAT: sampling_pb2.BETWEEN_REPEAT,
    Between.MOTION: sampling_pb2.BETWEEN_MOTION,
}
_BETWEEN_BACK: dict[int, Between | None] = {number: value for value, number in _BETWEEN.items()}
_SOLVER_BACK: dict[int, Solver | None] = {number: value for value, number in _SOLVER.items()}
_SOURCE_TYPE_BACK: dict[int, DigitalSourceType] = {
    number: value for value, number in _SOURCE_TYPE.items()
}


def artifact_to_proto(artifact: Artifact) -> artifact_pb2.Artifact:
    """Spell an artifact as a message."""
    return artifact_pb2.Artifact(
        sha256=artifact.sha256, size_bytes=artifact.size_bytes, media_type=artifact.media_type
    )


def artifact_from_proto(message: artifact_pb2.Artifact, *, field: str) -> Artifact:
    """Read an artifact.

    Raises:
        InvalidInput: FIELD_INVALID, the digest is not one, the size is negative, or the media type
            is longer than any.
    """
    if not is_sha256(message.sha256) or message.size_bytes < 0:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field} must name an artifact: 64 lower-case hex digits, got {message.sha256!r}",
            field=field,
        )
    if len(message.media_type) > _MEDIA_TYPE_CHARACTERS:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field}.media_type has {len(message.media_type)} characters; "
            f"no media type has more than {_MEDIA_TYPE_CHARACTERS}",
            field=f"{field}.media_type",
        )
    return Artifact(message.sha256, message.size_bytes, message.media_type)


def mark_to_proto(mark: Mark) -> speech_pb2.Mark:
    """Spell a mark as a message."""
    return speech_pb2.Mark(
        label=mark.label, first_sample=mark.first_sample, end_sample=mark.end_sample
    )


def mark_from_proto(message: speech_pb2.Mark) -> Mark:
    """Read a mark."""
    return Mark(message.label, message.first_sample, message.end_sample)


def caption_to_proto(caption: Caption) -> caption_pb2.Caption:
    """Spell a caption as a message."""
    return caption_pb2.Caption(
        start_seconds=seconds(caption.first_sample),
        end_seconds=seconds(caption.end_sample),
        lines=caption.lines,
    )


def caption_from_proto(message: caption_pb2.Caption) -> Caption:
    """Read a caption; its times are exact again."""
    first, end = (
        round(time * SAMPLE_RATE) for time in (message.start_seconds, message.end_seconds)
    )
    return Caption(tuple(message.lines), first, end)


def cues_to_proto(cues: LipCues | None) -> speech_pb2.LipCues:
    """Spell the quality of lip sync as an enum value; None is UNSPECIFIED."""
    return _CUES[cues] if cues else speech_pb2.LIP_CUES_UNSPECIFIED


def speech_to_proto(speech: Speech) -> speech_pb2.Speech:
    """Spell a speech as a message."""
    return speech_pb2.Speech(
        audio=artifact_to_proto(speech.audio),
        samples=speech.samples,
        words=map(mark_to_proto, speech.words),
        phonemes=map(mark_to_proto, speech.phonemes),
        cues=cues_to_proto(speech.cues),
    )


def speech_from_proto(message: speech_pb2.Speech, *, field: str = "speech") -> Speech:
    """Read a speech.

    Raises:
        InvalidInput: FIELD_INVALID, its sound is not an artifact.
    """
    return Speech(
        audio=artifact_from_proto(message.audio, field=f"{field}.audio"),
        samples=message.samples,
        words=tuple(map(mark_from_proto, message.words)),
        phonemes=tuple(map(mark_from_proto, message.phonemes)),
        cues=_CUES_BACK.get(message.cues, LipCues.LOUDNESS),
    )


def notice_to_proto(notice: Notice) -> media_pb2.Notice:
    """Spell a notice as a message."""
    return media_pb2.Notice(code=f"NOTICE_CODE_{notice.code.value}", message=notice.message)


def notice_from_proto(message: media_pb2.Notice) -> Notice:
    """Read a notice.

    Raises:
        ValueError: its code is UNSPECIFIED or unknown.
    """
    name = media_pb2.NoticeCode.Name(message.code)
    return Notice(NoticeCode(name.removeprefix("NOTICE_CODE_")), message.message)


def source_type_to_proto(value: DigitalSourceType | None) -> media_pb2.DigitalSourceType:
    """Spell how pictures came to be as an enum value; None is UNSPECIFIED."""
    return _SOURCE_TYPE[value] if value else media_pb2.DIGITAL_SOURCE_TYPE_UNSPECIFIED


def source_type_from_proto(value: int) -> DigitalSourceType | None:
    """Read how pictures came to be; None for UNSPECIFIED."""
    return _SOURCE_TYPE_BACK.get(value)


def sampling_to_proto(sampling: Sampling) -> sampling_pb2.Sampling | None:
    """Spell how to sample as a message; None where all of it is left to the preset."""
    if sampling == AS_PRESET:
        return None
    message = sampling_pb2.Sampling(
        steps=sampling.steps,
        guidance=sampling.guidance,
        shift=sampling.shift,
        solver=_SOLVER[sampling.solver],
        window_frames=sampling.window_frames,
        between=_BETWEEN[sampling.between],
    )
    if sampling.first_frame_from_reference is not None:
        message.first_frame_from_reference = sampling.first_frame_from_reference
    return message


def sampling_from_proto(message: sampling_pb2.Sampling) -> Sampling:
    """Read how to sample; ranges are for `s2v.core.directing` to check.

    Raises:
        InvalidInput: FIELD_INVALID, the solver is unknown, or what is shown between.
    """
    if message.solver not in _SOLVER_BACK:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"there is no solver number {message.solver}; use one of: {', '.join(Solver)}",
            field="spec.sampling.solver",
        )
    if message.between not in _BETWEEN_BACK:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"there is no between number {message.between}; use one of: {', '.join(Between)}",
            field="spec.sampling.between",
        )
    first = message.first_frame_from_reference
    return Sampling(
        steps=message.steps,
        guidance=message.guidance if message.HasField("guidance") else None,
        shift=message.shift if message.HasField("shift") else None,
        solver=_SOLVER_BACK[message.solver],
        first_frame_from_reference=first
        if message.HasField("first_frame_from_reference")
        else None,
        window_frames=message.window_frames,
        between=_BETWEEN_BACK[message.between],
    )


def face_to_proto(value: FaceChoice) -> face_pb2.FaceChoice | None:
    """Spell a choice of a face as a message; None for the largest, which needs no word."""
    if value == LARGEST_FACE:
        return None
    names = ("left", "top", "right", "bottom")
    edges = dict(zip(names, value.area, strict=True)) if value.area else None
    area = face_pb2.FaceArea(**edges) if edges else None
    return face_pb2.FaceChoice(number=value.number, area=area)


def face_from_proto(message: face_pb2.FaceChoice) -> FaceChoice:
    """Read a choice of a face."""
    area = message.area
    edges = (area.left, area.top, area.right, area.bottom) if message.HasField("area") else None
    return FaceChoice(message.number, edges)


def reel_to_proto(reel: Reel) -> clip_pb2.Reel:
    """Spell a reel as a message."""
    video = artifact_to_proto(reel.video)
    return clip_pb2.Reel(video=video, first_frame=reel.first_frame, frames=reel.frames)


def reel_from_proto(message: clip_pb2.Reel, *, field: str = "reel") -> Reel:
    """Read a reel.

    Raises:
        InvalidInput: FIELD_INVALID, its video is not an artifact.
    """
    video = artifact_from_proto(message.video, field=f"{field}.video")
    return Reel(video, message.first_frame, message.frames)


def measurement_to_proto(value: LipSyncMeasurement) -> measurement_pb2.LipSyncMeasurement:
    """Spell a measurement as a message."""
    return measurement_pb2.LipSyncMeasurement(**asdict(value))


def measurement_from_proto(message: measurement_pb2.LipSyncMeasurement) -> LipSyncMeasurement:
    """Read a measurement."""
    names = [known.name for known in fields(LipSyncMeasurement)]
    told = {
        name: getattr(message, name)
        for name in names
        if not message.DESCRIPTOR.fields_by_name[name].has_presence or message.HasField(name)
    }
    return LipSyncMeasurement(**told)
