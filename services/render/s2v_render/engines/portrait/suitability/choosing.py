"""Choose which of a picture's faces speaks; they are numbered in reading order."""

from s2v.core.directing import FaceChoice
from s2v.core.errors import InvalidInput, Reason
from s2v.face.detector import Face
from s2v.face.mesh import Landmarks

Located = tuple[Face, Landmarks]
_SAME_ROW = 0.6
"""Faces whose middles differ less in height, in sizes of the larger one, stand side by side."""


def in_reading_order(faces: list[Located]) -> list[Located]:
    """Return faces row by row from the top, each row from the left."""
    rows: list[list[Located]] = []
    for one in sorted(faces, key=lambda pair: pair[0].centre[1]):
        if rows and _are_level(rows[-1][0][0], one[0]):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [one for row in rows for one in sorted(row, key=lambda pair: pair[0].centre[0])]


def chosen_face(faces: list[Located], choice: FaceChoice, *, width: int, height: int) -> int:
    """Return the index of the face that speaks; the picture's sides are in pixels.

    Raises:
        InvalidInput: FIELD_INVALID on "spec.face.number" or "spec.face.area": there is none such.
    """
    if choice.number > len(faces):
        shown = "one face" if len(faces) == 1 else f"{len(faces)} faces"
        problem = (
            f"the reference shows {shown}, so there is no face {choice.number}; choose 1 to "
            f"{len(faces)}, counted in reading order, or leave it out for the largest"
        )
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="spec.face.number")
    if choice.number:
        return choice.number - 1
    left, top, right, bottom = choice.area or (0.0, 0.0, 1.0, 1.0)
    within = [
        index
        for index, (face, _) in enumerate(faces)
        if left * width <= face.centre[0] <= right * width
        and top * height <= face.centre[1] <= bottom * height
    ]
    if choice.area and not within:
        places = "; ".join(_place(face, width, height) for face, _ in faces)
        problem = f"no face has its middle in the area; the reference shows {len(faces)}: {places}"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="spec.face.area")
    return max(within or range(len(faces)), key=lambda index: faces[index][0].size)


def _are_level(one: Face, other: Face) -> bool:
    return abs(one.centre[1] - other.centre[1]) < _SAME_ROW * max(one.size, other.size)


def _place(face: Face, width: int, height: int) -> str:
    return f"{face.centre[0] / width:.2f},{face.centre[1] / height:.2f}"
