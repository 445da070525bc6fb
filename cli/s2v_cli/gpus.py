"""How many GPUs `s2v serve` uses, and how many of them make one film together."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from s2v.compat.planning import gpus_to_use
from s2v.core.errors import InvalidInput, Reason

GpusOption = Annotated[
    int | None,
    typer.Option(help="How many GPUs rendering uses. [default: all]", min=1, show_default=False),
]
ParallelOption = Annotated[
    int | None,
    typer.Option(
        help="How many of the GPUs make one film together. [default: what S2V_RENDER_AIM says]",
        min=1,
        show_default=False,
    ),
]


def gpu_settings(
    gpus: int | None, parallel: int | None, *, together: bool, tell: Callable[[str], None]
) -> Mapping[str, str]:
    """Return what the render service is told; nothing where there are no GPUs.

    Args:
        gpus: how many may be used; None is all.
        parallel: how many make one film; None leaves it to the next.
        together: whether all of them make one film, or each one of its own.
        tell: takes what is otherwise than was asked for, in sentences.

    Raises:
        InvalidInput: FIELD_INVALID on "--parallel", more are to make a film than can be used.
    """
    used, notices = gpus_to_use(gpus)
    if not used:
        tell("note: this machine has no GPUs; --gpus and --parallel are left out")
        return {}
    ranks = parallel or (used if together else 1)
    if ranks > used:
        problem = f"{ranks} GPUs are to make a film together, and {used} can be used"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="--parallel")
    if idle := used % ranks:
        notices.append(f"{idle} of {used} GPUs will be idle: {ranks} make a film together")
    for notice in notices:
        tell(f"note: {notice}")
    return {"S2V_RENDER_WORKERS": str(used // ranks), "S2V_RENDER_RANKS": str(ranks)}
