"""How the four services are told where to listen and where to keep things."""

import os
import socket
from pathlib import Path

import pytest

from s2v.core.errors import InvalidInput
from s2v_cli.home import locked, socket_folder
from s2v_cli.local import free_address, reachable_address, service_specs


def test_only_the_gateway_has_a_port_and_it_knows_where_the_others_are(tmp_path: Path) -> None:
    specs = service_specs(
        tmp_path, Path("/run/s"), listen="0.0.0.0:50051", environment={"PATH": "/bin"}
    )

    assert {spec.name: spec.address for spec in specs} == {
        "tts": "unix:/run/s/tts.sock",
        "render": "unix:/run/s/render.sock",
        "compositor": "unix:/run/s/compositor.sock",
        "gateway": "localhost:50051",
    }
    gateway = specs[-1].environment
    assert gateway["S2V_GATEWAY_LISTEN"] == "0.0.0.0:50051"
    assert gateway["S2V_GATEWAY_RENDER_ADDRESS"] == "unix:/run/s/render.sock"
    assert gateway["S2V_HOME"] == str(tmp_path)
    assert gateway["PATH"] == "/bin"


@pytest.mark.parametrize(
    ("listen", "reachable"),
    [
        ("unix:/a/b.sock", "unix:/a/b.sock"),
        ("0.0.0.0:1", "localhost:1"),
        ("[::]:1", "localhost:1"),
        ("192.0.2.1:1", "192.0.2.1:1"),
    ],
)
def test_what_listens_everywhere_is_reached_locally(listen: str, reachable: str) -> None:
    assert reachable_address(listen) == reachable


def test_a_taken_port_is_refused_with_the_option_to_blame() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            free_address("127.0.0.1", port)
    assert caught.value.field == "--port"


def test_port_0_becomes_a_free_port() -> None:
    assert int(free_address("127.0.0.1", 0).split(":")[1]) > 0


def test_a_home_serves_one_at_a_time(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    with (
        locked(home),
        pytest.raises(InvalidInput, match=rf"\(process {os.getpid()}\) runs over"),
        locked(home),
    ):
        pass
    with locked(home):
        pass


def test_sockets_go_elsewhere_when_the_home_is_too_deep_for_them(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    with socket_folder(deep) as folder:
        assert len(str(folder)) < 80
        assert folder.is_dir()
    assert not folder.exists()


def test_sockets_that_a_killed_set_left_behind_are_removed(tmp_path: Path) -> None:
    home = Path("/tmp") / f"s2v-{os.getpid()}"
    with socket_folder(home) as folder:
        (folder / "tts.sock").touch()
    assert list(home.rglob("*.sock")) == []
    folder.rmdir()
    home.rmdir()
