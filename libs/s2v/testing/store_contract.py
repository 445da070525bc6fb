# ruff: noqa: D102 (the names of the tests are sentences)
"""What every artifact store must do: subclass `StoreContract` and give it a `store` fixture.

A store whose artifacts can go keeps `RemovalContract`, too.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Protocol

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


class RemovingStore(ArtifactStore, Protocol):
    """A store whose artifacts can go; `s2v.store.artifacts.FsspecStore` is one."""

    def remove(self, sha256: str, *, unless: Callable[[], bool]) -> bool:
        """Remove an artifact unless it is needed; tell whether it went."""

    def confirm(self, sha256: str) -> bool:
        """Tell whether an artifact is there and, if its need is recorded, stays."""

    def sweep(self, needed: Callable[[set[str]], set[str]], *, older_than_seconds: float) -> int:
        """Remove old artifacts that nobody needs; return how many files went."""


class RemovalContract:
    """The suite; a subclass adds a fixture `store` that gives an empty store."""

    def test_what_nobody_needs_goes_and_nothing_else(self, store: RemovingStore) -> None:
        kept, gone = store.put([b"kept"], "text/plain"), store.put([b"gone"], "text/plain")

        assert store.remove(gone.sha256, unless=_never)

        assert store.stat(gone.sha256) is None
        assert _read(store, kept) == b"kept"

    def test_what_is_not_there_needs_no_removing(self, store: RemovingStore) -> None:
        assert not store.remove(ABSENT.sha256, unless=_never)
        store.put([WORDS], "text/plain")
        assert not store.remove(ABSENT.sha256, unless=_never)

    @pytest.mark.parametrize("text", ["", "nonsense", "../nonsense", "A" * 64])
    def test_what_is_no_digest_is_never_removed(self, store: RemovingStore, text: str) -> None:
        assert not store.remove(text, unless=_never)

    def test_what_is_needed_stays_and_can_be_read_all_the_time(self, store: RemovingStore) -> None:
        artifact = store.put([WORDS], "text/plain")
        seen = []

        def needed() -> bool:
            seen.append(store.stat(artifact.sha256))
            return True

        assert not store.remove(artifact.sha256, unless=needed)

        assert seen == [len(WORDS)]
        assert _read(store, artifact) == WORDS

    def test_whoever_finds_what_it_has_recorded_as_needed_has_it_for_good(
        self, store: RemovingStore
    ) -> None:
        needs: set[str] = set()
        artifact = store.put([WORDS], "text/plain")

        def use() -> None:
            needs.add(artifact.sha256)
            while not store.confirm(artifact.sha256):
                store.put([WORDS], "text/plain")

        def drop() -> None:
            store.remove(artifact.sha256, unless=lambda: artifact.sha256 in needs)

        for _ in range(20):
            needs.clear()
            with ThreadPoolExecutor(2) as threads:
                for done in [threads.submit(drop), threads.submit(use)]:
                    done.result()
            assert _read(store, artifact) == WORDS

    def test_sweeping_removes_what_is_old_and_not_needed(self, store: RemovingStore) -> None:
        kept = store.put([b"kept"], "text/plain")
        gone = store.put([b"gone"], "text/plain")

        assert store.sweep(_nothing, older_than_seconds=3600) == 0
        assert store.sweep(lambda _: {kept.sha256}, older_than_seconds=-1) == 1

        assert store.stat(gone.sha256) is None
        assert store.stat(kept.sha256) == 4

    def test_sweeping_asks_for_every_artifact_in_batches(self, store: RemovingStore) -> None:
        digests = {store.put([b"%d" % number], "text/plain").sha256 for number in range(40)}
        asked: list[set[str]] = []

        def needed(batch: set[str]) -> set[str]:
            asked.append(batch)
            return batch

        assert store.sweep(needed, older_than_seconds=-1) == 0

        assert _all(asked) == digests
        assert max(map(len, asked)) < len(digests)
        assert all(store.stat(sha256) is not None for sha256 in digests)

    def test_an_empty_store_can_be_swept(self, store: RemovingStore) -> None:
        assert store.sweep(_nothing, older_than_seconds=-1) == 0


class TwoStepsContract:
    """The suite for stores that nothing can lock; a subclass adds the fixture `store`."""

    def test_a_need_that_is_recorded_while_the_name_is_taken_away_gives_it_back(
        self, store: RemovingStore
    ) -> None:
        artifact = store.put([WORDS], "text/plain")
        sizes = []

        def needed() -> bool:
            sizes.append(store.stat(artifact.sha256))
            return len(sizes) > 1  # somebody records it after the first look

        assert not store.remove(artifact.sha256, unless=needed)

        assert sizes == [len(WORDS), None]
        assert store.stat(artifact.sha256) == len(WORDS)
        assert _read(store, artifact) == WORDS

    def test_bytes_that_are_put_again_while_the_name_is_taken_away_stay(
        self, store: RemovingStore
    ) -> None:
        artifact = store.put([WORDS], "text/plain")
        for needed_in_the_end in (True, False):
            looks = _looks(store, needed_in_the_end)
            store.remove(artifact.sha256, unless=partial(next, looks))

            assert store.stat(artifact.sha256) == len(WORDS)
            assert _read(store, artifact) == WORDS

    def test_a_process_that_dies_in_between_loses_nothing(self, store: RemovingStore) -> None:
        artifact = store.put([WORDS], "text/plain")
        looks = iter([False])

        def dies() -> bool:
            for needed in looks:
                return needed
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store.remove(artifact.sha256, unless=dies)
        assert store.stat(artifact.sha256) is None

        assert store.sweep(lambda digests: digests, older_than_seconds=-1) == 0
        assert _read(store, artifact) == WORDS


def _never() -> bool:
    return False


def _nothing(_: set[str]) -> set[str]:
    return set()


def _all(batches: Iterable[set[str]]) -> set[str]:
    return set().union(*batches)


def _looks(store: ArtifactStore, needed_in_the_end: bool) -> Iterator[bool]:
    yield False
    store.put([WORDS], "text/plain")
    yield needed_in_the_end


def _read(store: ArtifactStore, artifact: Artifact) -> bytes:
    with store.open(artifact) as file:
        return file.read()
