"""The ways to speak, by name."""

from s2v.core.registry import Registry

REGISTRY = Registry(
    {
        "embedded": "s2v_tts.backends.embedded:EmbeddedBackend",
        "piper": "s2v_tts.backends.piper:PiperBackend",
    }
)
"""Implementations of `s2v.core.ports.Backend`; listing them loads no model."""

DIALECTS = Registry(
    {
        "fish": "s2v_tts.backends.fish:Fish",
        "ziming": "s2v_tts.backends.ziming:Ziming",
        "openai_http": "s2v_tts.backends.openai_http:OpenAi",
    }
)
"""Implementations of `s2v_tts.backends.http.backend.Dialect`: servers that are asked over HTTP."""
