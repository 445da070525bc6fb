"""`s2v engines`: list engines and their presets."""

from s2v.api.gateway.v1 import system_service_pb2
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.naming import bare

_DIRECTIONS = (
    "--prompt",
    "--negative-prompt",
    "--steps",
    "--guidance",
    "--shift",
    "--solver",
    "--pose",
)


def engines(server: ServerOption = "") -> None:
    """List engines and their presets, the default ones first."""
    with running_gateway(server) as client:
        for engine in client.engines():
            rates = ", ".join(map(str, engine.frame_rates))
            print(f"{bare(engine.name)}  {engine.description}")
            print(f"  sides of {_sides(engine)} pixels")
            if engine.directed:
                print(f"  takes {', '.join(_DIRECTIONS)}")
            print(f"  frames a second: {rates}")
            for preset in engine.presets:
                print(f"  preset {preset.name}: {preset.description}")


def _sides(engine: system_service_pb2.Engine) -> str:
    sides = f"{engine.min_side_pixels} to {engine.max_side_pixels}"
    if engine.side_step_pixels <= 2:
        return sides
    return f"{sides} in steps of {engine.side_step_pixels}"
