"""Read which face of a reference shall speak."""

from typing import Annotated

import typer

from s2v.api.common.v1 import face_pb2
from s2v.core.directing import FaceChoice, check_face
from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.convert import face_to_proto

_FIELD = "--face"

FaceOption = Annotated[
    str,
    typer.Option(
        metavar="NUMBER|BOX",
        help="Which face of several speaks: 2 for the second in reading order, or its box as "
        "left,top,right,bottom in shares of the picture. [default: the largest]",
        show_default=False,
    ),
]


def face_wanted(text: str) -> face_pb2.FaceChoice | None:
    """Return the face that is asked for by its number, or by its box; None for the largest.

    Raises:
        InvalidInput: it is neither (FIELD_INVALID).
    """
    if not text.strip():
        return None
    choice = _read(text)
    check_face(choice)
    return face_to_proto(choice)


def _read(text: str) -> FaceChoice:
    parts = text.split(",")
    try:
        if len(parts) == 1 and int(text) > 0:
            return FaceChoice(int(text))
        left, top, right, bottom = map(float, parts)
    except ValueError:
        problem = (
            f"{text!r} names no face; give its number in reading order, such as 2, or its box as "
            "left,top,right,bottom in shares of the picture, such as 0.5,0.1,0.8,0.6"
        )
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=_FIELD) from None
    return FaceChoice(area=(left, top, right, bottom))
