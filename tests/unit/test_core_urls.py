import pytest

from s2v.core.urls import server_url


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://127.0.0.1:8390", "http://127.0.0.1:8390"),
        ("http://[::1]:8390/", "http://[::1]:8390"),
        ("https://gpu.example.org/farm/", "https://gpu.example.org/farm"),
        ("http://münchen.example", "http://münchen.example"),
    ],
)
def test_a_server_s_url_has_no_slash_at_its_end(given: str, meant: str) -> None:
    assert server_url(given) == meant


@pytest.mark.parametrize(
    "given",
    [
        "",
        "127.0.0.1:8390",
        "ftp://gpu",
        "http://",
        "http://:8390",
        "http://gpu:0",
        "http://gpu:83900",
        "http://gpu:port",
        "http://[::1",
        "http://me:secret@gpu",
        "http://gpu/?key=secret",
        "http://gpu/#part",
        "http://g pu",
        "http://gpu\x07",
        "http://ä..example",
    ],
)
def test_what_no_server_can_have_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="use http://HOST:PORT"):
        server_url(given)
