from s2v.api.common.v1 import artifact_pb2 as _artifact_pb2
from s2v.api.common.v1 import clip_pb2 as _clip_pb2
from s2v.api.common.v1 import face_pb2 as _face_pb2
from s2v.api.common.v1 import lengths_pb2 as _lengths_pb2
from s2v.api.common.v1 import media_pb2 as _media_pb2
from s2v.api.common.v1 import sampling_pb2 as _sampling_pb2
from s2v.api.common.v1 import speech_pb2 as _speech_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Continuity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTINUITY_UNSPECIFIED: _ClassVar[Continuity]
    CONTINUITY_INDEPENDENT: _ClassVar[Continuity]
    CONTINUITY_SEQUENTIAL: _ClassVar[Continuity]

class WorkerState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WORKER_STATE_UNSPECIFIED: _ClassVar[WorkerState]
    WORKER_STATE_STARTING: _ClassVar[WorkerState]
    WORKER_STATE_IDLE: _ClassVar[WorkerState]
    WORKER_STATE_BUSY: _ClassVar[WorkerState]
    WORKER_STATE_AWAY: _ClassVar[WorkerState]
CONTINUITY_UNSPECIFIED: Continuity
CONTINUITY_INDEPENDENT: Continuity
CONTINUITY_SEQUENTIAL: Continuity
WORKER_STATE_UNSPECIFIED: WorkerState
WORKER_STATE_STARTING: WorkerState
WORKER_STATE_IDLE: WorkerState
WORKER_STATE_BUSY: WorkerState
WORKER_STATE_AWAY: WorkerState

class RenderRequest(_message.Message):
    __slots__ = ("speech", "reference", "engine", "preset", "frame_rate", "width_pixels", "height_pixels", "seed", "first_frame", "state", "prompt", "negative_prompt", "sampling", "pose", "device_group", "following", "ends_film", "reels", "rendered", "video_shorter", "video_speed", "liveliness", "face")
    SPEECH_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PIXELS_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PIXELS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    FIRST_FRAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_GROUP_FIELD_NUMBER: _ClassVar[int]
    FOLLOWING_FIELD_NUMBER: _ClassVar[int]
    ENDS_FILM_FIELD_NUMBER: _ClassVar[int]
    REELS_FIELD_NUMBER: _ClassVar[int]
    RENDERED_FIELD_NUMBER: _ClassVar[int]
    VIDEO_SHORTER_FIELD_NUMBER: _ClassVar[int]
    VIDEO_SPEED_FIELD_NUMBER: _ClassVar[int]
    LIVELINESS_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    speech: _speech_pb2.Speech
    reference: _artifact_pb2.Artifact
    engine: str
    preset: str
    frame_rate: int
    width_pixels: int
    height_pixels: int
    seed: int
    first_frame: int
    state: _artifact_pb2.Artifact
    prompt: str
    negative_prompt: str
    sampling: _sampling_pb2.Sampling
    pose: _artifact_pb2.Artifact
    device_group: str
    following: _artifact_pb2.Artifact
    ends_film: bool
    reels: bool
    rendered: _containers.RepeatedCompositeFieldContainer[_clip_pb2.Reel]
    video_shorter: _lengths_pb2.VideoShorter
    video_speed: float
    liveliness: float
    face: _face_pb2.FaceChoice
    def __init__(self, speech: _Optional[_Union[_speech_pb2.Speech, _Mapping]] = ..., reference: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., engine: _Optional[str] = ..., preset: _Optional[str] = ..., frame_rate: _Optional[int] = ..., width_pixels: _Optional[int] = ..., height_pixels: _Optional[int] = ..., seed: _Optional[int] = ..., first_frame: _Optional[int] = ..., state: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., sampling: _Optional[_Union[_sampling_pb2.Sampling, _Mapping]] = ..., pose: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., device_group: _Optional[str] = ..., following: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., ends_film: bool = ..., reels: bool = ..., rendered: _Optional[_Iterable[_Union[_clip_pb2.Reel, _Mapping]]] = ..., video_shorter: _Optional[_Union[_lengths_pb2.VideoShorter, str]] = ..., video_speed: _Optional[float] = ..., liveliness: _Optional[float] = ..., face: _Optional[_Union[_face_pb2.FaceChoice, _Mapping]] = ...) -> None: ...

class RenderResponse(_message.Message):
    __slots__ = ("progress", "preview", "notice", "clip", "reel")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    REEL_FIELD_NUMBER: _ClassVar[int]
    progress: RenderProgress
    preview: _media_pb2.Preview
    notice: _media_pb2.Notice
    clip: _clip_pb2.Clip
    reel: _clip_pb2.Reel
    def __init__(self, progress: _Optional[_Union[RenderProgress, _Mapping]] = ..., preview: _Optional[_Union[_media_pb2.Preview, _Mapping]] = ..., notice: _Optional[_Union[_media_pb2.Notice, _Mapping]] = ..., clip: _Optional[_Union[_clip_pb2.Clip, _Mapping]] = ..., reel: _Optional[_Union[_clip_pb2.Reel, _Mapping]] = ...) -> None: ...

