"""`s2v engines`: list engines and their presets."""

from s2v.api.gateway.v1 import system_service_pb2
from s2v_cli.background import signals_as_ctrl_c
from s2v_cli.connecting import ServerOption, any_gateway
from s2v_cli.documents import JsonOption, print_document
from s2v_cli.failing import say
from s2v_cli.naming import bare

_DIRECTIONS = (
    "--prompt",
    "--negative-prompt",
    "--steps",
    "--guidance",
    "--shift",
    "--solver",
    "--window-frames",
    "--between",
    "--pose",
)


def engines(as_json: JsonOption = False, server: ServerOption = "") -> None:
    """List engines and their presets, the default ones first.

    Where no gateway runs the services are started for the moment.
    """
    with signals_as_ctrl_c(), any_gateway(server, say, span="for the moment") as reached:
        found = list(reached.client.engines())
    if as_json:
        print_document(system_service_pb2.ListEnginesResponse(engines=found))
        return
    for engine in found:
        _show(engine)


def _show(engine: system_service_pb2.Engine) -> None:
    rates = ", ".join(map(str, engine.frame_rates))
    print(f"{bare(engine.name)}  {engine.description}")
    if engine.problem:
        print(f"  cannot be used now: {engine.problem}")
    print(f"  sides of {_sides(engine)} pixels")
    if engine.directed:
        print(f"  takes {', '.join(_DIRECTIONS)}")
    print(f"  frames a second: {rates}; {engine.default_frame_rate} unless told otherwise")
    for preset in engine.presets:
        print(f"  preset {preset.name}: {preset.description}")


def _sides(engine: system_service_pb2.Engine) -> str:
    sides = f"{engine.min_side_pixels} to {engine.max_side_pixels}"
    if engine.side_step_pixels <= 2:
        return sides
    return f"{sides} in steps of {engine.side_step_pixels}"
