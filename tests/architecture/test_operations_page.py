"""docs/operations.md has every reason of a failure, and names what there is."""

import re
from pathlib import Path

import yaml

from s2v_cli.configuring import KINDS

TEXT = Path("docs/operations.md").read_text(encoding="utf-8")
OF_ALL_SERVICES = {"HOME", "CONFIG", "API_KEY", "INTERNAL_TOKEN_FILE", "STORE_URL", "PROFILE"}


def test_every_reason_has_its_meaning_and_its_remedy_once() -> None:
    proto = Path("protos/s2v/api/common/v1/error_reason.proto").read_text()
    reasons = set(re.findall(r"ERROR_REASON_(\w+) = [1-9]", proto))
    section = TEXT.split("## Every reason")[1].split("\n## ")[0]
    cells = [line.split("|")[1:4] for line in section.splitlines() if line.startswith("| `")]
    named = [name for reason, *_ in cells for name in re.findall(r"`(\w+)`", reason)]
    assert len(reasons) > 60
    assert sorted(named) == sorted(reasons)
    assert all(meaning.strip() and remedy.strip() for _, meaning, remedy in cells)


def test_every_named_setting_is_there() -> None:
    there = {
        f"{kind.model_config['env_prefix']}{name}".upper()
        for kind in KINDS.values()
        for name in kind.model_fields
    } | {f"S2V_{name}" for name in OF_ALL_SERVICES}
    named = set(re.findall(r"`(S2V_\w+[A-Z])(?==|`)", TEXT))
    assert len(named) > 20
    assert named <= there
    shortened = {f"S2V_GATEWAY{name}" for name in re.findall(r"`\.\.\.(_\w+)`", TEXT)}
    assert shortened <= there


def test_every_named_alert_file_and_page_is_there() -> None:
    [group] = yaml.safe_load(Path("deploy/prometheus/alerts.yaml").read_text())["groups"]
    alerts = set(re.findall(r"`(S2V[A-Z][a-z]\w+)`", TEXT))
    assert len(alerts) > 3
    assert alerts <= {rule["alert"] for rule in group["rules"]}
    for path in re.findall(r"`((?:deploy|tests|benchmarks)/[\w./]+)`", TEXT):
        assert Path(path).exists(), path
    for page in re.findall(r"\]\(([\w./-]+\.md)\)", TEXT):
        assert (Path("docs") / page).exists(), page


def test_the_founding_documents_troubles_are_all_there() -> None:
    troubles = ("CUDA out of memory", "Failed to start Ray", "Model checkpoint not found", "slow")
    section = TEXT.split("## Troubles that the founding document names")[1].split("\n## ")[0]
    for trouble in troubles:
        assert trouble in section
