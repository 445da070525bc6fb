"""What a request may ask for at most."""

from dataclasses import dataclass

from s2v.media.limits import MAX_AUDIO_SECONDS, MIN_AUDIO_SECONDS
from s2v.text.limits import MAX_TEXT_CHARACTERS, MAX_TRANSCRIPT_CHARACTERS


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one gateway; GetServerInfo tells them.

    `webhooks` says whether the ends of jobs can be told.
    """

    max_text_characters: int = MAX_TEXT_CHARACTERS
    max_transcript_characters: int = MAX_TRANSCRIPT_CHARACTERS
    min_audio_seconds: float = MIN_AUDIO_SECONDS
    max_audio_seconds: float = MAX_AUDIO_SECONDS
    max_reference_seconds: float = 600.0
    max_upload_bytes: int = 512 * 1024 * 1024
    max_queued_jobs: int = 1000
    job_timeout_seconds: float = 1800.0
    webhooks: bool = False
