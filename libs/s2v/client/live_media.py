"""The film while it is made, as it arrives: whole chunks, without gaps."""

from google_crc32c import value as crc32c

from s2v.api.common.v1.media_pb2 import MediaChunk
from s2v.core.errors import Corrupt, Reason


class ArrivingMedia:
    """How much of the live media has arrived.

    Attributes:
        offset: where the next chunk must begin, in bytes.
    """

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset

    def take(self, chunk: MediaChunk) -> None:
        """Take note of a chunk.

        Raises:
            Corrupt: CHUNK_CORRUPT, it is damaged or does not follow the one before.
        """
        if chunk.offset != self.offset:
            raise Corrupt(
                Reason.CHUNK_CORRUPT,
                f"a chunk of media for {self.offset} bytes came for {chunk.offset}",
            )
        if chunk.crc32c != crc32c(chunk.data):
            raise Corrupt(
                Reason.CHUNK_CORRUPT, f"the chunk of media at {self.offset} bytes arrived damaged"
            )
        self.offset += len(chunk.data)
