"""Draw captions into pictures while they last."""

from collections.abc import Iterator, Sequence

from s2v.captions.lettering import Letterer, Stamp
from s2v.core.captions import Caption
from s2v.media.colour import Rgb


def captioned(
    pictures: Iterator[Rgb],
    captions: Sequence[Caption],
    letterer: Letterer,
    *,
    first_sample: int,
    frame_samples: int,
) -> Iterator[Rgb]:
    """Draw captions into pictures, each a frame long, the first of which begins with a sample."""
    stamps = _Stamps(letterer, captions)
    for number, picture in enumerate(pictures):
        if stamp := stamps.at(first_sample + number * frame_samples):
            stamp.onto(picture)
        yield picture


class _Stamps:
    """The drawn captions of a clip, each kept for as long as it is shown."""

    def __init__(self, letterer: Letterer, captions: Sequence[Caption]) -> None:
        self._letterer = letterer
        self._captions = list(captions)
        self._drawn: tuple[Caption, Stamp | None] | None = None

    def at(self, sample: int) -> Stamp | None:
        """Return what is shown in the frame that begins with a sample; samples never go back."""
        while self._captions and self._captions[0].end_sample <= sample:
            self._captions.pop(0)
        if not self._captions or self._captions[0].first_sample > sample:
            return None
        shown = self._captions[0]
        if self._drawn is None or self._drawn[0] is not shown:
            self._drawn = shown, self._letterer.stamp(shown.lines)
        return self._drawn[1]
