"""The C library inside py-nanotts: its functions, and those of its structures that are looked into.

The package's own function gives sound alone. The library passes items of data from one processing
unit to the next, among them every phone and its length; they are read on their way.
"""

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "py_nanotts"

OK = 0
IDLE, BUSY = 200, 201
"""What `pico_getData` returns when all text is spoken, and when there is more to come."""

MEMORY_BYTES = 2_500_000
MAX_NAME_BYTES = 32

Handle = ctypes.c_void_p
GetItem = ctypes.CFUNCTYPE(
    ctypes.c_int32,
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_uint8),
    ctypes.c_uint16,
    ctypes.POINTER(ctypes.c_uint16),
    ctypes.c_uint8,
)
"""How a unit takes an item from its buffer: buffer, target, most bytes, bytes taken, sound only."""


class Buffer(ctypes.Structure):
    """picodata_char_buffer: what one unit writes and the next one reads."""

    _fields_ = (
        ("bytes", ctypes.c_void_p),
        ("rear", ctypes.c_uint16),
        ("front", ctypes.c_uint16),
        ("length", ctypes.c_uint16),
        ("size", ctypes.c_uint16),
        ("common", ctypes.c_void_p),
        ("get_item", ctypes.c_void_p),
        ("put_item", ctypes.c_void_p),
    )


class Unit(ctypes.Structure):
    """picodata_processing_unit: one step from text to sound."""

    _fields_ = (
        ("initialize", ctypes.c_void_p),
        ("step", ctypes.c_void_p),
        ("terminate", ctypes.c_void_p),
        ("voice", ctypes.c_void_p),
        ("common", ctypes.c_void_p),
        ("incoming", ctypes.POINTER(Buffer)),
        ("outgoing", ctypes.POINTER(Buffer)),
        ("deallocate", ctypes.c_void_p),
        ("content", ctypes.c_void_p),
    )


class Control(ctypes.Structure):
    """ctrl_subobj: the units in order."""

    _fields_ = (
        ("count", ctypes.c_uint8),
        ("current", ctypes.c_uint8),
        ("last_item_type", ctypes.c_uint8),
        ("units", ctypes.POINTER(Unit) * 9),
    )


class EngineContent(ctypes.Structure):
    """picoctrl_engine."""

    _fields_ = (
        ("magic", ctypes.c_uint32),
        ("memory", ctypes.c_void_p),
        ("common", ctypes.c_void_p),
        ("voice", ctypes.c_void_p),
        ("control", ctypes.POINTER(Unit)),
    )


_SIGNATURES = {
    "pico_initialize": (ctypes.c_char_p, ctypes.c_int32, ctypes.POINTER(Handle)),
    "pico_terminate": (ctypes.POINTER(Handle),),
    "pico_loadResource": (Handle, ctypes.c_char_p, ctypes.POINTER(Handle)),
    "pico_getResourceName": (Handle, Handle, ctypes.c_char_p),
    "pico_createVoiceDefinition": (Handle, ctypes.c_char_p),
    "pico_addResourceToVoiceDefinition": (Handle, ctypes.c_char_p, ctypes.c_char_p),
    "pico_unloadResource": (Handle, ctypes.POINTER(Handle)),
    "pico_releaseVoiceDefinition": (Handle, ctypes.c_char_p),
    "pico_newEngine": (Handle, ctypes.c_char_p, ctypes.POINTER(Handle)),
    "pico_disposeEngine": (Handle, ctypes.POINTER(Handle)),
    "pico_putTextUtf8": (Handle, ctypes.c_char_p, ctypes.c_int16, ctypes.POINTER(ctypes.c_int16)),
    "pico_getData": (
        Handle,
        ctypes.c_char_p,
        ctypes.c_int16,
        ctypes.POINTER(ctypes.c_int16),
        ctypes.POINTER(ctypes.c_int16),
    ),
}


@cache
def folder() -> Path:
    """Return the folder of the package."""
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@cache
def library() -> ctypes.CDLL:
    """Load the library."""
    (path,) = folder().glob("_nanotts*.so")
    loaded = ctypes.CDLL(str(path))
    for name, arguments in _SIGNATURES.items():
        function = getattr(loaded, name)
        function.argtypes = arguments
        function.restype = ctypes.c_int32
    loaded.picoctrl_engGetCommon.argtypes = (Handle,)
    loaded.picoctrl_engGetCommon.restype = ctypes.c_void_p
    return loaded


def units(engine: Handle) -> list[Unit]:
    """Return an engine's processing units, from the one that reads text to the one that sounds.

    Raises:
        RuntimeError: the library is built otherwise than the one that the structures are of.
    """
    content = ctypes.cast(engine, ctypes.POINTER(EngineContent)).contents
    if content.common != library().picoctrl_engGetCommon(engine):
        raise _built_otherwise()
    control = ctypes.cast(content.control.contents.content, ctypes.POINTER(Control)).contents
    if control.count != len(control.units):
        raise _built_otherwise()
    return [pointer.contents for pointer in control.units]


def _built_otherwise() -> RuntimeError:
    return RuntimeError(
        "py-nanotts is built otherwise than version 0.1.1; install s2v[languages] again"
    )
