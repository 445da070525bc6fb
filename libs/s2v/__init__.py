"""Speech to video: what the four services, the command line and clients share."""

import os

# onnxruntime reports its use to its makers, over the network, from version 1.31 on; it looks at
# this when it is imported, whoever imports it. Nothing of ours leaves the machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
