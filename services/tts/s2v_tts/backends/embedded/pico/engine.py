"""Run Pico: text in, sound, words, phones and the exact length of each phone out."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from s2v.core.steps import Steps
from s2v_tts.backends.embedded.pico import library as pico

SAMPLE_RATE = 16_000
FRAME_SECONDS = 0.004
"""Phones last whole frames of 64 samples."""

_VOICE = b"voice"
_VOLUME = 40
"""Per cent. At Pico's own volume loud vowels clip; at 50 none of the benchmark's sentences does."""
_CHUNK_BYTES = 128
_STEPS_AT_ONCE = 20_000
"""A tenth of a second's work."""
_MOST_STEPS = 3_000_000
"""Four times what the longest sound of 400 characters takes: twenty slashes are words, too."""

_TO_WORDS, _TO_PHRASES, _TO_SOUND = 2, 4, 7
"""The units that read written words, words in phones, and phones with their lengths."""
_LISTENED = (_TO_WORDS, _TO_PHRASES, _TO_SOUND)
_WRITTEN, _WORD, _PHONE = b"gwh"
_HEAD_BYTES = 4
_STATES = 5
"""A phone's item has as many triples of 16 bits; the first of each is its frames."""

Item = tuple[int, bytes]


@dataclass(slots=True)
class PicoSpeech:
    """What Pico said.

    Attributes:
        pcm: int16 mono at 16 kHz.
        written: the words as Pico took them from the text, in small letters.
        words: the phones (numbers) of each of them, with stress and the borders of syllables.
        phones: what was said: number and frames of each phone, silence and closures included.
    """

    pcm: npt.NDArray[np.int16]
    written: list[str] = field(default_factory=list)
    words: list[bytes] = field(default_factory=list)
    phones: list[tuple[int, int]] = field(default_factory=list)


def speak(text: str, analysis: str, signal: str) -> Steps[PicoSpeech]:
    """Speak a text in which nothing is markup and no word is over 255 bytes long.

    Every call has an engine of its own, made in two milliseconds: equal texts give equal sound.

    Args:
        text: a sentence.
        analysis: name of the file with the language.
        signal: name of the file with the voice.

    Raises:
        RuntimeError: Pico cannot speak it.
    """
    items: list[Item] = []
    with _engine(analysis, signal) as engine:
        callbacks = [_listen(pico.units(engine)[at], at, items) for at in _LISTENED]
        sound = yield from _sound(engine, f'<volume level="{_VOLUME}">{text}</volume>')
    del callbacks  # which the engine called until here
    said = PicoSpeech(np.frombuffer(sound, np.int16))
    for at, item in items:
        kind, content = item[0], item[_HEAD_BYTES:]
        if at == _TO_WORDS and kind == _WRITTEN:
            said.written.append(content.decode(errors="replace").removesuffix("\\/"))
        elif at == _TO_PHRASES and kind == _WORD:
            said.words.append(content)
        elif at == _TO_SOUND and kind == _PHONE:
            frames = np.frombuffer(content, "<u2").reshape(_STATES, 3)[:, 0].sum()
            said.phones.append((item[1], int(frames)))
    return said


@contextmanager
def _engine(analysis: str, signal: str) -> Iterator[pico.Handle]:
    library = pico.library()
    memory = ctypes.create_string_buffer(pico.MEMORY_BYTES)
    system, engine = pico.Handle(), pico.Handle()
    _check(library.pico_initialize(memory, len(memory), ctypes.byref(system)))
    with ExitStack() as made:
        made.callback(library.pico_terminate, ctypes.byref(system))
        _check(library.pico_createVoiceDefinition(system, _VOICE))
        for name in (analysis, signal):
            resource = _resource(system, pico.folder() / "lang" / name)
            made.callback(library.pico_unloadResource, system, ctypes.byref(resource))
        made.callback(library.pico_releaseVoiceDefinition, system, _VOICE)
        _check(library.pico_newEngine(system, _VOICE, ctypes.byref(engine)))
        made.callback(library.pico_disposeEngine, system, ctypes.byref(engine))
        yield engine


def _resource(system: pico.Handle, path: Path) -> pico.Handle:
    library = pico.library()
    resource = pico.Handle()
    _check(library.pico_loadResource(system, bytes(path), ctypes.byref(resource)))
    label = ctypes.create_string_buffer(pico.MAX_NAME_BYTES)
    _check(library.pico_getResourceName(system, resource, label))
    _check(library.pico_addResourceToVoiceDefinition(system, _VOICE, label))
    return resource


def _listen(unit: pico.Unit, at: int, items: list[Item]) -> object:
    """Write down every item that a unit takes; return what must live as long as its engine."""
    buffer = unit.incoming.contents
    take: Callable[..., int] = pico.GetItem(buffer.get_item)

    def taken(this: int, target: Any, most: int, count: Any, sound_only: int) -> int:
        status = take(this, target, most, count, sound_only)
        if status == pico.OK:
            items.append((at, bytes(target[: count[0]])))
        return status

    callback = pico.GetItem(taken)
    buffer.get_item = ctypes.cast(callback, ctypes.c_void_p).value
    return callback


def _sound(engine: pico.Handle, text: str) -> Steps[bytes]:
    library = pico.library()
    left = text.encode() + b"\0"
    chunk = ctypes.create_string_buffer(_CHUNK_BYTES)
    count, kind = ctypes.c_int16(), ctypes.c_int16()
    sound = bytearray()
    steps = 0
    while left:
        _check(library.pico_putTextUtf8(engine, left, len(left), ctypes.byref(count)))
        left = left[count.value :]
        status = pico.BUSY
        while status == pico.BUSY:
            status = library.pico_getData(
                engine, chunk, _CHUNK_BYTES, ctypes.byref(count), ctypes.byref(kind)
            )
            sound += chunk.raw[: count.value]
            steps += 1
            if steps > _MOST_STEPS:
                raise RuntimeError("Pico does not come to an end")
            if steps % _STEPS_AT_ONCE == 0:
                yield
        _check(status, pico.IDLE)
    return bytes(sound)


def _check(status: int, good: int = pico.OK) -> None:
    if status != good:
        raise RuntimeError(f"Pico fails with status {status}")
