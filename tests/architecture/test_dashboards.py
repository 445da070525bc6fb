"""What dashboards and alerts ask for is what the services export, and all of it is shown."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import promql_parser
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import REGISTRY, Collector

from dashboards import DEPLOY, METRIC, expressions
from s2v.rpc import metrics
from s2v_gateway.jobs.telling import JobGauge
from s2v_render.workers.gpus import GpuGauges
from s2v_render.workers.telling import WorkerGauges

TRIED = Path(__file__).parents[1] / "data/alerts.yaml"
SUFFIX = re.compile(r"_(total|bucket|count|sum|created)$")
LABELS = re.compile(r"by \(([a-z_, ]+)\)")


class Nvml:
    """A GPU of somebody's."""

    NVMLError = RuntimeError

    def nvmlDeviceGetMemoryInfo(self, _: object) -> SimpleNamespace:
        return SimpleNamespace(used=1 << 30, total=1 << 34)

    def nvmlDeviceGetUtilizationRates(self, _: object) -> SimpleNamespace:
        return SimpleNamespace(gpu=50)


def exported() -> set[str]:
    """Every name under which a service exports a sample."""
    own: list[Collector] = [m for m in vars(metrics).values() if isinstance(m, MetricWrapperBase)]
    own += [JobGauge(dict), WorkerGauges(list, lambda: 0), GpuGauges(Nvml(), [object()])]
    names = {name for one in own for family in one.collect() for name in _samples(family)}
    return names | {sample.name for family in REGISTRY.collect() for sample in family.samples}


def _samples(family: object) -> Iterator[str]:
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
    for suffix in suffixes.get(family.type, [""]):
        yield f"{family.name}{suffix}"


def test_every_metric_that_is_asked_for_is_exported() -> None:
    asked = expressions()
    assert len(asked) == 3
    known = exported()
    for where, all_of_it in asked.items():
        names = {name for expression in all_of_it for name in METRIC.findall(expression)}
        assert names, where
        assert names <= known, (where, names - known)


def test_prometheus_understands_all_of_it() -> None:
    for where, every in expressions().items():
        for expression in every:
            try:
                promql_parser.parse(expression)
            except ValueError as error:
                pytest.fail(f"{where}: {expression}: {error}")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool here")
@pytest.mark.parametrize(
    "command", [f"check config {DEPLOY}/prometheus/prometheus.yaml", f"test rules {TRIED}"]
)
def test_promtool_says_so_too(command: str) -> None:
    done = subprocess.run(
        ["promtool", *command.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried() -> None:
    groups = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]
    raised = set(re.findall(r'alertname="(\w+)"', TRIED.read_text()))
    assert raised == {rule["alert"] for group in groups for rule in group["rules"]}


def test_every_metric_of_ours_is_on_a_dashboard() -> None:
    shown = {
        name for every in expressions().values() for one in every for name in METRIC.findall(one)
    }
    families = {SUFFIX.sub("", name) for name in shown}
    ours = {
        re.sub(r"_(total|bucket|count|sum|created)$", "", n) for n in exported() if n[:4] == "s2v_"
    }
    assert ours <= families, ours - families


def test_what_is_grouped_by_is_a_label_that_there_is() -> None:
    known = {"le", "service", "state", "gpu"}
    known |= {label for one in vars(metrics).values() for label in getattr(one, "_labelnames", ())}
    for where, every in expressions().items():
        for labels in (found for one in every for found in LABELS.findall(one)):
            assert set(labels.replace(" ", "").split(",")) <= known, (where, labels)


def test_prometheus_asks_each_service_where_its_container_answers() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text())
    targets = {
        target: one["labels"]["service"]
        for one in config["scrape_configs"][0]["static_configs"]
        for target in one["targets"]
    }
    compose = yaml.safe_load((DEPLOY / "compose/compose.observability.yaml").read_text())
    for target, service in targets.items():
        host, _, port = target.partition(":")
        listen = compose["services"][host]["environment"][f"S2V_{host.upper()}_METRICS_LISTEN"]
        assert (host, port) == (service, listen.partition(":")[2])
