"""Messages about what is done at a film's end, to values and back."""

from s2v.api.common.v1 import finish_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.core.finishing import PLAIN, USUAL_OPACITY, Aspect, Backdrop, Corner, Finish, Watermark

_ASPECTS = {
    finish_pb2.ASPECT_UNSPECIFIED: Aspect.AS_RENDERED,
    finish_pb2.ASPECT_WIDE: Aspect.WIDE,
    finish_pb2.ASPECT_TALL: Aspect.TALL,
    finish_pb2.ASPECT_SQUARE: Aspect.SQUARE,
}
_ASPECTS_BACK = {value: number for number, value in _ASPECTS.items()}
_CORNERS = {
    finish_pb2.CORNER_BOTTOM_RIGHT: Corner.BOTTOM_RIGHT,
    finish_pb2.CORNER_BOTTOM_LEFT: Corner.BOTTOM_LEFT,
    finish_pb2.CORNER_TOP_RIGHT: Corner.TOP_RIGHT,
    finish_pb2.CORNER_TOP_LEFT: Corner.TOP_LEFT,
    finish_pb2.CORNER_CENTRE: Corner.CENTRE,
}
_CORNERS_BACK = {value: number for number, value in _CORNERS.items()}


def finish_to_proto(finish: Finish) -> finish_pb2.Finish | None:
    """Spell a finish as a message; None for one that does nothing."""
    if finish == PLAIN:
        return None
    return finish_pb2.Finish(
        denoise=finish.denoise,
        sharpen=finish.sharpen,
        aspect=_ASPECTS_BACK[finish.aspect],
        width_pixels=finish.width_pixels,
        height_pixels=finish.height_pixels,
        bits_per_second=finish.bits_per_second,
        watermark=_watermark_to_proto(finish.watermark) if finish.watermark else None,
        background=_backdrop_to_proto(finish.backdrop) if finish.backdrop else None,
        fragment_seconds=finish.fragment_seconds,
        thumbnail_seconds=finish.thumbnail_seconds,
        sprites=finish.sprites,
        hls=finish.hls,
        restore_faces=finish.restore_faces,
    )


def finish_from_proto(message: finish_pb2.Finish, *, field: str) -> Finish:
    """Read a finish; ranges are for `s2v.core.finishing` to check.

    Raises:
        InvalidInput: FIELD_INVALID, the number of an aspect or a corner is unknown.
    """
    if message.aspect not in _ASPECTS:
        raise _unknown("aspect", message.aspect, field=field)
    has_time = message.HasField("thumbnail_seconds")
    return Finish(
        denoise=message.denoise,
        sharpen=message.sharpen,
        aspect=_ASPECTS[message.aspect],
        width_pixels=message.width_pixels,
        height_pixels=message.height_pixels,
        bits_per_second=message.bits_per_second,
        watermark=_watermark_from_proto(message.watermark, field=f"{field}.watermark")
        if message.HasField("watermark")
        else None,
        backdrop=_backdrop_from_proto(message.background)
        if message.HasField("background")
        else None,
        fragment_seconds=message.fragment_seconds,
        thumbnail_seconds=message.thumbnail_seconds if has_time else None,
        sprites=message.sprites,
        hls=message.hls,
        restore_faces=message.restore_faces,
    )


def _watermark_to_proto(mark: Watermark) -> finish_pb2.Watermark:
    message = finish_pb2.Watermark(corner=_CORNERS_BACK[mark.corner], opacity=mark.opacity)
    if mark.image:
        message.image = mark.image
    else:
        message.text = mark.text
    return message


def _watermark_from_proto(message: finish_pb2.Watermark, *, field: str) -> Watermark:
    corner = message.corner or finish_pb2.CORNER_BOTTOM_RIGHT
    if corner not in _CORNERS:
        raise _unknown("corner", corner, field=field)
    opacity = message.opacity if message.HasField("opacity") else USUAL_OPACITY
    return Watermark(message.text, message.image, _CORNERS[corner], opacity)


def _backdrop_to_proto(backdrop: Backdrop) -> finish_pb2.Background:
    if backdrop.image:
        return finish_pb2.Background(image=backdrop.image)
    if backdrop.colour:
        return finish_pb2.Background(colour=backdrop.colour)
    return finish_pb2.Background(blur=backdrop.blur)


def _backdrop_from_proto(message: finish_pb2.Background) -> Backdrop:
    return Backdrop(message.colour, message.image, message.blur)


def _unknown(what: str, number: int, *, field: str) -> InvalidInput:
    return InvalidInput(
        Reason.FIELD_INVALID, f"there is no {what} number {number}", field=f"{field}.{what}"
    )
