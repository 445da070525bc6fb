"""What a film says of itself, and what files that are no films do not say."""

import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from s2v.core.ports import DigitalSourceType
from s2v.media.boxes import boxes
from s2v.media.provenance import film_tags, read_marking, xmp_box

SYNTHETIC = DigitalSourceType.COMPOSITE_SYNTHETIC
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


@pytest.mark.parametrize("marking", DigitalSourceType)
def test_the_box_holds_one_packet_with_the_iptc_s_property(marking: DigitalSourceType) -> None:
    data = xmp_box(marking)
    (box,) = boxes(data)
    assert (box.path, box.end) == ("uuid", len(data))
    assert data[8:24].hex() == "be7acfcb97a942e89c71999491e3afac"
    packet = ET.fromstring(data[24:].decode().lstrip("\ufeff"))
    stated = packet.findtext(f"{RDF}RDF/{RDF}Description/{IPTC}DigitalSourceType")
    assert stated == f"http://cv.iptc.org/newscodes/digitalsourcetype/{marking}"


def test_people_are_told_too() -> None:
    tags = film_tags(SYNTHETIC)
    assert set(tags) == {"comment", "description"}
    assert all(text.startswith("AI-generated") for text in tags.values())


def test_the_property_is_read_from_an_attribute_as_others_write_it(tmp_path: Path) -> None:
    data = xmp_box(SYNTHETIC)
    body = data[24:].decode().replace("DigitalSourceType>http", 'DigitalSourceType="http')
    body = body.replace("</Iptc4xmpExt:DigitalSourceType>", '"/>')
    body_bytes = body.encode()
    head = struct.pack(">I", 24 + len(body_bytes)) + data[4:24]
    (tmp_path / "film.mp4").write_bytes(
        struct.pack(">I4s", 16, b"ftyp") + bytes(8) + head + body_bytes
    )
    assert read_marking(tmp_path / "film.mp4") is SYNTHETIC


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no film",
        b"no film " * 100,
        xmp_box(SYNTHETIC)[:-40],
        xmp_box(SYNTHETIC).replace(b"compositeSynthetic", b"someOtherTypeOfIt."),
        xmp_box(SYNTHETIC).replace(b"\xbe\x7a\xcf\xcb", b"\0\0\0\0"),
    ],
    ids=["empty", "short", "no boxes", "cut off", "unknown", "another box"],
)
def test_a_file_that_does_not_say_it_says_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    assert read_marking(tmp_path / "file") is None
