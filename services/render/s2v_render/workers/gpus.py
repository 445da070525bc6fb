"""The GPUs of this machine in numbers, by NVIDIA's management library where there is one."""

from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class GpuGauges(Collector):
    """Memory and load of GPUs.

    Args:
        nvml: the module `pynvml`, initialised.
        handles: of the GPUs.
    """

    def __init__(self, nvml: Any, handles: Sequence[Any]) -> None:
        self._nvml = nvml
        self._handles = handles

    def collect(self) -> Iterator[Metric]:
        """Ask the driver; a GPU that it tells nothing of is left out."""
        used = GaugeMetricFamily("s2v_gpu_memory_used_bytes", "Memory in use.", labels=("gpu",))
        total = GaugeMetricFamily("s2v_gpu_memory_bytes", "Memory in all.", labels=("gpu",))
        load = GaugeMetricFamily(
            "s2v_gpu_utilization_ratio", "Share of the last moments at work.", labels=("gpu",)
        )
        for index, handle in enumerate(self._handles):
            try:
                memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
                rates = self._nvml.nvmlDeviceGetUtilizationRates(handle)
            except self._nvml.NVMLError:
                continue
            used.add_metric((str(index),), memory.used)
            total.add_metric((str(index),), memory.total)
            load.add_metric((str(index),), rates.gpu / 100)
        yield from (used, total, load)


def gpu_gauges() -> GpuGauges | None:
    """Return the gauges of this machine's GPUs; None without a GPU, its driver or `pynvml`."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    except pynvml.NVMLError:
        return None
    return GpuGauges(pynvml, handles) if handles else None
