from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Solver(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOLVER_UNSPECIFIED: _ClassVar[Solver]
    SOLVER_UNIPC: _ClassVar[Solver]
    SOLVER_DPM: _ClassVar[Solver]
    SOLVER_EULER: _ClassVar[Solver]

class Between(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BETWEEN_UNSPECIFIED: _ClassVar[Between]
    BETWEEN_REPEAT: _ClassVar[Between]
    BETWEEN_MOTION: _ClassVar[Between]
SOLVER_UNSPECIFIED: Solver
SOLVER_UNIPC: Solver
SOLVER_DPM: Solver
SOLVER_EULER: Solver
BETWEEN_UNSPECIFIED: Between
BETWEEN_REPEAT: Between
BETWEEN_MOTION: Between

class Sampling(_message.Message):
    __slots__ = ("steps", "guidance", "shift", "solver", "first_frame_from_reference", "window_frames", "between")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    SHIFT_FIELD_NUMBER: _ClassVar[int]
    SOLVER_FIELD_NUMBER: _ClassVar[int]
    FIRST_FRAME_FROM_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FRAMES_FIELD_NUMBER: _ClassVar[int]
    BETWEEN_FIELD_NUMBER: _ClassVar[int]
    steps: int
    guidance: float
    shift: float
    solver: Solver
    first_frame_from_reference: bool
    window_frames: int
    between: Between
    def __init__(self, steps: _Optional[int] = ..., guidance: _Optional[float] = ..., shift: _Optional[float] = ..., solver: _Optional[_Union[Solver, str]] = ..., first_frame_from_reference: bool = ..., window_frames: _Optional[int] = ..., between: _Optional[_Union[Between, str]] = ...) -> None: ...
