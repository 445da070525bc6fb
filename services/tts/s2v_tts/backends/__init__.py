"""The ways to speak, by name."""

from s2v.core.registry import Registry

REGISTRY = Registry({"embedded": "s2v_tts.backends.embedded:EmbeddedBackend"})
"""Implementations of `s2v.core.ports.Backend`; listing them loads no model."""
