"""`s2v engines`: list engines and their presets."""

from s2v_cli.connecting import ServerOption, running_gateway


def engines(server: ServerOption = "") -> None:
    """List engines and their presets, the default ones first."""
    with running_gateway(server) as client:
        for engine in client.engines():
            rates = ", ".join(map(str, engine.frame_rates))
            print(f"{engine.name}  {engine.description}")
            print(f"  sides of {engine.min_side_pixels} to {engine.max_side_pixels} pixels")
            print(f"  frames a second: {rates}")
            for preset in engine.presets:
                print(f"  preset {preset.name}: {preset.description}")
