"""Tell a media type from a file's first bytes, or from its name where they say nothing."""

from pathlib import PurePath

HEAD_BYTES = 64
"""So many of a file's first bytes suffice."""

_BY_MAGIC = (
    ("image/jpeg", (0, b"\xff\xd8\xff")),
    ("image/png", (0, b"\x89PNG\r\n\x1a\n")),
    ("image/webp", (0, b"RIFF"), (8, b"WEBP")),
    ("image/gif", (0, b"GIF87a")),
    ("image/gif", (0, b"GIF89a")),
    ("", (0, b"II*\0"), (8, b"CR")),  # a Canon camera's raw file
    ("image/tiff", (0, b"II*\0")),
    ("image/tiff", (0, b"MM\0*")),
    ("image/tiff", (0, b"II+\0\x08\0\0\0")),
    ("image/tiff", (0, b"MM\0+\0\x08\0\0")),
    ("audio/wav", (0, b"RIFF"), (8, b"WAVE")),
    ("audio/aiff", (0, b"FORM"), (8, b"AIFF")),
    ("audio/aiff", (0, b"FORM"), (8, b"AIFC")),
    ("audio/flac", (0, b"fLaC")),
    ("audio/ogg", (0, b"OggS")),
    ("audio/mpeg", (0, b"ID3")),
    ("audio/wav", (0, b"RF64"), (8, b"WAVE")),
    ("audio/x-caf", (0, b"caff")),
    ("audio/x-wavpack", (0, b"wvpk")),
    ("audio/basic", (0, b".snd")),
    ("audio/amr", (0, b"#!AMR")),
    ("video/x-ms-asf", (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
)
_BMP_HEADER_BYTES = (12, 40, 52, 56, 64, 108, 124)
_AVIF_BRANDS = (b"avif", b"avis")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_IMAGE_BRANDS = (b"mif1", b"msf1")
"""Of images of any coding; the compatible brands tell which."""
_BY_BRAND = {b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime"}
_LAYER_3, _NO_LAYER = 0b01, 0b00
_RESERVED_VERSION, _BAD_BITRATE, _RESERVED_RATE = 0b01, 0b1111, 0b11
_ADTS_RATES = 13
_BY_SUFFIX = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".heif": "image/heic",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".wav": "audio/wav",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".aac": "audio/aac",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".mka": "video/x-matroska",
    ".caf": "audio/x-caf",
    ".wv": "audio/x-wavpack",
    ".au": "audio/basic",
    ".amr": "audio/amr",
    ".wma": "video/x-ms-asf",
    ".wmv": "video/x-ms-asf",
}


def sniff(head: bytes) -> str:
    """Return the media type that a file's first HEAD_BYTES show, or "" if it is not accepted.

    A container that can hold pictures or only sound counts as video here.
    """
    for media_type, *magics in _BY_MAGIC:
        if all(head[offset : offset + len(magic)] == magic for offset, magic in magics):
            return media_type
    if head[4:8] == b"ftyp":
        return _iso(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head else _matroska(head)
    if head.startswith(b"BM"):
        return "image/bmp" if int.from_bytes(head[14:18], "little") in _BMP_HEADER_BYTES else ""
    return _mpeg_audio(head)


def media_type_of(head: bytes, name: str = "") -> str:
    """Return the media type that the first HEAD_BYTES show or, where they do not, the name."""
    suffix = PurePath(name).suffix.lower()
    return sniff(head) or _BY_SUFFIX.get(suffix, "application/octet-stream")


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
    return "" if brand in _IMAGE_BRANDS else _BY_BRAND.get(brand, "video/mp4")


def _matroska(head: bytes) -> str:
    return "video/x-matroska" if b"matroska" in head else ""


def _mpeg_audio(head: bytes) -> str:
    """Tell MP3 (MPEG-1, 2 and 2.5) and AAC in ADTS (ISO/IEC 14496-3) by a frame's header."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    version, layer = head[1] >> 3 & 0b11, head[1] >> 1 & 0b11
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 0b11
    if layer == _LAYER_3 and version != _RESERVED_VERSION:
        return "" if bitrate == _BAD_BITRATE or rate == _RESERVED_RATE else "audio/mpeg"
    adts = layer == _NO_LAYER and head[1] & 0xF0 == 0xF0
    return "audio/aac" if adts and head[2] >> 2 & 0xF < _ADTS_RATES else ""
