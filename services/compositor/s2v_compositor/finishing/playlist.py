"""A film in pieces for HTTP Live Streaming (RFC 8216): one file of fragments and a list of them."""

from dataclasses import dataclass, field
from pathlib import Path

from s2v.media.film import Fragment

FRAGMENTS_NAME = "fragments.mp4"
"""What the list calls the file."""


@dataclass(slots=True)
class Playlist:
    """Collects the fragments of one film in a file as they come.

    The last fragment may hold nothing but sound; it belongs to the piece before it.
    """

    path: Path
    frame_rate: int
    _pieces: list[tuple[int, int]] = field(default_factory=list)
    _frames: int = 0

    def add(self, fragment: Fragment) -> None:
        """Append a fragment.

        Raises:
            OSError: it cannot be written.
        """
        with self.path.open("ab") as file:
            file.write(fragment.data)
        frames, self._frames = fragment.frames - self._frames, fragment.frames
        if len(self._pieces) > 1 and not frames:
            before, size = self._pieces.pop()
            self._pieces.append((before, size + len(fragment.data)))
        else:
            self._pieces.append((frames, len(fragment.data)))

    def text(self) -> str:
        """Return the list, of a film that is complete."""
        (_, head), *pieces = self._pieces
        longest = max(frames for frames, _ in pieces)
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{-(-longest // self.frame_rate)}",
            "#EXT-X-PLAYLIST-TYPE:VOD",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-MAP:URI="{FRAGMENTS_NAME}",BYTERANGE="{head}@0"',
        ]
        offset = head
        for frames, size in pieces:
            lines += [
                f"#EXTINF:{frames / self.frame_rate:.5f},",
                f"#EXT-X-BYTERANGE:{size}@{offset}",
                FRAGMENTS_NAME,
            ]
            offset += size
        return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
