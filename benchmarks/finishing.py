"""What each finish costs: seconds of one core for each second of a film, and what it does to it.

    python benchmarks/finishing.py [WIDTH]

The film is the sample portrait, moved and with a camera's noise, a square of that many pixels
(720). The network that restores faces does nothing here. Counted is the time of the processor:
other work on the machine makes less of a difference.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from s2v.core.captions import Caption
from s2v.core.finishing import PLAIN, Aspect, Backdrop, Finish, Watermark
from s2v.media.colour import Rgb
from s2v.media.photo import read_photo
from s2v.media.video import ClipEncoder, decode_frames
from s2v.onnx.models import GraphBuilder
from s2v.testing.fakes_store import InMemoryStore
from s2v_compositor.finishing.pictures import Finisher, Images
from s2v_compositor.finishing.restorer import SIDE_PIXELS, FaceRestorer

FRAME_RATE = 25
FRAMES = 50
FINISHES = {
    "encoded anew (captions)": PLAIN,
    "sharpened": Finish(sharpen=True),
    "without noise": Finish(denoise=True),
    "cut to 9:16": Finish(aspect=Aspect.TALL),
    "scaled to 1080": Finish(width_pixels=1080),
    "2 Mbit/s": Finish(bits_per_second=2_000_000),
    "watermark": Finish(watermark=Watermark(text="Made by a machine")),
    "background, a colour": Finish(backdrop=Backdrop(colour="#20407f")),
    "background, blurred": Finish(backdrop=Backdrop(blur=True)),
    "face restored, beside the network": Finish(restore_faces=True),
}


def main() -> None:
    """Finish one clip in every way and print what that took."""
    width = int(sys.argv[1]) if len(sys.argv) > 1 else 720
    with tempfile.TemporaryDirectory() as folder:
        clip, target = Path(folder) / "clip.mp4", Path(folder) / "finished.mp4"
        with ClipEncoder(clip, width=width, height=width, frame_rate=FRAME_RATE) as encoder:
            for picture in swaying(width):
                encoder.write(picture[None])
        before = list(decode_frames(clip))
        network = Path(folder) / "same.onnx"
        network.write_bytes(same())
        restorer = FaceRestorer(network)
        print(f"{width}x{width}, {FRAMES} frames, {FRAME_RATE} a second")
        print("| finish | seconds of a core per second of film | MB | PSNR to the clip |")
        print("|---|---|---|---|")
        for name, finish in FINISHES.items():
            captions = [Caption(("Hello",), 0, 1)] if finish is PLAIN else []
            began = time.process_time()
            finisher = Finisher(
                finish,
                Images(InMemoryStore()),
                captions_burnt_in=bool(captions),
                frame_rate=FRAME_RATE,
                restorer=restorer,
            )
            list(finisher.finished(clip, target, captions, first_frame=0, field="clip"))
            seconds = (time.process_time() - began) / (FRAMES / FRAME_RATE)
            megabytes = target.stat().st_size / 1e6
            print(f"| {name} | {seconds:.2f} | {megabytes:.2f} | {likeness(before, target)} |")


def same() -> bytes:
    """Return a network that takes and gives faces, and does nothing."""
    graph = GraphBuilder()
    result = graph.node("Identity", ["face"], "restored")
    return graph.model("face", result, (1, 3, SIDE_PIXELS, SIDE_PIXELS))


def swaying(width: int) -> list[Rgb]:
    """Return the pictures of the clip."""
    portrait = read_photo(Path("libs/s2v/samples/portrait.jpg"))
    large = np.asarray(Image.fromarray(portrait).resize((width, width), Image.Resampling.LANCZOS))
    rng = np.random.default_rng(0)
    moved = [np.roll(large, round(5 * np.sin(n / 6)), axis=1) for n in range(FRAMES)]
    return [np.clip(one + rng.normal(0, 3, one.shape), 0, 255).astype(np.uint8) for one in moved]


def likeness(before: list[Rgb], path: Path) -> str:
    """Return how near a finished clip is to what it was, where its size is the same."""
    after = list(decode_frames(path))
    if after[0].shape != before[0].shape:
        return "-"
    pairs = zip(after, before, strict=True)
    error = np.mean([np.mean((one.astype(float) - other) ** 2) for one, other in pairs])
    return f"{10 * np.log10(255**2 / error):.1f} dB"


if __name__ == "__main__":
    main()
