"""How the four services are told where to listen and where to keep things."""

import os
import socket
import stat
from pathlib import Path

import pytest

from s2v.core.errors import InvalidInput
from s2v_cli.home import locked, socket_folder
from s2v_cli.local import ASKING, free_address, reachable_address, service_specs
from s2v_gateway.settings import AccessSettings, GatewaySettings


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
    assert gateway["S2V_GATEWAY_HTTP_LISTEN"] == ""
    assert gateway["S2V_GATEWAY_RENDER_ADDRESS"] == "unix:/run/s/render.sock"
    assert gateway["S2V_HOME"] == str(tmp_path)
    assert gateway["PATH"] == "/bin"


def test_a_set_for_a_moment_knows_what_settings_of_who_is_let_in_begin_with() -> None:
    begun = {name for name in GatewaySettings.model_fields if name.upper().startswith(ASKING)}
    assert begun == set(AccessSettings.model_fields)


def test_a_gateway_that_encrypts_is_watched_over_a_socket(tmp_path: Path) -> None:
    specs = service_specs(
        tmp_path,
        Path("/run/s"),
        listen="0.0.0.0:50051",
        environment={"S2V_GATEWAY_TLS_CERTIFICATE": "a.pem"},
    )
    assert specs[-1].address == "unix:/run/s/gateway.sock"
    assert specs[-1].environment["S2V_GATEWAY_LOCAL_LISTEN"] == specs[-1].address


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


def test_what_lies_in_a_home_is_for_nobody_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "gateway").mkdir(parents=True, mode=0o755)
    with locked(home), socket_folder(home) as sockets:
        service_specs(home, sockets, listen="127.0.0.1:1", environment={})
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    folders = {"gateway": 0o700, "run": 0o700, "tmp": 0o700}
    assert modes == folders | {"serve.lock": 0o600}


def test_a_new_home_can_be_entered_by_nobody_else(tmp_path: Path) -> None:
    with locked(tmp_path / "new" / "home"):
        assert stat.S_IMODE((tmp_path / "new" / "home").stat().st_mode) == 0o700


def test_a_home_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(InvalidInput, match="others can write to"), locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_home_or_a_lock_of_somebody_else_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 4242, 4242)
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "serve.lock").touch()
    os.chown(ours / "serve.lock", 4242, 4242)
    for home in (theirs, ours):
        with pytest.raises(InvalidInput) as caught, locked(home):
            pass
        assert caught.value.field == "--home"


def test_a_lock_is_no_link_and_no_pipe(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for name in ("link", "pipe"):
        (tmp_path / name).mkdir()
    (tmp_path / "link" / "serve.lock").symlink_to(precious)
    os.mkfifo(tmp_path / "pipe" / "serve.lock")
    for name in ("link", "pipe"):
        with pytest.raises(InvalidInput, match=r"serve\.lock"), locked(tmp_path / name):
            pass
    assert precious.read_text() == "mine"


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
