"""What the dashboards and alerts of deploy/ ask Prometheus for."""

import json
import re
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
METRIC = re.compile(r"\b(?:s2v|process|python)_[a-z0-9_]+\b")


def expressions() -> dict[str, list[str]]:
    """What each dashboard, and the alerts, ask for."""
    asked = {
        path.name: [
            target["expr"]
            for panel in json.loads(path.read_text())["panels"]
            for target in panel["targets"]
        ]
        for path in (DEPLOY / "grafana/dashboards").glob("*.json")
    }
    groups = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]
    asked["alerts.yaml"] = [rule["expr"] for group in groups for rule in group["rules"]]
    return asked
