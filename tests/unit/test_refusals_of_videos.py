"""Of a video's pictures that are all refused, what most are refused for is told."""

from s2v.core.errors import InvalidInput, Reason
from s2v_render.engines.portrait.video.sitter import commonest


def refusal(message: str, reason: Reason = Reason.FACE_UNSUITABLE) -> InvalidInput:
    return InvalidInput(reason, message, field="spec.reference")


def test_what_most_pictures_are_refused_for_is_told_whatever_the_numbers() -> None:
    turned = [refusal(f"turned {degrees} degrees") for degrees in (50, 61)]
    assert commonest([refusal("covered"), *turned]) is turned[0]


def test_pictures_without_a_face_count_only_where_none_shows_one() -> None:
    nobody = [refusal("no face", Reason.FACE_NOT_FOUND) for _ in range(5)]
    covered = refusal("covered")
    assert commonest([*nobody, covered]) is covered
    assert commonest(nobody) is nobody[0]
