"""Messages of any kind, made up by hypothesis."""

import string
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from methods import Method

_DEPTH = 4
_LONG = 100_001
_ODD = (
    "\0",
    "\ufeff",
    "\u202e",
    "e\u0301" * 40,
    "😀" * 300,
    "%s%00../../",
    "' OR 1=1 --",
    "ﷺ" * 99,
)
_NUMBERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}


def requests_of(
    method: Method, names: Sequence[str], good: Sequence[Message]
) -> st.SearchStrategy[list[bytes]]:
    """Make up what a call sends: anything, or what would do with a few things changed in it.

    Some texts in it are one of `names`; `good` is what would do.
    """
    made = _messages(method.request, names, _DEPTH, 1).map(_spelt)
    most = 3 if method.takes_stream else 1
    anything = st.lists(made | st.binary(max_size=60), max_size=most)
    change = _messages(method.request, names, _DEPTH, 7)
    nearly = st.tuples(*(change.map(partial(_changed, message)) for message in good)).map(list)
    return anything | nearly if good else anything | st.lists(made, min_size=1, max_size=most)


def _changed(message: Message, change: Message) -> bytes:
    changed = type(message)()
    changed.CopyFrom(message)
    changed.MergeFrom(change)
    return _spelt(changed)


def _spelt(message: Message) -> bytes:
    data: bytes = message.SerializeToString()
    return data


@st.composite
def _messages(
    draw: st.DrawFn, kind: Descriptor, names: Sequence[str], depth: int, rarity: int
) -> Message:
    make: Callable[..., Message] = GetMessageClass(kind)
    chosen = {
        oneof.name: draw(st.sampled_from([f.name for f in oneof.fields])) for oneof in kind.oneofs
    }
    given = {
        field.name: draw(_values(field, names, depth, rarity))
        for field in kind.fields
        if chosen.get(getattr(field.containing_oneof, "name", ""), field.name) == field.name
        and (depth or field.type != FieldDescriptor.TYPE_MESSAGE)
        and draw(st.integers(0, rarity)) == 0
    }
    return make(**given)


def _values(
    field: FieldDescriptor, names: Sequence[str], depth: int, rarity: int
) -> st.SearchStrategy[Any]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        pairs = (_one(part, names, depth, rarity) for part in (key, value))
        return st.dictionaries(*pairs, max_size=3)
    one = _one(field, names, depth, rarity)
    return st.lists(one, max_size=3) if field.is_repeated else one


def _one(
    field: FieldDescriptor, names: Sequence[str], depth: int, rarity: int
) -> st.SearchStrategy[Any]:
    match field.type:
        case FieldDescriptor.TYPE_MESSAGE:
            return _messages(field.message_type, names, depth - 1, rarity)
        case FieldDescriptor.TYPE_STRING:
            return _texts(names)
        case FieldDescriptor.TYPE_BYTES:
            return st.just(b"") | st.binary(max_size=100)
        case FieldDescriptor.TYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.TYPE_DOUBLE | FieldDescriptor.TYPE_FLOAT:
            return st.floats()
        case FieldDescriptor.TYPE_ENUM:
            known = [value.number for value in field.enum_type.values]
            return st.sampled_from([*known, -1, 2**31 - 1, -(2**31)])
        case kind:
            least, most = _NUMBERS[kind]
            return (
                st.sampled_from([0, 25, 1, 384, least, most])
                | st.sampled_from([0, 25])
                | st.integers(least, most)
            )


def _texts(names: Sequence[str]) -> st.SearchStrategy[str]:
    return (
        st.sampled_from(names)
        | st.sampled_from(_ODD)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
        | st.text(string.ascii_letters + " .,", max_size=200)
        | st.sampled_from(["a", "no "]).map(lambda piece: piece * _LONG)
    )
