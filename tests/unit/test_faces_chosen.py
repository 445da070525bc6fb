"""Which face of several speaks, how it is asked for, and what is wrong with asking otherwise."""

import numpy as np
import pytest

from s2v.api.common.v1 import face_pb2
from s2v.api.gateway.v1 import job_pb2
from s2v.core.directing import LARGEST_FACE, FaceChoice, check_face
from s2v.core.errors import InvalidInput, Reason
from s2v.face.detector import Face
from s2v.face.mesh import Landmarks
from s2v.rpc.convert import face_from_proto, face_to_proto
from s2v_cli.faces import face_wanted
from s2v_gateway.servicers.messages import spec_from_proto, spec_to_proto
from s2v_render.engines.portrait.suitability.choosing import (
    Located,
    chosen_face,
    in_reading_order,
)

SIZE = {"width": 1000, "height": 500}
NOBODY = Landmarks(np.zeros((478, 3)), 1.0)


def face(x: float, y: float, size: float = 100.0) -> Located:
    return Face(0.9, (x, y), size, 0.0), NOBODY


GROUP = in_reading_order([face(600, 110, 130), face(900, 300), face(100, 280), face(200, 90)])


def test_faces_are_read_row_by_row() -> None:
    assert [one.centre[0] for one, _ in GROUP] == [200, 600, 100, 900]


def test_without_a_choice_the_largest_speaks() -> None:
    assert chosen_face(GROUP, LARGEST_FACE, **SIZE) == 1


def test_a_number_chooses_in_reading_order() -> None:
    assert [chosen_face(GROUP, FaceChoice(number), **SIZE) for number in (1, 2, 3, 4)] == [
        *(0, 1, 2, 3)
    ]


def test_an_area_chooses_the_largest_face_in_it() -> None:
    lower = FaceChoice(area=(0.0, 0.5, 1.0, 1.0))
    assert chosen_face(GROUP, lower, **SIZE) in (2, 3)
    assert chosen_face(GROUP, FaceChoice(area=(0.8, 0.4, 1.0, 1.0)), **SIZE) == 3


@pytest.mark.parametrize(
    ("choice", "field", "words"),
    [
        (FaceChoice(5), "spec.face.number", "4 faces, so there is no face 5; choose 1 to 4"),
        (FaceChoice(area=(0, 0, 0.1, 0.1)), "spec.face.area", "0.20,0.18; 0.60,0.22"),
    ],
)
def test_a_face_that_is_not_there_cannot_be_chosen(
    choice: FaceChoice, field: str, words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        chosen_face(GROUP, choice, **SIZE)
    assert caught.value.reason is Reason.FIELD_INVALID
    assert caught.value.field == field
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (FaceChoice(-1), "spec.face.number"),
        (FaceChoice(2, (0.0, 0.0, 1.0, 1.0)), "spec.face"),
        (FaceChoice(area=(0.5, 0.0, 0.4, 1.0)), "spec.face.area"),
        (FaceChoice(area=(0.0, 0.0, 1.0, 300.0)), "spec.face.area"),
        (FaceChoice(area=(float("nan"), 0.0, 1.0, 1.0)), "spec.face.area"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choice: FaceChoice, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_face(choice)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "choice", [LARGEST_FACE, FaceChoice(3), FaceChoice(area=(0.1, 0.2, 0.3, 0.4))]
)
def test_a_choice_survives_the_way_there_and_back(choice: FaceChoice) -> None:
    message = face_to_proto(choice) or face_pb2.FaceChoice()
    assert face_from_proto(message) == choice
    spec = spec_from_proto(job_pb2.JobSpec(face=message))
    assert spec.face == choice
    assert spec_from_proto(spec_to_proto(spec)).face == choice


def test_the_command_takes_a_number_or_a_box() -> None:
    assert face_wanted("") is None
    assert face_wanted("2") == face_pb2.FaceChoice(number=2)
    box = face_wanted("0.5,0.1,0.8,0.6")
    assert box == face_pb2.FaceChoice(
        area=face_pb2.FaceArea(left=0.5, top=0.1, right=0.8, bottom=0.6)
    )


@pytest.mark.parametrize("text", ["left", "0", "-2", "1,2,3", "1,2,3,x"])
def test_the_command_refuses_what_names_no_face(text: str) -> None:
    with pytest.raises(InvalidInput, match="names no face"):
        face_wanted(text)
