"""What a user may tell an engine beyond speech and reference: prompts, sampling, a face."""

from dataclasses import dataclass

from s2v.core.errors import InvalidInput, Reason
from s2v.core.sampling import AS_PRESET, Sampling

MAX_PROMPT_CHARACTERS = 4_000
MAX_STEPS = 1_000
MAX_GUIDANCE = 100.0
MAX_SHIFT = 100.0
MIN_WINDOW_FRAMES, MAX_WINDOW_FRAMES = 32, 120
"""The model was taught windows of 48 and 80; from the 31st latent on a frame's place would be the
reference's."""
WINDOW_STEP_FRAMES = 4
USUAL_LIVELINESS, MAX_LIVELINESS = 1.0, 1.5


@dataclass(frozen=True, slots=True)
class FaceChoice:
    """Which of a reference's faces speaks; without either the largest.

    Attributes:
        number: its number in reading order, from 1; 0 for none.
        area: where it is: left, top, right and bottom in shares 0..1 of the picture's sides.
    """

    number: int = 0
    area: tuple[float, float, float, float] | None = None


LARGEST_FACE = FaceChoice()


def check_directed(
    engine: str,
    *,
    directed: bool,
    prompt: str,
    negative_prompt: str,
    sampling: Sampling,
    has_pose: bool,
) -> None:
    """Refuse what is out of range, and all of it where the engine is not directed.

    Raises:
        InvalidInput: FIELD_INVALID; `field` is the one of the spec that is to blame.
    """
    given = {
        "prompt": bool(prompt),
        "negative_prompt": bool(negative_prompt),
        "sampling": sampling != AS_PRESET,
        "pose": has_pose,
    }
    if not directed:
        for name in (name for name, is_given in given.items() if is_given):
            problem = f"engine {engine} takes no {name}; leave it out or choose another engine"
            raise _invalid(name, problem)
    _check_length("prompt", prompt)
    _check_length("negative_prompt", negative_prompt)
    _check_sampling(sampling)


def check_liveliness(liveliness: float) -> None:
    """Refuse a liveliness that no engine has.

    Raises:
        InvalidInput: FIELD_INVALID on "spec.liveliness".
    """
    if not 0 <= liveliness <= MAX_LIVELINESS:
        allowed = f"it must be 0 (still) to {MAX_LIVELINESS:g}, and 1 is usual"
        raise _invalid("liveliness", f"liveliness is {liveliness:g}; {allowed}")


def check_face(face: FaceChoice) -> None:
    """Refuse a choice that says nothing or two things.

    Raises:
        InvalidInput: FIELD_INVALID on "spec.face", or on what is wrong in it.
    """
    if face.number and face.area:
        problem = "face has a number and an area; give one of them"
        raise _invalid("face", problem)
    if face.number < 0:
        problem = f"number is {face.number}; faces are numbered from 1 in reading order"
        raise _invalid("face.number", problem)
    if face.area is None:
        return
    left, top, right, bottom = face.area
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        edges = ", ".join(f"{edge:g}" for edge in face.area)
        problem = (
            f"area is {edges}; give left, top, right and bottom as shares of the picture, 0 to 1, "
            "left before right and top above bottom"
        )
        raise _invalid("face.area", problem)


def _check_length(name: str, text: str) -> None:
    if len(text) > MAX_PROMPT_CHARACTERS:
        allowed = f"at most {MAX_PROMPT_CHARACTERS} are allowed"
        raise _invalid(name, f"{name} has {len(text)} characters, {allowed}")


def _check_sampling(sampling: Sampling) -> None:
    if not 0 <= sampling.steps <= MAX_STEPS:
        allowed = f"it must be 1 to {MAX_STEPS}, or 0 for the preset's"
        raise _invalid("sampling.steps", f"steps is {sampling.steps}; {allowed}")
    if sampling.guidance is not None and not 0 <= sampling.guidance <= MAX_GUIDANCE:
        allowed = f"it must be 0 to {MAX_GUIDANCE:g}"
        raise _invalid("sampling.guidance", f"guidance is {sampling.guidance:g}; {allowed}")
    if sampling.shift is not None and not 0 < sampling.shift <= MAX_SHIFT:
        allowed = f"it must be over 0 and at most {MAX_SHIFT:g}"
        raise _invalid("sampling.shift", f"shift is {sampling.shift:g}; {allowed}")
    frames = sampling.window_frames
    is_taught = MIN_WINDOW_FRAMES <= frames <= MAX_WINDOW_FRAMES
    if frames and (not is_taught or frames % WINDOW_STEP_FRAMES):
        allowed = (
            f"it must be a multiple of {WINDOW_STEP_FRAMES} from {MIN_WINDOW_FRAMES} to "
            f"{MAX_WINDOW_FRAMES}, or 0 for the preset's"
        )
        raise _invalid("sampling.window_frames", f"window_frames is {frames}; {allowed}")


def _invalid(name: str, problem: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, problem, field=f"spec.{name}")
