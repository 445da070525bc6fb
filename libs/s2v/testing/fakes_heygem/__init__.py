"""Fake HeyGem containers that run as processes on loopback, with the traps of the real ones.

```python
with container(folder) as fake:
    ...  # fake.url, fake.folder is its /code/data
    fake.behave("corrupt")
    fake.wait_for("accepted")
```
"""

from s2v.testing.fakes_heygem.process import FakeContainer, container

__all__ = ["FakeContainer", "container"]
