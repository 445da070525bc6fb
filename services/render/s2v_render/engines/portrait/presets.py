"""The named choices between speed and quality of the engine `portrait`."""

from s2v.core.ports import Preset

PRESETS = (
    Preset(
        "standard",
        "The portrait's own size up to 1080p, in good quality.",
        max_long_side=1920,
        max_short_side=1080,
        crf=22,
        encoder_preset="veryfast",
    ),
    Preset(
        "draft",
        "A small film, at most 640 pixels long, made quickly.",
        max_long_side=640,
        max_short_side=640,
        crf=28,
        encoder_preset="superfast",
    ),
    Preset(
        "high",
        "The portrait's own size up to 1080p, in the best quality.",
        max_long_side=1920,
        max_short_side=1080,
        crf=18,
        encoder_preset="medium",
    ),
)
"""The default one first."""
