"""Who wants no traces pays nothing for them."""

import subprocess
import sys


def test_nothing_of_opentelemetry_is_imported_where_no_traces_are_wanted() -> None:
    code = (
        "import sys\n"
        "from s2v.rpc.tracing import configure_tracing, span\n"
        "import s2v.rpc.server, s2v_gateway.main, s2v_tts.main, s2v_compositor.main\n"
        "import s2v_render.main, s2v_render.workers.actor\n"
        "configure_tracing('gateway')\n"
        "with span('work', {}) as tell:\n"
        "    tell('fact', 1)\n"
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
