"""What is written, hashed, judged and placed."""

import hashlib
import os

import pytest

from runicornd.errors import ChecksumMismatch, FileMissing, PlaceUnwritable, SourceChanged
from runicornd.storage.worker.folder import TargetFolder
from runicornd.storage.worker.placing import Placed, Placer
from runicornd.storage.worker.plan import PlannedFile, PlanUnreadable, PlanWriter, read_plan
from runicornd.storage.worker.receiving import Begin, End, Fail, Received, Receiver, Refused, Work
from runicornd.storage.worker.survey import Surveyor, Twin
from runicornd.storage.worker.verified import Verified

LARGE = b"0123456789abcdef" * 100_000


@pytest.fixture
def place(tmp_path):
    with Place(tmp_path) as place:
        yield place


class Place:
    """A folder with everything that works on it."""

    def __init__(self, tmp_path):
        self.root = tmp_path / "to"
        self.root.mkdir()
        self.memory = tmp_path / "memory"

    def __enter__(self):
        self.folder = TargetFolder(self.root)
        self.folder.__enter__()
        self.begin()
        return self

    def __exit__(self, *_):
        self.receiver.pause()
        self.folder.__exit__()

    def begin(self):
        """A new life of the worker."""
        self.verified = Verified(self.memory, self.root)
        self.receiver = Receiver(self.folder, self.verified, os.close)
        self.placer = Placer(self.folder, self.verified)
        self.surveyor = Surveyor(self.folder, self.verified, lambda size: None)

    def look(self, file):
        self.verified.load({file.path})
        return self.surveyor.look(file)

    def fetch(self, file, content, *, mtime_ns=1):
        """Receive and place a file; the outcome."""
        work = self.look(file)
        assert isinstance(work, Work), work
        (outcome,) = self.receiver.take([Begin(work, file.size, mtime_ns), content[work.offset :], End(work)])
        if isinstance(outcome, Received):
            (outcome,) = self.placer.place([outcome])
        return outcome


def planned(path, content, *, has_digest=True):
    digest = hashlib.sha256(content).hexdigest() if has_digest else ""
    return PlannedFile(path, f"files/{path}", len(content), digest)


def test_a_file_comes_to_its_place(place):
    """And is known there the next time."""
    file = planned("a/b", b"content")
    assert isinstance(place.fetch(file, b"content"), Placed)
    assert (place.root / "a/b").read_bytes() == b"content"
    place.begin()
    assert place.look(file) == Placed(file)
    assert sorted(path.name for path in place.root.rglob("*")) == ["a", "b"]


def test_pieces_of_all_sizes_make_one_file(place):
    """Small ones between large ones, and views of what came."""
    sizes = [5, 200_000, 1, 7, 130_000, 300_000, 9]
    content, pieces = os.urandom(sum(sizes)), []
    for number, size in enumerate(sizes):
        start = sum(sizes[:number])
        piece = content[start : start + size]
        pieces.append(piece if number % 2 else memoryview(content)[start : start + size])
    file = planned("a", content)
    work = place.look(file)
    (whole,) = place.receiver.take([Begin(work, file.size, 1), *pieces, End(work)])
    assert isinstance(whole, Received)
    assert (place.root / work.part).read_bytes() == content


def test_wrong_content_does_not_come_to_its_place(place):
    """The file is named, and nothing is left of it."""
    outcome = place.fetch(planned("a", b"content"), b"CONTENT")
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, ChecksumMismatch)
    assert "'a'" in outcome.error.message
    assert not list(place.root.iterdir())


@pytest.mark.parametrize("sent", [b"", b"conten", b"content and more"])
def test_another_size_is_a_changed_source(place, sent):
    """Whether it is too short or too long."""
    outcome = place.fetch(planned("a", b"content"), sent)
    assert isinstance(outcome.error, SourceChanged)
    assert not list(place.root.iterdir())


def test_a_source_of_another_size_is_not_even_begun(place):
    """Its size is known before its content."""
    file = planned("a", b"content")
    work = place.look(file)
    (outcome,) = place.receiver.take([Begin(work, 99, 1), b"x" * 99, End(work)])
    assert isinstance(outcome.error, SourceChanged)


def test_a_failed_file_does_not_harm_the_next(place):
    """Bytes of a file that has failed are thrown away."""
    one, two = (place.look(planned(path, b"content")) for path in ("one", "two"))
    steps = [Begin(one, 99, 1), b"rubbish", Fail(one, FileMissing("gone"))]
    outcomes = place.receiver.take([*steps, Begin(two, 7, 1), b"content", End(two)])
    assert [type(outcome) for outcome in outcomes] == [Refused, Refused, Received]


def test_a_large_file_goes_on_where_it_was(place):
    """After a crash, with the hash of what is there."""
    file = planned("big", LARGE)
    work = place.look(file)
    place.receiver.take([Begin(work, file.size, 1), LARGE[:1_000_000]])
    place.receiver.pause()
    place.begin()
    work = place.look(file)
    assert (work.offset, work.is_resumed) == (1_000_000, True)
    assert isinstance(place.fetch(file, LARGE), Placed)
    assert (place.root / "big").read_bytes() == LARGE


