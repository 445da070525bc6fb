# ruff: noqa: D102 (the names of the tests are sentences)
"""What every artifact store must do: subclass `StoreContract` and give it a `store` fixture."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from s2v.core.artifact import Artifact
from s2v.core.errors import NotFound, Reason
from s2v.core.ports import ArtifactStore

WORDS = b"the quick brown fox "
ABSENT = Artifact("0" * 64, 1, "audio/wav")


class StoreContract:
    """The suite; a subclass adds a fixture `store` that gives an empty store."""

    def test_bytes_come_back_under_their_digest(self, store: ArtifactStore) -> None:
        artifact = store.put([b"one ", b"", b"two"], "text/plain")

        assert artifact == Artifact(hashlib.sha256(b"one two").hexdigest(), 7, "text/plain")
        assert _read(store, artifact) == b"one two"
        assert store.stat(artifact.sha256) == 7

    def test_a_file_is_copied_and_left_as_it_was(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        source = tmp_path / "source"
        source.write_bytes(WORDS * 200_000)

        artifact = store.put(source, "application/octet-stream")
        source.write_bytes(b"changed later")

        assert artifact.size_bytes == len(WORDS) * 200_000
        assert _read(store, artifact) == WORDS * 200_000

    def test_no_bytes_at_all_are_an_artifact_too(self, store: ArtifactStore) -> None:
        artifact = store.put([], "text/plain")

        assert artifact.size_bytes == 0
        assert store.stat(artifact.sha256) == 0
        assert _read(store, artifact) == b""

    def test_reading_may_begin_anywhere(self, store: ArtifactStore) -> None:
        artifact = store.put([b"0123456789"], "text/plain")

        with store.open(artifact) as file:
            assert file.seekable()
            file.seek(6)
            assert file.read(2) == b"67"
            file.seek(1)
            assert file.read(2) == b"12"

    def test_equal_bytes_are_one_artifact(self, store: ArtifactStore) -> None:
        assert store.put([b"ab", b"c"], "text/plain") == store.put([b"abc"], "text/plain")

    def test_a_local_file_holds_the_bytes(self, store: ArtifactStore) -> None:
        artifact = store.put([WORDS], "text/plain")

        with store.local(artifact) as path:
            assert path.read_bytes() == WORDS
        with store.local(artifact) as path:
            assert path.read_bytes() == WORDS

    def test_a_missing_artifact_is_not_found(self, store: ArtifactStore) -> None:
        assert store.stat(ABSENT.sha256) is None
        with pytest.raises(NotFound) as opening:
            store.open(ABSENT)
        with pytest.raises(NotFound) as local, store.local(ABSENT):
            pass

        assert opening.value.reason == local.value.reason == Reason.ARTIFACT_NOT_FOUND

    @pytest.mark.parametrize("text", ["", "nonsense", "../../etc/passwd", "A" * 64])
    def test_what_is_no_digest_names_nothing(self, store: ArtifactStore, text: str) -> None:
        assert store.stat(text) is None

    def test_a_source_that_breaks_leaves_nothing(self, store: ArtifactStore) -> None:
        def broken() -> Iterator[bytes]:
            yield WORDS
            raise ConnectionError("the sender went away")

        with pytest.raises(ConnectionError):
            store.put(broken(), "text/plain")

        assert store.stat(hashlib.sha256(WORDS).hexdigest()) is None
        assert store.stat(hashlib.sha256(b"").hexdigest()) is None

    def test_an_artifact_is_not_there_until_it_is_whole(self, store: ArtifactStore) -> None:
        sha256 = hashlib.sha256(WORDS * 3).hexdigest()
        seen: list[int | None] = []

        def slow() -> Iterator[bytes]:
            for _ in range(3):
                seen.append(store.stat(sha256))
                yield WORDS

        store.put(slow(), "text/plain")

        assert seen == [None, None, None]
        assert store.stat(sha256) == 3 * len(WORDS)

    def test_a_reader_is_not_disturbed_by_an_equal_put(self, store: ArtifactStore) -> None:
        artifact = store.put([WORDS, WORDS], "text/plain")

        with store.open(artifact) as file:
            beginning = file.read(len(WORDS))
            store.put([WORDS, WORDS], "text/plain")
            assert beginning + file.read() == WORDS + WORDS

    def test_many_may_put_and_read_the_same_bytes_at_once(self, store: ArtifactStore) -> None:
        expected = hashlib.sha256(WORDS * 50_000).hexdigest()

        def put_and_read(_: int) -> bytes:
            artifact = store.put((WORDS * 1_000 for _ in range(50)), "text/plain")
            return hashlib.sha256(_read(store, artifact)).digest()

        with ThreadPoolExecutor(8) as threads:
            digests = set(threads.map(put_and_read, range(24)))

        assert digests == {bytes.fromhex(expected)}


def _read(store: ArtifactStore, artifact: Artifact) -> bytes:
    with store.open(artifact) as file:
        return file.read()
