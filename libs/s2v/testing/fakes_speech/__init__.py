"""Fake speech servers that run as processes on loopback, with the traps of the real ones.

```python
with running("fish", key="secret") as server:
    ...  # server.url
    server.behave("cut")
    server.requests  # what it was asked
```
"""

from s2v.testing.fakes_speech.process import FakeSpeechServer, running

__all__ = ["FakeSpeechServer", "running"]
