"""What the Helm chart makes is what Kubernetes, our services and the cautious expect."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml

from s2v.rpc.settings import ServiceSettings
from s2v_compositor.settings import CompositorSettings
from s2v_gateway.settings import GatewaySettings
from s2v_render.settings import RenderSettings
from s2v_tts.settings import TtsSettings

CHART = Path("deploy/helm/s2v")
Resource = dict[str, Any]

ALL: Resource = {
    "secrets": {"tls": "s2v-tls", "jwt": "s2v-jwt"},
    "jwt": {"issuer": "https://login.example", "audience": "s2v"},
    "imagePullSecrets": [{"name": "registry"}],
    "gateway": {"settings": {"max_running_jobs": 8, "measure_films": False}},
    "render": {"checkpointClaim": "wan"},
    "envoy": {"service": {"type": "LoadBalancer", "annotations": {"example.com/name": "s2v"}}},
    "ray": {"mode": "kuberay", "workers": {"nodeSelector": {"gpu": "yes"}}},
    "networkPolicy": {"monitoringNamespace": "monitoring"},
    "metrics": {"enabled": True, "serviceMonitor": True, "labels": {"release": "prometheus"}},
    "traces": {"endpoint": "http://collector:4317"},
}
EXTERNAL: Resource = {"ray": {"mode": "external", "address": "ray.example:6379"}}
VALUES = {"defaults": {}, "all": ALL, "external": EXTERNAL}
SETTINGS: dict[str, type[ServiceSettings]] = {
    "gateway": GatewaySettings,
    "tts": TtsSettings,
    "render": RenderSettings,
    "compositor": CompositorSettings,
}
every_way = pytest.mark.parametrize("way", VALUES)


@cache
def rendered(way: str) -> list[Resource]:
    """Return the resources that Helm makes of one of VALUES."""
    with helm_python.Chart.load(CHART) as chart:
        files = chart.render(VALUES[way], name="demo", namespace="films")
    texts = [text for name, text in files.items() if name.endswith(".yaml")]
    return [resource for text in texts for resource in yaml.safe_load_all(text) if resource]


def of_kind(way: str, *kinds: str) -> list[Resource]:
    return [resource for resource in rendered(way) if resource["kind"] in kinds]


def pods(way: str) -> Iterator[tuple[str, Resource]]:
    """Yield the component and the spec of every pod."""
    for resource in of_kind(way, "StatefulSet", "Deployment"):
        yield from _component(resource["spec"]["template"])
    for cluster in of_kind(way, "RayCluster"):
        spec = cluster["spec"]
        for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
            yield from _component(group["template"])


def _component(template: Resource) -> Iterator[tuple[str, Resource]]:
    yield template["metadata"]["labels"]["app.kubernetes.io/component"], template["spec"]


@every_way
@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_kubernetes_knows_every_field(way: str, version: str) -> None:
    for resource in rendered(way):
        if resource["kind"] not in ("RayCluster", "ServiceMonitor"):
            kubernetes_validate.validate(resource, version, strict=True)
    for _, spec in pods(way):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": spec}
        kubernetes_validate.validate(pod, version, strict=True)


@every_way
def test_helm_finds_nothing_to_say(way: str) -> None:
    report = helm_python.lint(CHART, VALUES[way], strict=True)
    worse_than_a_hint = [said for said in report["messages"] if said["severity"] > 1]
    assert (report["total_charts_linted"], worse_than_a_hint, report["errors"]) == (1, [], [])


@every_way
def test_every_variable_is_a_setting_of_its_service(way: str) -> None:
    seen = set()
    for component, spec in pods(way):
        if component not in SETTINGS:
            continue
        prefix = f"S2V_{component.upper()}_"
        names = [variable["name"] for variable in spec["containers"][0]["env"]]
        own = {name.removeprefix(prefix).lower() for name in names if name.startswith(prefix)}
        assert own <= SETTINGS[component].model_fields.keys()
        assert len(names) == len(set(names))
        seen.add(component)
    assert seen == SETTINGS.keys()


@every_way
def test_every_pod_may_do_little(way: str) -> None:
    for component, spec in pods(way):
        # Or Kubernetes sets S2V_RENDER_PORT and its like, which are no settings.
        assert spec["enableServiceLinks"] is False, component
        assert spec["automountServiceAccountToken"] is False, component
        assert spec["securityContext"]["runAsNonRoot"], component
        [container] = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        claimed = {"data"} if component in ("gateway", "compositor") else set()
        assert mounted == {volume["name"] for volume in spec["volumes"]} | claimed, component


@every_way
def test_only_envoy_is_reached_by_everybody(way: str) -> None:
    policies = {
        policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: policy["spec"]
        for policy in of_kind(way, "NetworkPolicy")
    }
    assert policies.keys() == {component for component, _ in pods(way)} | {"ray"}
    for component, spec in policies.items():
        assert spec["policyTypes"] == ["Ingress"]
        callers = {
            peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component")
            for rule in spec["ingress"]
            for peer in rule.get("from", [{}])
        } - {None}
        open_ports = [rule["ports"] for rule in spec["ingress"] if "from" not in rule]
        if component == "envoy":
            assert open_ports == [[{"port": "public", "protocol": "TCP"}]]
            continue
        assert open_ports == []
        ray = {"ray", "render"} if way != "defaults" else set()
        expected = {
            "gateway": {"envoy"},
            "render": {"gateway"} | ray,
            "ray": {"ray", "render"},
        }
        assert callers == expected.get(component, {"gateway"})


@every_way
def test_services_lead_to_ports_and_pods_that_are_there(way: str) -> None:
    ports = {
        component: {port["name"] for port in spec["containers"][0].get("ports", [])}
        for component, spec in pods(way)
    }
    for service in of_kind(way, "Service"):
        component = service["spec"]["selector"]["app.kubernetes.io/component"]
        assert {port["targetPort"] for port in service["spec"]["ports"]} == ports[component]


def test_no_secret_is_in_the_chart() -> None:
    for way in VALUES:
        assert of_kind(way, "Secret") == []
    [gateway] = [spec for component, spec in pods("defaults") if component == "gateway"]
    [url] = [
        variable
        for variable in gateway["containers"][0]["env"]
        if variable["name"] == "S2V_GATEWAY_DATABASE_URL"
    ]
    assert url["valueFrom"] == {"secretKeyRef": {"name": "s2v-database", "key": "url"}}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"gatway": {}}, "gatway"),
        ({"gateway": {"replicas": 2}}, "replicas"),
        ({"gateway": {"settings": {"S2V_GATEWAY_LISTEN": "x"}}}, "S2V_GATEWAY_LISTEN"),
        ({"ray": {"mode": "external"}}, "address"),
        ({"secrets": {"jwt": "s2v-jwt"}}, "jwt.issuer"),
    ],
)
def test_values_that_cannot_be_are_refused(values: Resource, named: str) -> None:
    with helm_python.Chart.load(CHART) as chart, pytest.raises(helm_python.HelmError, match=named):
        chart.render(values, name="demo")
