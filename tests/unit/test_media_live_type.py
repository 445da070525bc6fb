"""Live media is named as players ask for it."""

import pytest

from s2v.media.live_type import live_media_type

AVC = b"\x00\x00\x00\x35avc1" + bytes(78) + b"\x00\x00\x00\x2eavcC"
AAC = b"\x00\x00\x00\x5amp4a" + bytes(28)


@pytest.mark.parametrize(
    ("record", "codec"),
    [
        (b"\x01\x64\x00\x1f\xff", "avc1.64001f"),  # High, 3.1
        (b"\x01\x4d\x40\x28\xff", "avc1.4d4028"),  # Main, constrained, 4.0
        (b"\x01\x42\xc0\x0a\xff", "avc1.42c00a"),  # Constrained Baseline, 1.0
    ],
)
def test_the_picture_is_named_by_profile_constraints_and_level(record: bytes, codec: str) -> None:
    assert live_media_type(AVC + record) == f'video/mp4; codecs="{codec}"'


def test_the_sound_is_aac() -> None:
    both = AVC + b"\x01\x64\x00\x1f\xff" + AAC

    assert live_media_type(both) == 'video/mp4; codecs="avc1.64001f, mp4a.40.2"'
    assert live_media_type(AAC) == 'video/mp4; codecs="mp4a.40.2"'


@pytest.mark.parametrize("head", [b"", b"xx", b"\x00\x00\x00\x18ftypiso5", AVC, AVC + b"\x01\x64"])
def test_what_names_no_codec_yet_is_just_mp4(head: bytes) -> None:
    assert live_media_type(head) == "video/mp4"
