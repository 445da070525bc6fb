"""One tree of errors for every service: what went wrong, which field, and what to do about it.

Each class is one gRPC status code (`s2v.rpc.errors` has the table); each reason is one value of
the proto enum `s2v.api.common.v1.ErrorReason`, where its meaning is documented.
"""

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Why it failed, for programs; the same names as the proto enum without its prefix."""

    FIELD_INVALID = "FIELD_INVALID"
    TEXT_EMPTY = "TEXT_EMPTY"
    TEXT_TOO_LONG = "TEXT_TOO_LONG"
    IMAGE_UNREADABLE = "IMAGE_UNREADABLE"
    IMAGE_SIZE_UNSUPPORTED = "IMAGE_SIZE_UNSUPPORTED"
    FACE_NOT_FOUND = "FACE_NOT_FOUND"
    FACE_UNSUITABLE = "FACE_UNSUITABLE"
    AUDIO_UNREADABLE = "AUDIO_UNREADABLE"
    AUDIO_SILENT = "AUDIO_SILENT"
    AUDIO_TOO_SHORT = "AUDIO_TOO_SHORT"
    AUDIO_TOO_LONG = "AUDIO_TOO_LONG"
    MEDIA_TYPE_UNSUPPORTED = "MEDIA_TYPE_UNSUPPORTED"
    VOICE_UNKNOWN = "VOICE_UNKNOWN"
    ENGINE_UNKNOWN = "ENGINE_UNKNOWN"
    PRESET_UNKNOWN = "PRESET_UNKNOWN"
    SIZE_UNSUPPORTED = "SIZE_UNSUPPORTED"
    FRAME_RATE_UNSUPPORTED = "FRAME_RATE_UNSUPPORTED"
    CONFIG_EXPECTED = "CONFIG_EXPECTED"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    UPLOAD_OFFSET_MISMATCH = "UPLOAD_OFFSET_MISMATCH"
    UPLOAD_TOO_LARGE = "UPLOAD_TOO_LARGE"
    UPLOAD_INCOMPLETE = "UPLOAD_INCOMPLETE"
    CHUNK_CORRUPT = "CHUNK_CORRUPT"
    DIGEST_MISMATCH = "DIGEST_MISMATCH"
    CONCURRENT_WRITER = "CONCURRENT_WRITER"
    JOB_NOT_FOUND = "JOB_NOT_FOUND"
    ASSET_NOT_FOUND = "ASSET_NOT_FOUND"
    UPLOAD_NOT_FOUND = "UPLOAD_NOT_FOUND"
    ARTIFACT_NOT_FOUND = "ARTIFACT_NOT_FOUND"
    OFFSET_OUT_OF_RANGE = "OFFSET_OUT_OF_RANGE"
    RESUME_TOKEN_INVALID = "RESUME_TOKEN_INVALID"
    JOB_CANCELLED = "JOB_CANCELLED"
    QUEUE_FULL = "QUEUE_FULL"
    WORKERS_BUSY = "WORKERS_BUSY"
    STORAGE_FULL = "STORAGE_FULL"
    WORKER_LOST = "WORKER_LOST"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    INTERNAL = "INTERNAL"
    VIDEO_UNREADABLE = "VIDEO_UNREADABLE"
    VIDEO_TOO_LONG = "VIDEO_TOO_LONG"
    CHECKPOINT_UNUSABLE = "CHECKPOINT_UNUSABLE"
    DEVICE_MEMORY_EXCEEDED = "DEVICE_MEMORY_EXCEEDED"
    ASSET_IN_USE = "ASSET_IN_USE"
    MEDIA_NOT_FOUND = "MEDIA_NOT_FOUND"
    STAGE_STALLED = "STAGE_STALLED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    VOICE_UNUSABLE = "VOICE_UNUSABLE"
    SPEECH_FAILED = "SPEECH_FAILED"
    VOICE_NOT_FOUND = "VOICE_NOT_FOUND"
    VOICE_EXISTS = "VOICE_EXISTS"
    VOICE_BUILT_IN = "VOICE_BUILT_IN"
    CONSENT_MISSING = "CONSENT_MISSING"
    SAMPLE_UNSUITABLE = "SAMPLE_UNSUITABLE"
    CLONING_UNSUPPORTED = "CLONING_UNSUPPORTED"
    RENDER_FAILED = "RENDER_FAILED"
    CREDENTIALS_MISSING = "CREDENTIALS_MISSING"
    CREDENTIALS_INVALID = "CREDENTIALS_INVALID"
    ROLE_MISSING = "ROLE_MISSING"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    JOB_DEADLINE_EXCEEDED = "JOB_DEADLINE_EXCEEDED"
    JOB_NOT_RETRIABLE = "JOB_NOT_RETRIABLE"


class S2VError(Exception):
    """An error that a caller may see.

    Attributes:
        reason: for programs.
        message: for people: what was wrong, which value, what to do.
        field: path of the request field to blame, such as `spec.script.text`; empty if none.
        metadata: further facts for programs, such as `committed_bytes`.
        retry_after_seconds: when to try again; None where trying again does not help.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        field: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.metadata = dict(metadata or {})
        self.retry_after_seconds = retry_after_seconds

    def __reduce__(self) -> tuple[object, ...]:
        state = (self.reason, self.message, self.field, self.metadata, self.retry_after_seconds)
        return (_rebuild, (type(self), *state))


class InvalidInput(S2VError):
    """The request can never succeed as it is."""


class NotFound(S2VError):
    """What the request names is not there."""


class Conflict(S2VError):
    """What the request names exists already as something else."""


class NotReady(S2VError):
    """The system is not in the state the request needs."""


class OutOfRange(S2VError):
    """An offset or a token lies outside of what is there."""


class Exhausted(S2VError):
    """A queue, a quota, the workers, the server, the disk or a device's memory are full."""


class Unavailable(S2VError):
    """A part of the system is away and will come back."""


class Aborted(S2VError):
    """Somebody else is doing this at the same time."""


class Corrupt(S2VError):
    """Bytes arrived damaged."""


class Unauthenticated(S2VError):
    """Nobody knows who calls: no key or token came, or it is none that counts here."""


class PermissionDenied(S2VError):
    """Who calls is known, and may not do this."""


class Cancelled(S2VError):
    """Somebody asked for the work to stop."""


class DeadlineExceeded(S2VError):
    """The time limit of a call or of a job ran out."""


class Internal(S2VError):
    """A fault of ours; the message carries no detail."""


class ShardLostError(Exception):
    """One of the processes that make a take together is gone or stands still; try it again.

    It is no `S2VError`: whoever asked for a film never sees it.
    """


def _rebuild(
    kind: type[S2VError],
    reason: Reason,
    message: str,
    field: str,
    metadata: dict[str, str],
    retry_after_seconds: float | None,
) -> S2VError:
    return kind(
        reason, message, field=field, metadata=metadata, retry_after_seconds=retry_after_seconds
    )
