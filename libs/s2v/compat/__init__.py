"""The Python interface of the founding document, over today's services.

```python
from s2v.compat import IntegratedS2VSystem

with IntegratedS2VSystem(output_dir="outputs") as system:
    print(system.generate_video("me.jpg", "speech.wav")["output_path"])
```
"""

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