class RenderProgress(_message.Message):
    __slots__ = ("frames_done", "frames_total")
    FRAMES_DONE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    frames_done: int
    frames_total: int
    def __init__(self, frames_done: _Optional[int] = ..., frames_total: _Optional[int] = ...) -> None: ...

class ListEnginesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListEnginesResponse(_message.Message):
    __slots__ = ("engines", "withheld")
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    engines: _containers.RepeatedCompositeFieldContainer[Engine]
    withheld: _containers.RepeatedCompositeFieldContainer[WithheldEngine]
    def __init__(self, engines: _Optional[_Iterable[_Union[Engine, _Mapping]]] = ..., withheld: _Optional[_Iterable[_Union[WithheldEngine, _Mapping]]] = ...) -> None: ...

class WithheldEngine(_message.Message):
    __slots__ = ("name", "remedy")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    name: str
    remedy: str
    def __init__(self, name: _Optional[str] = ..., remedy: _Optional[str] = ...) -> None: ...

class Engine(_message.Message):
    __slots__ = ("name", "description", "continuity", "frame_rates", "min_side_pixels", "max_side_pixels", "reference_media_types", "presets", "digital_source_type", "directed", "side_step_pixels", "problem", "device_groups", "default_frame_rate", "least_area_pixels", "withheld_presets")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CONTINUITY_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATES_FIELD_NUMBER: _ClassVar[int]
    MIN_SIDE_PIXELS_FIELD_NUMBER: _ClassVar[int]
    MAX_SIDE_PIXELS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_MEDIA_TYPES_FIELD_NUMBER: _ClassVar[int]
    PRESETS_FIELD_NUMBER: _ClassVar[int]
    DIGITAL_SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    DIRECTED_FIELD_NUMBER: _ClassVar[int]
    SIDE_STEP_PIXELS_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    DEVICE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    LEAST_AREA_PIXELS_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_PRESETS_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    continuity: Continuity
    frame_rates: _containers.RepeatedScalarFieldContainer[int]
    min_side_pixels: int
    max_side_pixels: int
    reference_media_types: _containers.RepeatedScalarFieldContainer[str]
    presets: _containers.RepeatedCompositeFieldContainer[Preset]
    digital_source_type: _media_pb2.DigitalSourceType
    directed: bool
    side_step_pixels: int
    problem: str
    device_groups: _containers.RepeatedScalarFieldContainer[str]
    default_frame_rate: int
    least_area_pixels: int
    withheld_presets: _containers.RepeatedCompositeFieldContainer[WithheldPreset]
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., continuity: _Optional[_Union[Continuity, str]] = ..., frame_rates: _Optional[_Iterable[int]] = ..., min_side_pixels: _Optional[int] = ..., max_side_pixels: _Optional[int] = ..., reference_media_types: _Optional[_Iterable[str]] = ..., presets: _Optional[_Iterable[_Union[Preset, _Mapping]]] = ..., digital_source_type: _Optional[_Union[_media_pb2.DigitalSourceType, str]] = ..., directed: bool = ..., side_step_pixels: _Optional[int] = ..., problem: _Optional[str] = ..., device_groups: _Optional[_Iterable[str]] = ..., default_frame_rate: _Optional[int] = ..., least_area_pixels: _Optional[int] = ..., withheld_presets: _Optional[_Iterable[_Union[WithheldPreset, _Mapping]]] = ...) -> None: ...

class WithheldPreset(_message.Message):
    __slots__ = ("name", "remedy")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    name: str
    remedy: str
    def __init__(self, name: _Optional[str] = ..., remedy: _Optional[str] = ...) -> None: ...

class Preset(_message.Message):
    __slots__ = ("name", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class ListWorkersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListWorkersResponse(_message.Message):
    __slots__ = ("workers", "waiting_takes")
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    WAITING_TAKES_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedCompositeFieldContainer[Worker]
    waiting_takes: int
    def __init__(self, workers: _Optional[_Iterable[_Union[Worker, _Mapping]]] = ..., waiting_takes: _Optional[int] = ...) -> None: ...

class Worker(_message.Message):
    __slots__ = ("name", "state", "device", "restarts", "pid", "problem")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: WorkerState
    device: str
    restarts: int
    pid: int
    problem: str
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[WorkerState, str]] = ..., device: _Optional[str] = ..., restarts: _Optional[int] = ..., pid: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...
