"""Tell a media type from a file's first bytes."""

_AVIF_BRANDS = (b"avif", b"avis")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_IMAGE_BRANDS = (b"mif1", b"msf1")
"""Of images of any coding; the compatible brands tell which."""
_MPEG_AUDIO_LAYER_3 = 0b01


def sniff(head: bytes) -> str:
    """Return the media type that a file's first 64 bytes show, or "" if it is not accepted.

    A container that can hold pictures or only sound counts as video here.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "")
    if head.startswith(b"fLaC"):
        return "audio/flac"
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head[4:8] == b"ftyp":
        return _iso(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head else ""
    return _mpeg_audio(head)


def webp_size(head: bytes) -> tuple[int, int]:
    """Return the width and height that a WebP's first 30 bytes give (RFC 9649).

    Raises:
        ValueError: they are cut off or not those of a WebP.
    """
    kind, data = head[12:16], head[20:30]
    if len(data) < 10:
        raise ValueError("the header is cut off")
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return (
            int.from_bytes(data[6:8], "little") & 0x3FFF,
            int.from_bytes(data[8:10], "little") & 0x3FFF,
        )
    raise ValueError("the header is not that of a WebP")


def _iso(head: bytes) -> str:
    brand = head[8:12]
    stated = [brand]
    if brand in _IMAGE_BRANDS:
        end = min(int.from_bytes(head[:4]), len(head))
        stated = [head[at : at + 4] for at in range(16, end, 4)]
    for brands, media_type in ((_AVIF_BRANDS, "image/avif"), (_HEIC_BRANDS, "image/heic")):
        if any(one in brands for one in stated):
            return media_type
    if brand in _IMAGE_BRANDS:
        return ""
    if brand in (b"M4A ", b"M4B "):
        return "audio/mp4"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"


def _mpeg_audio(head: bytes) -> str:
    if head.startswith(b"ID3"):
        return "audio/mpeg"
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    layer = head[1] >> 1 & 0b11
    if layer == _MPEG_AUDIO_LAYER_3:
        return "audio/mpeg"
    return "audio/aac" if head[1] & 0xF6 == 0xF0 else ""
