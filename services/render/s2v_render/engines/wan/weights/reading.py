"""Read weights from files straight to a device, once what is there is known to fit."""

from __future__ import annotations

import math
import pickle
import zipfile
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from s2v_render.engines.wan.weights.carrying import carried
from s2v_render.engines.wan.weights.files import unusable
from s2v_render.engines.wan.weights.packed import packed_tensors
from s2v_render.engines.wan.weights.pausing import worked
from s2v_render.engines.wan.weights.stored import DAMAGED, StoredTensor

_SHOWN = 5
_READERS = 8
"""Together they copy as fast as a bus of PCIe 5 takes it."""
_UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    OSError,
    # What reading damaged pickles stumbles over.
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    OverflowError,
)


def stored_tensors(files: Iterable[Path], *, device: torch.device | str) -> dict[str, StoredTensor]:
    """Return the tensors of all files by name; none is read yet.

    Files of safetensors are mapped: on the host a tensor is its part of the file, and a device
    is sent it from there, so that the host never holds a second copy. Pickled files (.pth, .bin)
    are mapped too, and nothing but tensors is unpickled.

    Raises:
        NotReady: a file is damaged, holds no tensors, or two files hold the same name.
    """
    found: dict[str, StoredTensor] = {}
    for file in files:
        for tensor in _opened(file, device):
            if tensor.key in found:
                raise unusable(f"{tensor.key} is in {found[tensor.key].file} and in {file}.")
            found[tensor.key] = tensor
    return found


def _opened(file: Path, device: torch.device | str) -> list[StoredTensor]:
    if file.suffix == ".gguf":
        return packed_tensors(file)
    return _safetensors(file, device) if file.suffix == ".safetensors" else _pickled(file, device)


def _safetensors(file: Path, device: torch.device | str) -> list[StoredTensor]:
    try:
        opened: Any = safe_open(file, framework="pt", device="cpu")
        shapes = {key: tuple(opened.get_slice(key).get_shape()) for key in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise unusable(f"{file} {DAMAGED} ({error})") from None
    return [
        StoredTensor(file, key, shape, partial(_mapped, opened, key, device))
        for key, shape in shapes.items()
    ]


def _mapped(opened: Any, key: str, device: torch.device | str) -> Tensor:
    return carried(opened.get_tensor(key), device)


def _pickled(file: Path, device: torch.device | str) -> list[StoredTensor]:
    mapped = zipfile.is_zipfile(file)
    try:
        values = torch.load(file, map_location="cpu", weights_only=True, mmap=mapped)
    except _UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise unusable(f"{file} {DAMAGED} ({reason})") from None
    if not isinstance(values, dict) or not values or not _all_tensors(values):
        raise unusable(f"{file} holds no table of tensors. It is another model's file.")
    return [
        StoredTensor(file, key, tuple(value.shape), partial(carried, value, device))
        for key, value in values.items()
    ]


def _all_tensors(values: Mapping[Any, Any]) -> bool:
    return all(isinstance(value, Tensor) for value in values.values())


def fill(
    network: nn.Module,
    found: Mapping[str, StoredTensor],
    *,
    part: str,
    device: torch.device | str,
    dtype: torch.dtype,
) -> int:
    """Give a network on the meta device its weights, and return how many they are.

    Threads read them a little ahead of what was told by `worked`.

    Args:
        network: has shapes and no storage yet; afterwards it lies on the device, ready to run.
        found: by the network's own names.
        part: what to call it in errors, such as "transformer".
        device: where to.
        dtype: what floating-point weights become.

    Raises:
        NotReady: a tensor is missing, left over or of another shape; nothing was read then.
    """
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    _check(wanted, found, part=part)
    weights = {}
    with closing(_read(found.values(), device, dtype)) as values:
        for name, value in zip(found, values, strict=True):
            weights[name] = value
            worked(value.nbytes)
    network.load_state_dict(weights, strict=True, assign=True)
    network.eval().requires_grad_(False)
    return len(weights)


def _read(
    stored: Iterable[StoredTensor], device: torch.device | str, dtype: torch.dtype
) -> Generator[Tensor]:
    """Yield tensors in order, as many of them ahead as threads are at work on."""

    def read(each: StoredTensor) -> Tensor:
        value = each.read()
        return value.to(device, dtype if value.is_floating_point() else value.dtype)

    readers = ThreadPoolExecutor(_READERS, "reader")
    pending = deque[Future[Tensor]]()
    try:
        for each in stored:
            pending.append(readers.submit(read, each))
            if len(pending) > 2 * _READERS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        readers.shutdown(cancel_futures=True)


def _check(
    wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, StoredTensor], *, part: str
) -> None:
    files = ", ".join(sorted({stored.file.name for stored in found.values()}))
    faults = [
        f"{name} {list(shape)} is missing" for name, shape in wanted.items() if name not in found
    ]
    for name, stored in found.items():
        if name not in wanted:
            faults.append(f"{stored.key} {list(stored.shape)} in {stored.file} is unknown")
        elif stored.shape != wanted[name]:
            faults.append(
                f"{stored.key} in {stored.file} has shape {list(stored.shape)}, expected "
                f"{list(wanted[name])}"
            )
    if faults:
        raise unusable(
            f"The {part} needs {len(wanted)} tensors and {files} hold {len(found)}; "
            f"{len(faults)} do not fit: {listed(faults)}. Nothing was loaded. They are another "
            "model's, or the configuration beside them is."
        )


def listed(things: Sequence[str]) -> str:
    """Return the first few of many things, and how many more there are."""
    more = len(things) - _SHOWN
    return "; ".join(things[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def parameter_count(network: nn.Module) -> int:
    """Return how many numbers a network is made of; what is shared counts once."""
    return sum(math.prod(weight.shape) for weight in network.parameters())
