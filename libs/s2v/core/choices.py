"""What a user may choose of what an engine offers: preset, frame rate, size."""

from collections.abc import Collection, Mapping, Sequence

from s2v.core.errors import InvalidInput, Reason


def chosen_preset(
    name: str, offered: Sequence[str], *, engine: str, withheld: Mapping[str, str]
) -> str:
    """Return the name of one of an engine's presets; an empty name is its first one.

    Args:
        name: as requested.
        offered: the presets that there are.
        engine: whose they are.
        withheld: presets that are not offered, and what would change that.

    Raises:
        InvalidInput: there is no such preset (PRESET_UNKNOWN).
    """
    if name and name not in offered:
        remedy = f"; {withheld[name]}" if name in withheld else ""
        raise InvalidInput(
            Reason.PRESET_UNKNOWN,
            f"engine {engine} has no preset {name!r}; there are: {', '.join(offered)}{remedy}",
            field="spec.preset",
        )
    return name or offered[0]


def check_frame_rate(frame_rate: int, offered: Collection[int], *, engine: str) -> None:
    """Refuse a frame rate that the engine cannot render at.

    Raises:
        InvalidInput: FRAME_RATE_UNSUPPORTED.
    """
    if frame_rate not in offered:
        rates = ", ".join(map(str, offered))
        raise InvalidInput(
            Reason.FRAME_RATE_UNSUPPORTED,
            f"engine {engine} cannot render {frame_rate} frames a second; it can: {rates}",
            field="spec.frame_rate",
        )


def check_side(side: str, pixels: int, *, least: int, most: int, step: int, engine: str) -> None:
    """Refuse a width or height (`side`) that the engine cannot render; 0 is none.

    Raises:
        InvalidInput: SIZE_UNSUPPORTED.
    """
    if pixels and (pixels % step or not least <= pixels <= most):
        raise side_unsupported(
            side,
            f"{side}_pixels is {pixels}",
            least=least,
            most=most,
            step=step,
            engine=engine,
        )


def side_unsupported(
    side: str, what: str, *, least: int, most: int, step: int, engine: str
) -> InvalidInput:
    """Return the error for a side, after a clause that says how long it would be."""
    numbers = "even" if step == 2 else f"a multiple of {step}"
    return InvalidInput(
        Reason.SIZE_UNSUPPORTED,
        f"{what}; for engine {engine} it must be {numbers} and from {least} to {most}, or 0 to "
        "follow from the reference",
        field=f"spec.{side}_pixels",
    )
