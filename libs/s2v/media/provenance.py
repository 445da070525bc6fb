"""Say in a film, for machines and for people, that its pictures are synthetic, and read it again.

The word is the IPTC's digital source type. It stands in an XMP packet inside of a `uuid` box (XMP
specification part 3) and as a comment in the MP4's own metadata.
"""

import mmap
import re
import struct
from pathlib import Path
from uuid import UUID

from s2v.core.ports import DigitalSourceType
from s2v.media.boxes import boxes

SOURCE_TYPE_PREFIX = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""Of the IPTC's concepts; https://cv.iptc.org/newscodes/digitalsourcetype lists them."""

_XMP_BOX = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes
_HEADER_BYTES = 8 + len(_XMP_BOX)
_MOST_XMP_BYTES = 1 << 20
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
_STATEMENT = re.compile(
    rb"DigitalSourceType[^\0]{0,80}?" + re.escape(SOURCE_TYPE_PREFIX.encode()) + rb"([A-Za-z]+)"
)
_COMMENTS = {
    DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA: "AI-generated: made by a trained model.",
    DigitalSourceType.COMPOSITE_SYNTHETIC: "AI-generated: a portrait was made to speak.",
}


def xmp_box(marking: DigitalSourceType) -> bytes:
    """Return a top-level MP4 box with the XMP packet; the same marking gives the same bytes."""
    packet = _PACKET.format(source_type=SOURCE_TYPE_PREFIX + marking).encode()
    return struct.pack(">I4s", _HEADER_BYTES + len(packet), b"uuid") + _XMP_BOX + packet


def film_tags(marking: DigitalSourceType) -> dict[str, str]:
    """Return what the MP4's own metadata shall say, by FFmpeg's names for its fields."""
    comment = f"{_COMMENTS[marking]} Digital source type: {SOURCE_TYPE_PREFIX}{marking}"
    return {"comment": comment, "description": comment}


def read_marking(path: Path) -> DigitalSourceType | None:
    """Return what a film's XMP says of its pictures; None where it says nothing that is known.

    Any file may be given; one that is no MP4 says nothing.
    """
    if path.stat().st_size < _HEADER_BYTES:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for box in boxes(data):
            is_xmp = box.path == "uuid" and data[box.body : box.body + 16] == _XMP_BOX
            if is_xmp and box.end - box.body <= _MOST_XMP_BYTES:
                stated = _STATEMENT.search(data[box.body : box.end])
                if stated:
                    return _KNOWN.get(stated[1].decode())
    return None


_KNOWN = {str(kind): kind for kind in DigitalSourceType}
