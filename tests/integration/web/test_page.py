"""The page as files: what it may do, and that all it needs comes from here."""

import re

import pytest

from gateway_world import png
from s2v_gateway.web import page
from web_world import StartWeb, Web

FOLDER = page._FOLDER
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
READ = [path for path in FILES if path.suffix in {".html", ".css", ".js"}]


@pytest.fixture
async def web(start_web: StartWeb) -> Web:
    return await start_web()


async def test_every_file_of_the_page_is_served_and_none_may_do_more_than_the_page(
    web: Web,
) -> None:
    addresses = [f"/page/{path.relative_to(FOLDER)}" for path in FILES]
    for address in ("/", "/page/portrait.jpg", *addresses):
        response = await web.client.get(address)
        assert response.status_code == 200, address
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
    assert (await web.client.get("/page/../page.py")).status_code == 404


async def test_a_file_is_saved_under_the_name_that_is_asked_for(web: Web) -> None:
    uploaded = await web.client.post("/v1/assets:upload", content=png())
    path = f"/v1/{uploaded.json()['asset']['name']}:download"
    for name, disposition in (
        ("me", 'attachment; filename="me.png"'),
        ("grüße", "attachment; filename*=utf-8''gr%C3%BC%C3%9Fe.png"),
        ('a"\r\nb: c', "attachment; filename*=utf-8''a%22%0D%0Ab%3A%20c.png"),
    ):
        response = await web.client.get(path, params={"name": name})
        assert response.headers["content-disposition"] == disposition


@pytest.mark.parametrize("path", READ, ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere_and_nothing_is_inline(path) -> None:
    text = path.read_text()
    elsewhere = re.findall(r"""(?:https?:)?//[\w-]+\.[\w./-]+""", text)
    assert elsewhere == []
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=\"", text)


@pytest.mark.parametrize("path", READ, ids=lambda path: path.name)
def test_every_address_in_the_page_is_one_of_its_files(path) -> None:
    named = set(re.findall(r"/page/([\w./-]+)", path.read_text()))
    named |= {
        str((path.parent / name).resolve().relative_to(FOLDER))
        for name in re.findall(r'from "(\./[\w.-]+)"', path.read_text())
    }
    assert named - {"portrait.jpg"} <= {str(file.relative_to(FOLDER)) for file in FILES}
