"""`s2v voices`: list voices."""

from s2v.api.gateway.v1 import voice_service_pb2
from s2v_cli.background import signals_as_ctrl_c
from s2v_cli.connecting import ServerOption, any_gateway
from s2v_cli.documents import JsonOption, print_document
from s2v_cli.failing import say
from s2v_cli.naming import bare


def voices(as_json: JsonOption = False, server: ServerOption = "") -> None:
    """List voices, the default one first.

    Where no gateway runs the services are started for the moment.
    """
    with signals_as_ctrl_c(), any_gateway(server, say, span="for the moment") as reached:
        found = list(reached.client.voices())
    if as_json:
        print_document(voice_service_pb2.ListVoicesResponse(voices=found))
        return
    for voice in found:
        print(f"{bare(voice.name)}  {voice.language}  {voice.description}")
