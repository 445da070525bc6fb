"""Captions as files that players and editors read: SubRip and WebVTT."""

from collections.abc import Iterable

from s2v.core.captions import Caption
from s2v.core.timebase import SAMPLE_RATE


def subrip(captions: Iterable[Caption]) -> str:
    """Spell captions as SubRip (.srt): UTF-8, numbered from 1, times to the millisecond."""
    return "".join(
        f"{number}\n{_time(caption.first_sample, ',')} --> {_time(caption.end_sample, ',')}\n"
        f"{_text(caption)}\n\n"
        for number, caption in enumerate(captions, start=1)
    )


def webvtt(captions: Iterable[Caption]) -> str:
    """Spell captions as WebVTT (.vtt, https://www.w3.org/TR/webvtt1/)."""
    cues = (
        f"{_time(caption.first_sample, '.')} --> {_time(caption.end_sample, '.')}\n"
        f"{_escaped(_text(caption))}\n"
        for caption in captions
    )
    return "\n".join(["WEBVTT\n", *cues])


def _text(caption: Caption) -> str:
    return "\n".join(caption.lines)


def _time(samples: int, point: str) -> str:
    milliseconds = (samples * 1000 + SAMPLE_RATE // 2) // SAMPLE_RATE
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
