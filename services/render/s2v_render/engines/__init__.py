"""Ways to render, one package each, imported only when they are used."""

from s2v.core.registry import Registry

REGISTRY = Registry(
    {
        "portrait": "s2v_render.engines.portrait.engine:PortraitEngine",
        "wan": "s2v_render.engines.wan.engine:WanEngine",
    }
)
"""Implementations of `s2v.core.ports.Engine`; listing them imports none."""

DEFAULT_ENGINE = "portrait"
