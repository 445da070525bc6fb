"""Name the media type of a fragmented MP4 with its codecs, as players ask for it (RFC 6381)."""

_AVC_CONFIGURATION = b"avcC"
_AAC = b"mp4a"


def live_media_type(head: bytes) -> str:
    """Return the media type of a film that begins with these bytes, its init segment at least.

    H.264 is named by the profile, constraints and level of its decoder configuration record
    (ISO/IEC 14496-15, 5.3.3.1), sound as AAC-LC.
    """
    codecs = []
    place = head.find(_AVC_CONFIGURATION)
    record = head[place + 4 : place + 8]
    if place >= 0 and len(record) == 4:
        codecs.append(f"avc1.{record[1:4].hex()}")
    if _AAC in head:
        codecs.append("mp4a.40.2")
    return f'video/mp4; codecs="{", ".join(codecs)}"' if codecs else "video/mp4"
