"""What a request may ask for at most."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one gateway; GetServerInfo tells them."""

    max_text_characters: int = 20_000
    max_transcript_characters: int = 100_000
    min_audio_seconds: float = 0.25
    max_audio_seconds: float = 3600.0
    max_reference_seconds: float = 600.0
    max_upload_bytes: int = 512 * 1024 * 1024
    max_queued_jobs: int = 1000
