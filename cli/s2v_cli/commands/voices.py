"""`s2v voices`: list voices."""

from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.naming import bare


def voices(server: ServerOption = "") -> None:
    """List voices, the default one first."""
    with running_gateway(server) as client:
        for voice in client.voices():
            print(f"{bare(voice.name)}  {voice.language}  {voice.description}")
