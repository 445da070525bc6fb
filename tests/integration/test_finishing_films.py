"""Finished films, by looking at their pictures: each finish does what it says, and nothing else."""

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from films import decode_sound, frame_times
from s2v.core.captions import Caption
from s2v.core.errors import InvalidInput, Reason
from s2v.core.finishing import Aspect, Backdrop, Corner, Finish, Watermark
from s2v.core.timebase import samples_per_frame
from s2v.media.colour import Rgb
from s2v.media.film import Fragment
from s2v.media.pcm import wav_bytes
from s2v.media.photo import read_photo
from s2v.media.video import ClipEncoder, decode_frames
from s2v.testing.fakes_store import InMemoryStore
from s2v_compositor.composing import FilmWriter
from s2v_compositor.finishing.pictures import Finisher, Images
from s2v_compositor.finishing.playlist import Playlist
from s2v_compositor.finishing.stills import Stills

RATE = 25
LENGTHS = (30, 12)
PORTRAIT = read_photo(Path("libs/s2v/samples/portrait.jpg"))
"""512 x 512; the face is about (250, 230)."""


def swaying(frames: int) -> Rgb:
    """The portrait moved from side to side, with a camera's noise."""
    random = np.random.default_rng(1)
    noise = np.rint(random.normal(0, 4, PORTRAIT.shape)).astype(np.int16)
    moved = [np.roll(PORTRAIT, round(4 * np.sin(n / 5)), axis=1) for n in range(frames)]
    other = [np.roll(noise, random.integers(512, size=2), axis=(0, 1)) for _ in range(frames)]
    return np.clip(np.array(moved, np.int16) + other, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    pictures = swaying(sum(LENGTHS))
    made = []
    for index, (first, length) in enumerate(zip((0, LENGTHS[0]), LENGTHS, strict=True)):
        made.append(folder / f"{index}.mp4")
        with ClipEncoder(made[-1], width=512, height=512, frame_rate=RATE) as encoder:
            encoder.write(pictures[first : first + length])
    return made


@pytest.fixture(scope="module")
def before(clips: list[Path]) -> Rgb:
    """The pictures of the clips, before anything is done to them."""
    seen = pictures(clips)
    seen.flags.writeable = False
    return seen


def images(**files: Image.Image) -> Images:
    store = InMemoryStore()
    artifacts = {}
    for name, image in files.items():
        target = io.BytesIO()
        image.save(target, "PNG")
        artifacts[name] = store.put([target.getvalue()], "image/png")
    return Images(store, **artifacts)


NO_IMAGES = images()


def finished(
    folder: Path,
    clips: list[Path],
    finish: Finish,
    *,
    given: Images = NO_IMAGES,
    captions: tuple[Caption, ...] = (),
) -> list[Path]:
    finisher = Finisher(finish, given, captions_burnt_in=bool(captions), frame_rate=RATE)
    made, first = [], 0
    for index, clip in enumerate(clips):
        made.append(folder / f"finished-{index}.mp4")
        list(finisher.finished(clip, made[-1], captions, first_frame=first, field="clip"))
        first += LENGTHS[index]
    return made


def composed(
    path: Path, clips: list[Path], *, fragment_seconds: int = 1
) -> tuple[Path, list[Fragment]]:
    fragments: list[Fragment] = []
    with FilmWriter(path, RATE, fragment_seconds=fragment_seconds) as writer:
        for clip, frames in zip(clips, LENGTHS, strict=True):
            tone = np.sin(0.05 * np.arange(frames * samples_per_frame(RATE)))
            sound = io.BytesIO(wav_bytes(np.rint(9_000 * tone).astype(np.int16)))
            fragments += writer.add(clip, sound, frames)
        fragments += writer.finish()
    return path, fragments


def pictures(paths: list[Path]) -> Rgb:
    return np.array([picture for path in paths for picture in decode_frames(path)])


def edges(rgb: Rgb) -> float:
    """How strong the edges in pictures are."""
    return float(cv2.absdiff(rgb[:, :, 1:], rgb[:, :, :-1]).mean())


def test_finished_clips_join_and_keep_their_times_and_sound(
    tmp_path: Path, clips: list[Path]
) -> None:
    everything = Finish(
        denoise=True,
        sharpen=True,
        aspect=Aspect.TALL,
        height_pixels=640,
        bits_per_second=600_000,
        watermark=Watermark(text="demo"),
        backdrop=Backdrop(blur=True),
    )
    captions = (Caption(("Hello",), 0, 48_000),)
    made = finished(tmp_path, clips, everything, captions=captions)
    film, fragments = composed(tmp_path / "film.mp4", made)
    plain, _ = composed(tmp_path / "plain.mp4", clips)
    assert frame_times(film) == frame_times(plain)
    assert (decode_sound(film) == decode_sound(plain)).all()
    assert pictures([film]).shape == (sum(LENGTHS), 640, 360, 3)
    live = tmp_path / "live.mp4"
    live.write_bytes(b"".join(fragment.data for fragment in fragments))
    assert (pictures([live]) == pictures([film])).all()
    again = tmp_path / "again"
    again.mkdir()
    for one, other in zip(made, finished(again, clips, everything, captions=captions), strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_sharpening_strengthens_edges_and_denoising_weakens_noise(
    tmp_path: Path, clips: list[Path], before: Rgb
) -> None:
    sharp = pictures(finished(tmp_path, clips, Finish(sharpen=True)))
    assert edges(sharp) > 1.2 * edges(before)
    calm = pictures(finished(tmp_path, clips, Finish(denoise=True)))
    assert len(calm) == len(before)
    sky = (slice(None), slice(0, 60), slice(0, 60))
    assert calm[sky].std(axis=0).mean() < 0.8 * before[sky].std(axis=0).mean()
    # The person is the same one at the same place.
    assert np.abs(calm[20].astype(int) - before[20]).mean() < 6


def test_a_shape_is_cut_out_around_the_face(tmp_path: Path, clips: list[Path], before: Rgb) -> None:
    tall = pictures(finished(tmp_path, clips[1:], Finish(aspect=Aspect.TALL)))
    assert tall.shape[1:] == (512, 288, 3)
    plain = before[LENGTHS[0] :]
    offsets = range(512 - 288 + 1)
    misfit = [cv2.absdiff(plain[10][:, left : left + 288], tall[10]).mean() for left in offsets]
    left = int(np.argmin(misfit))
    assert misfit[left] < 3
    assert left + 60 < 200  # the left side of the face
    assert left + 288 - 60 > 310  # and its right one


def test_a_watermark_of_letters_is_in_its_corner_alone(
    tmp_path: Path, clips: list[Path], before: Rgb
) -> None:
    mark = Watermark(text="demo", corner=Corner.TOP_RIGHT, opacity=1.0)
    marked = pictures(finished(tmp_path, clips[1:], Finish(watermark=mark)))
    changed = cv2.absdiff(marked, before[LENGTHS[0] :]).max(axis=(0, 3)) > 60
    rows, columns = np.nonzero(changed)
    assert len(rows) > 50
    assert rows.max() < 100
    assert columns.min() > 400


def test_an_image_lets_the_film_be_seen_where_it_is_transparent(
    tmp_path: Path, clips: list[Path], before: Rgb
) -> None:
    logo = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    logo.paste((255, 0, 0, 255), (0, 0, 200, 400))
    mark = Watermark(image="assets/1", corner=Corner.TOP_LEFT, opacity=0.5)
    given = images(watermark=logo)
    marked = pictures(finished(tmp_path, clips[1:], Finish(watermark=mark), given=given))[5]
    plain = before[LENGTHS[0] + 5].astype(int)
    # A fifth of the film is 102 pixels, the margin 18.
    red, clear = (slice(25, 110), slice(22, 64)), (slice(25, 110), slice(76, 115))
    assert np.abs(marked[red] - (plain[red] + (255, 0, 0)) / 2).mean() < 8
    assert np.abs(marked[clear] - plain[clear]).mean() < 4


@pytest.mark.parametrize("kind", ["colour", "image", "blur"])
def test_what_is_behind_the_person_is_exchanged_and_the_person_is_not(
    tmp_path: Path, clips: list[Path], before: Rgb, kind: str
) -> None:
    backdrops = {
        "colour": Backdrop(colour="#10c040"),
        "image": Backdrop(image="assets/1"),
        "blur": Backdrop(blur=True),
    }
    given = images(backdrop=Image.new("RGB", (90, 40), (16, 192, 64)))
    made = finished(tmp_path, clips, Finish(backdrop=backdrops[kind]), given=given)
    behind = pictures(made)
    face, sky = (slice(150, 300), slice(180, 310)), (slice(0, 120), slice(0, 60))
    for number in (0, 20, 41):
        assert np.abs(behind[number][face].astype(int) - before[number][face]).mean() < 4
        if kind == "blur":
            assert edges(behind[None, number, 0:120, 0:60]) < 0.5 * edges(
                before[None, number, 0:120, 0:60]
            )
        else:
            assert np.abs(behind[number][sky] - np.array((16, 192, 64))).mean() < 6


def test_a_target_of_bits_is_kept(tmp_path: Path, clips: list[Path]) -> None:
    small = finished(tmp_path, clips, Finish(bits_per_second=300_000))
    bits = sum(path.stat().st_size for path in small) * 8 / (sum(LENGTHS) / RATE)
    assert 200_000 < bits < 400_000
    assert sum(path.stat().st_size for path in clips) * 8 / (sum(LENGTHS) / RATE) > 1_000_000


def test_an_image_that_cannot_be_read_is_refused_by_name(tmp_path: Path, clips: list[Path]) -> None:
    store = InMemoryStore()
    broken = Images(store, store.put([b"\x89PNG\r\n\x1a\n no picture"], "image/png"))
    finish = Finish(watermark=Watermark(image="assets/1"))
    with pytest.raises(InvalidInput) as refused:
        finished(tmp_path, clips, finish, given=broken)
    assert refused.value.reason is Reason.IMAGE_UNREADABLE
    assert refused.value.field == "spec.finish.watermark.image"
    assert not list(tmp_path.glob("finished-*"))


def test_an_image_that_did_not_come_is_asked_for_by_name(tmp_path: Path, clips: list[Path]) -> None:
    with pytest.raises(InvalidInput) as refused:
        finished(tmp_path, clips, Finish(backdrop=Backdrop(image="assets/1")))
    assert refused.value.field == "spec.finish.background.image"


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_pictures_of_which_nothing_is_asked_are_copied(tmp_path: Path, clips: list[Path]) -> None:
    film, _ = composed(tmp_path / "film.mp4", clips)
    assert packets(film) == [packet for clip in clips for packet in packets(clip)]


def test_longer_fragments_hold_the_same_film(tmp_path: Path, clips: list[Path]) -> None:
    short, short_fragments = composed(tmp_path / "short.mp4", clips)
    long, long_fragments = composed(tmp_path / "long.mp4", clips, fragment_seconds=2)
    assert short.read_bytes() == long.read_bytes()
    # Of 30 frames and of 12: two and one, or one and one, beside the init segment.
    assert [f.frames for f in short_fragments[:4]] == [0, 25, 30, 42]
    assert [f.frames for f in long_fragments[:3]] == [0, 30, 42]
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(b"".join(fragment.data for fragment in long_fragments))
    assert (pictures([joined]) == pictures([short])).all()


def test_stills_show_the_film_at_their_times(clips: list[Path], before: Rgb) -> None:
    stills = Stills(Finish(thumbnail_seconds=1.1, sprites=True), RATE)
    stills.add(clips[0], first_frame=0)
    stills.add(clips[1], first_frame=LENGTHS[0])
    thumbnail = np.asarray(Image.open(io.BytesIO(stills.thumbnail or b"")))
    assert thumbnail.shape == (512, 512, 3)
    assert np.abs(thumbnail.astype(int) - before[25]).mean() < 5
    sheet, index = stills.sprites(frames=sum(LENGTHS)) or (b"", b"")
    tiles = np.asarray(Image.open(io.BytesIO(sheet)))
    assert tiles.shape == (160, 320, 3)
    assert index.decode() == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nsprites.jpg#xywh=0,0,160,160\n\n"
        "00:00:01.000 --> 00:00:01.680\nsprites.jpg#xywh=160,0,160,160\n"
    )
    small = np.asarray(Image.fromarray(before[25]).resize((160, 160), Image.Resampling.LANCZOS))
    assert np.abs(tiles[:, 160:].astype(int) - small).mean() < 8


def test_a_long_film_has_at_most_a_hundred_small_pictures(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with ClipEncoder(path, width=64, height=64, frame_rate=24) as encoder:
        for level in range(8):
            encoder.write(np.full((24, 64, 64, 3), 30 * level, np.uint8))
    stills = Stills(Finish(sprites=True), 24)
    for number in range(40):
        stills.add(path, first_frame=number * 192)
    sheet, index = stills.sprites(frames=40 * 192) or (b"", b"")
    cues = index.decode().split("\n\n")[1:]
    assert 50 < len(cues) <= 100
    assert cues[0].startswith("00:00:00.000 --> 00:00:04.000")
    assert cues[-1].splitlines()[0].endswith("--> 00:05:20.000")
    # Every fourth second is shown: levels 0 and 120, one after the other.
    tiles = np.asarray(Image.open(io.BytesIO(sheet))).astype(int)
    assert [int(tiles[32, 32 + 64 * n].mean() > 60) for n in range(4)] == [0, 1, 0, 1]


@pytest.mark.parametrize("fragment_seconds", [1, 2])
def test_the_pieces_for_hls_are_the_film(
    tmp_path: Path, clips: list[Path], fragment_seconds: int
) -> None:
    film, fragments = composed(tmp_path / "film.mp4", clips, fragment_seconds=fragment_seconds)
    playlist = Playlist(tmp_path / "fragments.mp4", RATE)
    for fragment in fragments:
        playlist.add(fragment)
    (tmp_path / "index.m3u8").write_text(playlist.text())
    with av.open(str(tmp_path / "index.m3u8")) as stream:
        assert stream.format.name == "hls"
        seen = [frame.to_ndarray(format="rgb24") for frame in stream.decode(video=0)]
    with av.open(str(film)) as plain:
        kept = [frame.to_ndarray(format="rgb24") for frame in plain.decode(video=0)]
    assert len(seen) == sum(LENGTHS)
    assert all((one == other).all() for one, other in zip(seen, kept, strict=True))
    lines = playlist.text().splitlines()
    lengths = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF:")]
    assert sum(lengths) == pytest.approx(sum(LENGTHS) / RATE)
    (target,) = (int(line.partition(":")[2]) for line in lines if "TARGETDURATION" in line)
    assert max(lengths) <= target
