"""The Python interface of the founding document, over today's services.

```python
from s2v.compat import IntegratedS2VSystem

with IntegratedS2VSystem(output_dir="outputs") as system:
    print(system.generate_video("me.jpg", "speech.wav")["output_path"])
```
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s2v.compat.audio import EnhancedAudioProcessor
    from s2v.compat.balancing import LoadBalancer
    from s2v.compat.configuring import Configuration as S2VConfig
    from s2v.compat.system import IntegratedS2VSystem
    from s2v.compat.video import VideoCompiler

__all__ = [
    "EnhancedAudioProcessor",
    "IntegratedS2VSystem",
    "LoadBalancer",
    "S2VConfig",
    "VideoCompiler",
]

_PLACES = {
    "EnhancedAudioProcessor": ("audio", "EnhancedAudioProcessor"),
    "IntegratedS2VSystem": ("system", "IntegratedS2VSystem"),
    "LoadBalancer": ("balancing", "LoadBalancer"),
    "S2VConfig": ("configuring", "Configuration"),
    "VideoCompiler": ("video", "VideoCompiler"),
}


def __getattr__(name: str) -> Any:
    """Import a class when it is asked for: commands that use a module of these need no decoders."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
