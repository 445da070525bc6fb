"""Ways to render, a package each, imported only when used; `reference` is what they share."""

from s2v.core.registry import Registry

REGISTRY = Registry(
    {
        "heygem": "s2v_render.engines.heygem.engine:HeygemEngine",
        "portrait": "s2v_render.engines.portrait.engine:PortraitEngine",
        "wan": "s2v_render.engines.wan.engine:WanEngine",
    }
)
"""Implementations of `s2v.core.ports.Engine`; listing them imports none."""

DEFAULT_ENGINE = "portrait"
