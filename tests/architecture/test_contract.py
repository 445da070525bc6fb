"""The contract, the code and the documents say the same."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from s2v.api.common.v1 import error_reason_pb2
from s2v.core.errors import Reason, S2VError
from s2v.rpc import errors


def test_every_reason_of_the_code_is_one_of_the_contract() -> None:
    values = error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name
    names = {name.removeprefix("ERROR_REASON_") for name in values}
    assert names - {"UNSPECIFIED"} == {reason.value for reason in Reason}


@pytest.mark.parametrize("kind", S2VError.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_error_survives_the_wire(kind: type[S2VError]) -> None:
    error = kind(
        Reason.FIELD_INVALID,
        "what was wrong",
        field="spec.script.text",
        metadata={"limit": "7"},
        retry_after_seconds=1.5,
    )
    back = errors.from_status(errors.to_status(error))
    assert type(back) is kind
    assert vars(back) == vars(error)


@pytest.mark.parametrize(
    "module",
    [
        "s2v_gateway.main",
        "s2v_tts.main",
        "s2v_compositor.main",
        "s2v_render.main",
        "s2v_cli.main",
        "s2v_render.engines.wan.engine",
        "s2v_render.engines.wan.memory",
    ],
)
def test_what_answers_health_checks_imports_neither_torch_nor_ray(module: str) -> None:
    code = f"import sys, {module}; print(*({{'torch', 'ray'}} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not loaded.stdout.split()


def test_a_compositor_loads_what_measures_films_only_when_it_measures_one() -> None:
    heavy = {"onnxruntime", "cv2", "dlib"}
    code = f"import sys, s2v_compositor.main; print(*({heavy} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not loaded.stdout.split()


def test_the_client_loads_nothing_but_grpc() -> None:
    heavy = {"av", "cv2", "dbos", "numpy", "onnxruntime", "PIL", "pydantic", "ray", "sqlalchemy"}
    code = f"import sys, s2v.client; print(*({heavy | {'torch'}} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not loaded.stdout.split()


def test_the_light_install_carries_no_torch() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    assert not [d for d in project["dependencies"] if re.match(r"torch|diffusers|transf", d)]


def test_every_dependency_is_pinned() -> None:
    pinned = set(re.findall(r"^([\w.-]+)==", Path("constraints.txt").read_text(), re.MULTILINE))
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(line for lines in extras for line in lines)]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in wanted}  # type: ignore[index]
    assert names - {"s2v"} <= pinned


def test_no_file_names_a_registry_or_a_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)
    suspicious = re.compile(
        r"https?://(files\.|registry\.|deb\.|pypi\.)|(^|[\s\"'=])/(work|root|opt)/", re.MULTILINE
    )
    found = []
    for name in tracked.stdout.splitlines():
        path = Path(name)
        binary = {".binpb", ".onnx", ".jpg", ".npy", ".safetensors", ".pth"}
        if path.suffix in binary or not path.is_file():
            continue
        if suspicious.search(path.read_text(errors="replace")) and path != Path(__file__):
            found.append(name)
    assert [name for name in found if not name.endswith("test_contract.py")] == []


def test_every_part_of_the_map_is_where_the_documents_say() -> None:
    roots = "protos|services|libs|cli|tests|docs|benchmarks|tools|third_party"
    for document in ("docs/architecture.md", "README.md", "CONTRIBUTING.md"):
        names = re.findall(rf"`((?:{roots})(?:/[\w/.-]*)?)`", Path(document).read_text())
        assert names, document
        for name in names:
            assert Path(name).exists(), f"{document} names {name}"


def test_every_proto_says_where_its_go_and_java_code_goes() -> None:
    protos = list(Path("protos/s2v/api").rglob("*.proto"))
    assert protos
    for proto in protos:
        parts = proto.parent.relative_to("protos").parts
        text = proto.read_text()
        assert f'option go_package = "{"/".join(parts)};{parts[-2]}{parts[-1]}";' in text
        assert f'option java_package = "{".".join(parts)}";' in text
