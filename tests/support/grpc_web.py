"""Messages as gRPC-Web has them in the bodies of HTTP."""


def framed(message: bytes) -> bytes:
    """Return the body of a request with one message."""
    return bytes([0, *len(message).to_bytes(4, "big"), *message])


def parted(body: bytes) -> tuple[list[bytes], dict[str, str]]:
    """Return the messages of an answer, and its trailers."""
    messages, trailers = [], {}
    while body:
        flags, size = body[0], int.from_bytes(body[1:5], "big")
        part, body = body[5 : 5 + size], body[5 + size :]
        if flags & 0x80:
            lines = [line.split(":", 1) for line in part.decode().split("\r\n") if line]
            trailers = {name.strip(): value.strip() for name, value in lines}
        else:
            messages.append(part)
    return messages, trailers
