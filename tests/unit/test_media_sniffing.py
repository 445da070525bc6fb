"""Media types are told from the bytes first."""

import pytest

from s2v.media.sniffing import media_type_of, sniff


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
        (b"\0\0\0\x20ftypmp42", "song.m4a", "video/mp4"),
        (b"not an image", "photo.JPG", "image/jpeg"),
        (b"GIF89a\x10\0", "", "image/gif"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "", "image/bmp"),
        (b"II*\0\x08\0\0\0", "", "image/tiff"),
        (b"MM\0*\0\0\0\x08", "", "image/tiff"),
        (b"II+\0\x08\0\0\0", "", "image/tiff"),
        (b"FORM\0\0\0\0AIFCFVER", "", "audio/aiff"),
        (b"\xff\xf1\x50\x80", "", "audio/aac"),
        (b"\xff\xf9\x50\x80", "", "audio/aac"),
        (b"\xff\xfb\x90\x44", "", "audio/mpeg"),
        (b"\xff\xf3\x40\xc4", "", "audio/mpeg"),
        (b"\xff\xe3\x18\xc4", "", "audio/mpeg"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "", "audio/wav"),
        (b"#!AMR-WB\n", "", "audio/amr"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "", "video/x-ms-asf"),
        (b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska", "a.webm", "video/x-matroska"),
        (b"not anything", "notes", "application/octet-stream"),
        (b"", "", "application/octet-stream"),
    ],
)
def test_the_bytes_tell_the_type_and_the_name_only_where_they_do_not(
    head: bytes, name: str, media_type: str
) -> None:
    assert media_type_of(head, name) == media_type


@pytest.mark.parametrize(
    "head",
    [
        b"BM and other words that happen to begin like a bitmap",
        b"II*\0\x10\0\0\0CR\x02\0",  # a Canon camera's raw file
        b"RIFF\x24\0\0\0AVI LIST",
        b"FORM\0\0\0\0ILBMBMHD",
        "ﬀ".encode("utf-16"),
        b"\xff\xfb\xf0\x44",  # no such bitrate
        b"\xff\xfb\x9c\x44",  # no such rate of samples
        b"\xff\xeb\x90\x44",  # no such version of MPEG
        b"\xff\xf1\x7c\x80",  # no such rate of samples
        b"\xff\xfd\x90\x44",  # layer II
        b"\xff\xfb",
    ],
)
def test_what_only_begins_like_media_is_not_taken_for_it(head: bytes) -> None:
    assert sniff(head) == ""