def test_a_damaged_part_gets_another_try(place):
    """What an earlier life left may have suffered: that is not the source's fault."""
    file = planned("big", LARGE)
    work = place.look(file)
    place.receiver.take([Begin(work, file.size, 1), b"X" * 1_000_000])
    place.receiver.pause()
    place.begin()
    outcome = place.fetch(file, LARGE)
    assert outcome.is_retried
    assert isinstance(place.fetch(file, LARGE), Placed)


def test_a_part_of_the_users_is_left_alone(place):
    """A file that happens to be called like our part is not ours."""
    (place.root / "big.part").write_bytes(b"mine")
    assert isinstance(place.fetch(planned("big", LARGE), LARGE), Placed)
    assert (place.root / "big.part").read_bytes() == b"mine"


@pytest.mark.parametrize("has_digest", [True, False])
def test_a_file_of_the_users_is_not_overwritten(place, has_digest):
    """Other content at the place is in the way, whatever its size."""
    (place.root / "a").write_bytes(b"CONTENT")
    finding = place.look(planned("a", b"content", has_digest=has_digest))
    assert isinstance(finding.error, PlaceUnwritable)
    assert (place.root / "a").read_bytes() == b"CONTENT"


def test_the_same_content_is_not_fetched(place):
    """A file that is there already is taken for what it is."""
    (place.root / "a").write_bytes(b"content")
    file = planned("a", b"content")
    assert place.look(file) == Placed(file)


def test_a_link_in_place_of_a_file_is_in_the_way(place, tmp_path):
    """It is neither followed nor replaced."""
    (tmp_path / "outside").write_bytes(b"content")
    (place.root / "a").symlink_to(tmp_path / "outside")
    assert isinstance(place.look(planned("a", b"content")).error, PlaceUnwritable)


def test_a_file_that_appears_meanwhile_is_not_overwritten(place):
    """The last look is just before the rename."""
    file = planned("a", b"content")
    work = place.look(file)
    (whole,) = place.receiver.take([Begin(work, file.size, 1), b"content", End(work)])
    (place.root / "a").write_bytes(b"mine")
    (outcome,) = place.placer.place([whole])
    assert isinstance(outcome.error, PlaceUnwritable)
    assert (place.root / "a").read_bytes() == b"mine"


def test_a_file_of_ours_is_replaced_by_a_newer_one(place):
    """The version was made anew at the source: what we placed gives way."""
    place.fetch(planned("a", b"old"), b"old")
    place.begin()
    assert isinstance(place.fetch(planned("a", b"newer"), b"newer"), Placed)
    assert (place.root / "a").read_bytes() == b"newer"


def test_a_file_of_ours_that_the_user_has_changed_is_the_users(place):
    """From then on it is not ours to replace."""
    place.fetch(planned("a", b"old"), b"old")
    (place.root / "a").write_bytes(b"edited")
    place.begin()
    assert isinstance(place.look(planned("a", b"newer")).error, PlaceUnwritable)


def test_the_second_of_the_same_content_is_a_copy(place):
    """It is made from the first, once that is in its place."""
    content = b"x" * 5000
    first, second = planned("first", content), planned("sub/second", content)
    place.fetch(first, content)
    twin = place.look(second)
    assert twin == Twin(second, "first")
    assert isinstance(place.placer.copy(second, "first"), Placed)
    assert (place.root / "sub/second").read_bytes() == content


def test_a_memory_that_is_damaged_costs_time_only(place):
    """Lines that make no sense are skipped."""
    file = planned("a", b"content")
    place.fetch(file, b"content")
    with place.memory.open("ab") as memory:
        memory.write(b'\xff\n["a",\n{}\n["half')
    place.begin()
    assert place.look(file) == Placed(file)


def test_what_is_only_there_in_part_can_be_removed(place):
    """Parts of ours go, all else stays."""
    file = planned("big", LARGE)
    work = place.look(file)
    place.receiver.take([Begin(work, file.size, 1), LARGE[:1_000_000]])
    place.receiver.pause()
    (place.root / "other.part").write_bytes(b"mine")
    place.surveyor.discard(file)
    place.surveyor.discard(planned("other", b"x"))
    assert [path.name for path in place.root.iterdir()] == ["other.part"]


def test_a_plan_comes_back_as_it_was_written(tmp_path):
    """With its sums; and it is there in full or not at all."""
    files = [planned(f"f{number}", b"x" * number) for number in range(10)]
    with PlanWriter(tmp_path / "plan") as plan:
        plan.add(files)
        assert not (tmp_path / "plan").exists()
        plan.commit()
    header, found = read_plan(tmp_path / "plan")
    assert (header.files, header.bytes, list(found)) == (10, 45, files)
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_damaged_plan_is_said_to_be(tmp_path):
    """It is not taken for a shorter one."""
    (tmp_path / "plan").write_bytes(b'{"version":1,"files":1,"bytes":1}\n["a"\n')
    _, files = read_plan(tmp_path / "plan")
    with pytest.raises(PlanUnreadable):
        list(files)
