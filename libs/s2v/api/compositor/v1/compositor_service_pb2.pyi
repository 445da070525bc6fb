from s2v.api.common.v1 import artifact_pb2 as _artifact_pb2
from s2v.api.common.v1 import caption_pb2 as _caption_pb2
from s2v.api.common.v1 import clip_pb2 as _clip_pb2
from s2v.api.common.v1 import finish_pb2 as _finish_pb2
from s2v.api.common.v1 import measurement_pb2 as _measurement_pb2
from s2v.api.common.v1 import media_pb2 as _media_pb2
from s2v.api.common.v1 import speech_pb2 as _speech_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ComposeRequest(_message.Message):
    __slots__ = ("config", "segment", "reel")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    REEL_FIELD_NUMBER: _ClassVar[int]
    config: ComposeConfig
    segment: ComposeSegment
    reel: ComposeReel
    def __init__(self, config: _Optional[_Union[ComposeConfig, _Mapping]] = ..., segment: _Optional[_Union[ComposeSegment, _Mapping]] = ..., reel: _Optional[_Union[ComposeReel, _Mapping]] = ...) -> None: ...

class ComposeConfig(_message.Message):
    __slots__ = ("frame_rate", "live", "digital_source_type", "caption_track", "captions_burnt_in", "caption_language", "film_audio", "finish", "watermark_image", "background_image")
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    DIGITAL_SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    CAPTION_TRACK_FIELD_NUMBER: _ClassVar[int]
    CAPTIONS_BURNT_IN_FIELD_NUMBER: _ClassVar[int]
    CAPTION_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    FILM_AUDIO_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_IMAGE_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_IMAGE_FIELD_NUMBER: _ClassVar[int]
    frame_rate: int
    live: bool
    digital_source_type: _media_pb2.DigitalSourceType
    caption_track: bool
    captions_burnt_in: bool
    caption_language: str
    film_audio: _artifact_pb2.Artifact
    finish: _finish_pb2.Finish
    watermark_image: _artifact_pb2.Artifact
    background_image: _artifact_pb2.Artifact
    def __init__(self, frame_rate: _Optional[int] = ..., live: bool = ..., digital_source_type: _Optional[_Union[_media_pb2.DigitalSourceType, str]] = ..., caption_track: bool = ..., captions_burnt_in: bool = ..., caption_language: _Optional[str] = ..., film_audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., finish: _Optional[_Union[_finish_pb2.Finish, _Mapping]] = ..., watermark_image: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., background_image: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class ComposeSegment(_message.Message):
    __slots__ = ("index", "clip", "audio", "captions")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    CAPTIONS_FIELD_NUMBER: _ClassVar[int]
    index: int
    clip: _clip_pb2.Clip
    audio: _artifact_pb2.Artifact
    captions: _containers.RepeatedCompositeFieldContainer[_caption_pb2.Caption]
    def __init__(self, index: _Optional[int] = ..., clip: _Optional[_Union[_clip_pb2.Clip, _Mapping]] = ..., audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., captions: _Optional[_Iterable[_Union[_caption_pb2.Caption, _Mapping]]] = ...) -> None: ...

class ComposeReel(_message.Message):
    __slots__ = ("index", "reel", "audio", "captions")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    REEL_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    CAPTIONS_FIELD_NUMBER: _ClassVar[int]
    index: int
    reel: _clip_pb2.Reel
    audio: _artifact_pb2.Artifact
    captions: _containers.RepeatedCompositeFieldContainer[_caption_pb2.Caption]
    def __init__(self, index: _Optional[int] = ..., reel: _Optional[_Union[_clip_pb2.Reel, _Mapping]] = ..., audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., captions: _Optional[_Iterable[_Union[_caption_pb2.Caption, _Mapping]]] = ...) -> None: ...

class ComposeResponse(_message.Message):
    __slots__ = ("media", "film", "working")
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    FILM_FIELD_NUMBER: _ClassVar[int]
    WORKING_FIELD_NUMBER: _ClassVar[int]
    media: _media_pb2.MediaChunk
    film: Film
    working: Working
    def __init__(self, media: _Optional[_Union[_media_pb2.MediaChunk, _Mapping]] = ..., film: _Optional[_Union[Film, _Mapping]] = ..., working: _Optional[_Union[Working, _Mapping]] = ...) -> None: ...

class Working(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Film(_message.Message):
    __slots__ = ("video", "frames", "samples", "width_pixels", "height_pixels", "frame_rate", "thumbnail", "sprites", "sprites_index", "fragments", "playlist")
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PIXELS_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PIXELS_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    THUMBNAIL_FIELD_NUMBER: _ClassVar[int]
    SPRITES_FIELD_NUMBER: _ClassVar[int]
    SPRITES_INDEX_FIELD_NUMBER: _ClassVar[int]
    FRAGMENTS_FIELD_NUMBER: _ClassVar[int]
    PLAYLIST_FIELD_NUMBER: _ClassVar[int]
    video: _artifact_pb2.Artifact
    frames: int
    samples: int
    width_pixels: int
    height_pixels: int
    frame_rate: int
    thumbnail: _artifact_pb2.Artifact
    sprites: _artifact_pb2.Artifact
    sprites_index: _artifact_pb2.Artifact
    fragments: _artifact_pb2.Artifact
    playlist: _artifact_pb2.Artifact
    def __init__(self, video: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., frames: _Optional[int] = ..., samples: _Optional[int] = ..., width_pixels: _Optional[int] = ..., height_pixels: _Optional[int] = ..., frame_rate: _Optional[int] = ..., thumbnail: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., sprites: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., sprites_index: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., fragments: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., playlist: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class MeasureFilmRequest(_message.Message):
    __slots__ = ("film", "frame_rate", "speeches", "reference")
    FILM_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    SPEECHES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    film: _artifact_pb2.Artifact
    frame_rate: int
    speeches: _containers.RepeatedCompositeFieldContainer[_speech_pb2.Speech]
    reference: _artifact_pb2.Artifact
    def __init__(self, film: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., frame_rate: _Optional[int] = ..., speeches: _Optional[_Iterable[_Union[_speech_pb2.Speech, _Mapping]]] = ..., reference: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class MeasureFilmResponse(_message.Message):
    __slots__ = ("lip_sync",)
    LIP_SYNC_FIELD_NUMBER: _ClassVar[int]
    lip_sync: _measurement_pb2.LipSyncMeasurement
    def __init__(self, lip_sync: _Optional[_Union[_measurement_pb2.LipSyncMeasurement, _Mapping]] = ...) -> None: ...

class GetCapabilitiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCapabilitiesResponse(_message.Message):
    __slots__ = ("restores_faces",)
    RESTORES_FACES_FIELD_NUMBER: _ClassVar[int]
    restores_faces: bool
    def __init__(self, restores_faces: bool = ...) -> None: ...
