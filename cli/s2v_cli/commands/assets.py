"""`s2v assets`: list what was uploaded and made."""

import itertools
from typing import Annotated

import typer

from s2v.api.gateway.v1 import asset_service_pb2
from s2v.client.listing import LARGEST_PAGE
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.documents import JsonOption, print_document
from s2v_cli.naming import asset_line


def assets(
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 50,
    as_json: JsonOption = False,
    server: ServerOption = "",
) -> None:
    """List uploads and films, the newest first; films with their jobs."""
    with running_gateway(server) as client:
        found = client.list_assets(page_size=min(limit, LARGEST_PAGE))
        listed = itertools.islice(found, limit)
        if as_json:
            print_document(asset_service_pb2.ListAssetsResponse(assets=listed))
            return
        for asset in listed:
            print(asset_line(asset))
