"""Names as people type them."""

_JOBS = "jobs/"


def job_name(text: str) -> str:
    """Return the name of a job, given as `jobs/ID` or as the id alone."""
    return text if text.startswith(_JOBS) else _JOBS + text
