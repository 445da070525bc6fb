"""How captions stand to what is said: their times against the marks of the voices, their bounds.

    python benchmarks/captions.py

For each voice a text of its language is cut, spoken and captioned as a job's is.
"""

import os
import platform
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise

import numpy as np

from s2v.captions.lines import captions_of
from s2v.captions.timing import timed
from s2v.captions.words import NARROW, width_of, words_of
from s2v.core.captions import Caption
from s2v.core.script import Mark
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.cutting import cut_script_text
from s2v_tts.speaking import SpokenSegment, speak_text

FPS = 25
TEXTS = {
    "en": "My father bought a big balloon. Then, on a bright and windy morning in 2024, he "
    "carried it all the way up to the top of the hill, although Dr. Miller had told him not"
    " to! It cost $1,250 and weighed 3.5 kg; nobody believed that it would fly. What a "
    "wonderful view that was, and how far away the people looked, because from 12 km even a"
    " town is small. Well, he said, it is a long way down, isn't it? We laughed. In the "
    "evening, when the wind had dropped, the balloon sank slowly into the trees behind the "
    "house of our neighbours.",
    "de": "Mein Vater kaufte einen großen Ballon. An einem hellen, windigen Morgen trug er ihn "
    "bis auf den Gipfel des Berges, obwohl Dr. Müller ihm davon abgeraten hatte! Er kostete"
    " 1.250 Euro und wog 3,5 kg; niemand glaubte, dass er fliegen würde. Wie wunderbar die "
    "Aussicht war, und wie klein die Leute aussahen!",
    "es": "Mi padre compró un globo enorme. Una mañana clara y ventosa lo llevó hasta la cima de "
    "la colina, aunque todos le habían dicho que no lo hiciera. Costó 1250 euros y pesaba 3"
    " kilos; nadie creía que pudiera volar. ¡Qué vista tan maravillosa, y qué lejos parecía"
    " la gente!",
    "fr": "Mon père a acheté un grand ballon. Par un matin clair et venteux, il l'a porté "
    "jusqu'au sommet de la colline, bien que tout le monde lui ait dit de ne pas le faire. "
    "Il avait coûté 1250 euros et pesait 3 kilos ; personne ne croyait qu'il volerait. "
    "Quelle vue merveilleuse !",
    "it": "Mio padre comprò un grande pallone. In una mattina chiara e ventosa lo portò fino alla"
    " cima della collina, anche se tutti gli avevano detto di non farlo. Costò 1250 euro e "
    "pesava 3 chili; nessuno credeva che potesse volare. Che vista meravigliosa, e come era"
    " lontana la gente!",
}

Numbers = defaultdict[str, list[float]]


def segments(
    backend: EmbeddedBackend, text: str, voice: str
) -> Iterator[tuple[str, tuple[Mark, ...], int]]:
    """Speak a text; yield what of it is said, the marks, and how many samples it lasts."""
    for segment in cut_script_text(text):
        for event in speak_text(backend, segment.text, voice=voice, frame_rate=FPS):
            if isinstance(event, SpokenSegment):
                yield segment.text, event.words, len(event.pcm)


def measure(
    captions: tuple[Caption, ...], text: str, marks: tuple[Mark, ...], samples: int, n: Numbers
) -> None:
    """Add what is measured on the captions of a segment."""
    words = timed(words_of(text), marks, samples=samples)
    said = 0
    for caption in captions:
        count = len(words_of(" ".join(caption.lines)))
        first, last = words[said], words[said + count - 1]
        said += count
        seconds = (caption.end_sample - caption.first_sample) / SAMPLE_RATE
        n["early_ms"].append(1000 * (first.first_sample - caption.first_sample) / SAMPLE_RATE)
        n["stays_ms"].append(1000 * (caption.end_sample - last.end_sample) / SAMPLE_RATE)
        n["seconds"].append(seconds)
        n["speed"].append(width_of(" ".join(caption.lines)) / NARROW / seconds)
        n["line"] += [width_of(line) / NARROW for line in caption.lines]
    frame = samples_per_frame(FPS)
    n["gap_frames"] += [
        (after.first_sample - before.end_sample) / frame for before, after in pairwise(captions)
    ]
    exact = {"".join(filter(str.isalnum, m.label.casefold())) for m in marks}
    n["exact"] += [
        "".join(filter(str.isalnum, w.word.text.casefold())) in exact
        for w in words
        if any(map(str.isalnum, w.word.text))
    ]


def main() -> None:
    """Print a table row for each voice."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in ("av", "numpy", "Pillow")), "\n")
    backend = EmbeddedBackend()
    print(
        "| voice | captions | words named by a mark | early ms (most) | gone early ms (most) "
        "| seconds (least, median, most) | letters a second (median, most) | over 20 | under 1 s "
        "| longest line | least gap frames |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for voice in backend.voices:
        text = TEXTS[voice.language.partition("-")[0]]
        n: Numbers = defaultdict(list)
        for said, marks, samples in segments(backend, text, voice.name):
            captions = captions_of(
                said, marks, samples=samples, frame_rate=FPS, language=voice.language
            )
            measure(captions, said, marks, samples, n)
        seconds, speed = np.array(n["seconds"]), np.array(n["speed"])
        print(
            f"| {voice.name} ({voice.language}) | {len(seconds)} | {np.mean(n['exact']):.0%} "
            f"| {max(n['early_ms']):.0f} | {max(0, -min(n['stays_ms'])):.0f} "
            f"| {seconds.min():.2f}, {np.median(seconds):.2f}, {seconds.max():.2f} "
            f"| {np.median(speed):.1f}, {speed.max():.1f} | {(speed > 20).sum()} "
            f"| {(seconds < 1).sum()} | {max(n['line']):.0f} | {min(n['gap_frames']):.0f} |"
        )


if __name__ == "__main__":
    main()
