"""What a job ends with: its film, the files of its captions, pictures of it, as assets."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from s2v.captions.files import subrip, webvtt
from s2v.core.artifact import Artifact
from s2v.core.captions import NO_FILES, SUBRIP, WEBVTT, Caption, CaptionFiles
from s2v.core.job import Film
from s2v.media.probe import MediaInfo
from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Library

AssetRow = dict[str, object]


@dataclass(frozen=True, slots=True)
class Results:
    """Writes results and describes them to the table of assets."""

    library: Library
    store: FsspecStore

    async def write_captions(self, captions: Sequence[Caption]) -> CaptionFiles:
        """Put captions into the store as files; there are none of no captions."""
        if not captions:
            return NO_FILES
        return CaptionFiles(
            await self._put(subrip(captions), SUBRIP), await self._put(webvtt(captions), WEBVTT)
        )

    def assets(self, caller: Caller, film: Film, job_id: str) -> tuple[Film, list[AssetRow]]:
        """Return the film with the names of its assets, and the rows that make them."""
        info = _film_info(film)
        files = {
            "film": film.video,
            "subrip": film.captions.subrip,
            "webvtt": film.captions.webvtt,
            "thumbnail": film.beside.thumbnail,
            "sprites": film.beside.sprites,
            "index": film.beside.sprites_index,
            "playlist": film.beside.playlist,
            "fragments": film.beside.fragments,
        }
        rows = {
            what: self.library.result_row(caller, file, _info(file, info), job_id)
            for what, file in files.items()
            if file
        }
        names = {what: f"assets/{rows[what]['id']}" if what in rows else "" for what in files}
        film = replace(
            film,
            asset=names["film"],
            subrip_asset=names["subrip"],
            webvtt_asset=names["webvtt"],
            thumbnail_asset=names["thumbnail"],
            sprites_asset=names["sprites"],
            sprites_index_asset=names["index"],
            playlist_asset=names["playlist"],
            fragments_asset=names["fragments"],
        )
        return film, list(rows.values())

    async def _put(self, text: str, media_type: str) -> Artifact:
        return await asyncio.to_thread(self.store.put, [text.encode()], media_type)


def _film_info(film: Film) -> MediaInfo:
    """Describe a film to the table of assets."""
    return MediaInfo(
        media_type=film.video.media_type,
        kind="video",
        width_pixels=film.width_pixels,
        height_pixels=film.height_pixels,
        duration_seconds=film.frames / film.frame_rate,
        frame_rate=film.frame_rate,
        has_audio=True,
    )


def _info(file: Artifact, film: MediaInfo) -> MediaInfo:
    """Describe a film, or a file beside it."""
    if file.media_type == film.media_type:
        return film
    if file.media_type.startswith("image/"):
        return MediaInfo(media_type=file.media_type, kind="image")
    return MediaInfo(
        media_type=file.media_type, kind="text", duration_seconds=film.duration_seconds
    )
