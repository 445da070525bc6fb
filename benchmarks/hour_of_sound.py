"""How much memory the services take for an hour of given sound, in stereo and with its text.

    python benchmarks/hour_of_sound.py [MINUTES]

It prints Markdown for benchmarks/results/. The services tts and compositor are processes of
their own; "before" is what one has just before a call, after the same call with half a minute of
sound.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from importlib.metadata import version
from pathlib import Path

import av
import numpy as np
from voice import spoken
from voice_texts import SENTENCES

from s2v.api.common.v1 import artifact_pb2, clip_pb2
from s2v.api.compositor.v1 import compositor_service_pb2 as compositing
from s2v.api.compositor.v1 import compositor_service_pb2_grpc
from s2v.api.tts.v1 import speech_service_pb2 as speaking
from s2v.api.tts.v1 import speech_service_pb2_grpc
from s2v.core.artifact import MP4, WAV
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame, seconds
from s2v.media.pcm import Pcm, wav_bytes
from s2v.media.video import H264, ClipEncoder
from s2v.rpc.channel import connect_sync
from s2v.rpc.convert import artifact_to_proto
from s2v.store.artifacts import FsspecStore
from s2v_tts.backends.embedded.backend import EmbeddedBackend

FPS = 25
_SHORT_SECONDS = 30
_CLIP_FRAMES = 10 * FPS
_MIB = 1 << 20
_BAR_MIB = 300


@dataclass(frozen=True, slots=True)
class Sound:
    """A stereo file in the store, and what is said in it."""

    audio: artifact_pb2.Artifact
    text: str


class Process:
    """A service, and what it takes."""

    def __init__(self, name: str, folder: Path, store: str) -> None:
        self.name = name
        self.address = f"unix:{folder}/{name}.sock"
        prefix = f"S2V_{name.upper()}_"
        own = {f"{prefix}LISTEN": self.address, f"{prefix}STORE_URL": store}
        environment = {**os.environ, "S2V_HOME": str(folder / "home"), **own}
        command = [sys.executable, "-m", f"s2v_{name}.main"]
        with (folder / f"{name}.log").open("w") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def measured(self, call: Callable[[], object]) -> str:
        """Do a call; return the cells of what it took."""
        proc = Path(f"/proc/{self._process.pid}")
        (proc / "clear_refs").write_text("5")
        before, busy, began = self._peak_mib(), self._processor_seconds(), time.perf_counter()
        call()
        wall, spent = time.perf_counter() - began, self._processor_seconds() - busy
        peak = self._peak_mib()
        return (
            f"{wall:.0f} s | {spent:.0f} s | {before:.0f} MiB | {peak:.0f} MiB "
            f"| {peak - before:.0f} MiB"
        )

    def end(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def _peak_mib(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024 / _MIB

    def _processor_seconds(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print a table row for each call."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in ("av", "numpy", "soxr", "onnxruntime")))
    print(f"\nload average at the start {os.getloadavg()[0]:.2f}; {minutes:g} minutes of sound\n")
    print("| call | time | processor time | before | peak | more |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="s2v-bench-") as name:
        folder = Path(name)
        store = FsspecStore(str(folder / "store"))
        short, long = _sounds(folder, store, (_SHORT_SECONDS, minutes * 60))
        with running("tts", folder) as tts:
            film_audio = show_tts(tts, short, long)
        with running("compositor", folder) as compositor:
            show_compositor(compositor, folder, store, film_audio)
    print(
        f"\nThe bar is {_BAR_MIB} MiB more. The child that decodes is not counted: it has a limit."
    )


def show_tts(tts: Process, short: Sound, long: Sound) -> dict[str, artifact_pb2.Artifact]:
    """Cut, measure and align; return the sounds for the films."""
    made: dict[str, artifact_pb2.Artifact] = {}
    with connect_sync(tts.address) as channel:
        stub = speech_service_pb2_grpc.SpeechServiceStub(channel)
        stub.ListVoices(speaking.ListVoicesRequest(), wait_for_ready=True)

        def cut(sound: Sound) -> None:
            request = speaking.CutScriptRequest(audio=sound.audio, frame_rate=FPS)
            made["short" if sound is short else "long"] = stub.CutScript(request).film_audio

        def analyze(sound: Sound) -> None:
            _last(stub.AnalyzeAudio(speaking.AnalyzeAudioRequest(audio=sound.audio)))

        def align(sound: Sound) -> None:
            _last(stub.AlignText(speaking.AlignTextRequest(audio=sound.audio, text=sound.text)))

        calls = {"CutScript": cut, "AnalyzeAudio": analyze, "AlignText": align}
        for name, call in calls.items():
            call(short)
            print(f"| {name} | {tts.measured(partial(call, long))} |", flush=True)
    return made


def show_compositor(
    compositor: Process,
    folder: Path,
    store: FsspecStore,
    film_audio: dict[str, artifact_pb2.Artifact],
) -> None:
    """Compose small films that carry the sounds in stereo."""
    clip, audio = _clip(folder, store)

    def requests(given: artifact_pb2.Artifact) -> Iterator[compositing.ComposeRequest]:
        config = compositing.ComposeConfig(frame_rate=FPS, live=True, film_audio=given)
        yield compositing.ComposeRequest(config=config)
        clip_samples = _CLIP_FRAMES * samples_per_frame(FPS)
        for index in range(-(-(given.size_bytes // 4) // clip_samples)):
            segment = compositing.ComposeSegment(index=index, clip=clip, audio=audio)
            yield compositing.ComposeRequest(segment=segment)

    with connect_sync(compositor.address) as channel:
        stub = compositor_service_pb2_grpc.CompositorServiceStub(channel)

        def compose(length: str) -> None:
            _last(stub.Compose(requests(film_audio[length]), wait_for_ready=True))

        compose("short")
        print(f"| Compose | {compositor.measured(lambda: compose('long'))} |", flush=True)


@contextmanager
def running(name: str, folder: Path) -> Iterator[Process]:
    """Run a service over a folder."""
    process = Process(name, folder, str(folder / "store"))
    try:
        yield process
    finally:
        process.end()


def _sounds(folder: Path, store: FsspecStore, lengths: Iterable[float]) -> list[Sound]:
    backend = EmbeddedBackend()
    said = [spoken(backend, sentence, "oak").pcm for sentence in SENTENCES]
    made = []
    for wanted in lengths:
        path = folder / "sound.flac"
        texts: list[str] = []
        with av.open(str(path), "w") as container:
            stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="stereo")
            first = 0
            while seconds(first + len(pcm := said[len(texts) % len(said)])) <= wanted:
                container.mux(stream.encode(_frame(pcm, first)))
                texts.append(SENTENCES[len(texts) % len(said)])
                first += len(pcm)
            container.mux(stream.encode(None))
        audio = artifact_to_proto(store.put(path, "audio/flac"))
        made.append(Sound(audio, " ".join(texts)))
    return made


def _frame(pcm: Pcm, first: int) -> av.AudioFrame:
    noise = np.random.default_rng(first).normal(0, 60, (len(pcm), 2))
    both = np.rint(np.outer(pcm, (0.8, 0.5)) + noise).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(both.reshape(1, -1), "s16", "stereo")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, first, Fraction(1, SAMPLE_RATE)
    return frame


def _clip(folder: Path, store: FsspecStore) -> tuple[clip_pb2.Clip, artifact_pb2.Artifact]:
    path, quality = folder / "clip.mp4", H264(preset="veryfast", crf=20)
    with ClipEncoder(path, width=64, height=64, frame_rate=FPS, quality=quality) as encoder:
        encoder.write(np.zeros((_CLIP_FRAMES, 64, 64, 3), np.uint8))
    silence = np.zeros(_CLIP_FRAMES * samples_per_frame(FPS), np.int16)
    video = artifact_to_proto(store.put(path, MP4))
    clip = clip_pb2.Clip(video=video, frames=_CLIP_FRAMES, width_pixels=64, height_pixels=64)
    return clip, artifact_to_proto(store.put([wav_bytes(silence)], WAV))


def _last(responses: Iterable[object]) -> None:
    for _ in responses:
        pass


if __name__ == "__main__":
    main()
