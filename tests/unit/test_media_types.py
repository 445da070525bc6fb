"""Media types are told from the bytes first."""

import pytest

from s2v.client.media_types import media_type_of


@pytest.mark.parametrize(
    ("head", "name", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0\0", "wrong.jpg", "image/png"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "", "audio/wav"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "", "image/webp"),
        (b"\0\0\0\x20ftypisom", "", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "", "video/quicktime"),
        (b"\0\0\0\x08wide", "clip.MOV", "video/quicktime"),
        (b"\0\0\0\x20ftypavif", "", "image/avif"),
        (b"\0\0\0\x20ftypheic", "", "image/heic"),
        (b"not an image", "IMG_0001.HEIC", "image/heic"),
        (b"\0\0\0\x20ftypM4A ", "", "audio/mp4"),
        (b"not an image", "photo.JPG", "image/jpeg"),
        (b"not anything", "notes", "application/octet-stream"),
        (b"", "", "application/octet-stream"),
    ],
)
def test_the_bytes_tell_the_type_and_the_name_only_where_they_do_not(
    head: bytes, name: str, media_type: str
) -> None:
    assert media_type_of(head, name) == media_type
