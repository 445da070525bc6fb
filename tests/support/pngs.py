"""PNGs with chunks that programs would not write."""

import struct
import zlib


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(png: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """Put chunks before the pixels."""
    pixels = png.index(b"IDAT") - 4
    return png[:pixels] + b"".join(chunk(*one) for one in chunks) + png[pixels:]
