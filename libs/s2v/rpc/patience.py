"""How long to put up with a service that is away: attempts that wait longer each time, by tenacity.

```python
for attempt in attempts(60.0):
    with attempt:
        ...
```
"""

import time
from collections.abc import Callable
from typing import TypedDict

from tenacity import (
    AsyncRetrying,
    AttemptManager,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_exponential,
)

from s2v.core.errors import Cancelled, Exhausted, Reason, Unavailable

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 2.0

growing_delays = wait_exponential(multiplier=FIRST_DELAY_SECONDS, max=LONGEST_DELAY_SECONDS)
"""Twice as long each time, from the first delay to the longest."""

Judge = Callable[[BaseException], bool]
"""Tells whether an error is worth another attempt."""


def is_away(error: BaseException) -> bool:
    """Tell whether a call failed because the service is away, or at too many other calls."""
    return isinstance(error, Unavailable) or is_crowded(error)


def is_lost(error: BaseException) -> bool:
    """Tell whether a stream broke off because the service went away or is about to."""
    return is_away(error) or isinstance(error, Cancelled)


def is_crowded(error: BaseException) -> bool:
    """Tell whether a call was refused, before anything was done, as one too many."""
    if not isinstance(error, Exhausted) or error.retry_after_seconds is None:
        return False
    too_often = error.metadata.get("quota") == "calls_per_minute"
    return error.reason is Reason.LIMIT_EXCEEDED or too_often


def attempts(seconds: float, again: Judge = is_away) -> Retrying:
    """Return attempts for as long as patience lasts, which counts from the first failure.

    What the last one raised is raised where patience ends or the error is not worth another one.
    """
    return Retrying(**_rules(seconds, again), after=_count_from_the_first_failure)


def attempts_async(seconds: float, again: Judge = is_away) -> AsyncRetrying:
    """Return the same for coroutines: `async for attempt in ...`."""
    return AsyncRetrying(**_rules(seconds, again), after=_count_from_the_first_failure)


def is_first(attempt: AttemptManager) -> bool:
    """Tell whether nothing has failed yet, or nothing since `renew`."""
    return attempt.retry_state.attempt_number == 1


def renew(attempt: AttemptManager) -> None:
    """Begin anew, because something worked."""
    attempt.retry_state.attempt_number = 1


class _Rules(TypedDict):
    retry: retry_if_exception
    wait: wait_exponential
    stop: stop_after_delay
    reraise: bool


def _rules(seconds: float, again: Judge) -> _Rules:
    return {
        "retry": retry_if_exception(again),
        "wait": growing_delays,
        "stop": stop_after_delay(seconds),
        "reraise": True,
    }


def _count_from_the_first_failure(state: RetryCallState) -> None:
    # A call may have been at work for hours before: that is no time of waiting.
    if state.attempt_number == 1:
        state.start_time = state.outcome_timestamp or time.monotonic()
