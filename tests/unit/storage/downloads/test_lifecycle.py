"""The life of a download."""

import pytest

from runicornd.errors import LocalDiskFull
from runicornd.storage.downloads.lifecycle import (
    Cancelled,
    Finished,
    GaveUp,
    Held,
    IllegalChangeError,
    Moved,
    Queued,
    transition,
)
from runicornd.storage.downloads.model import DownloadPhase, DownloadState, Totals

SOME = Totals(files_done=1, files_total=2, bytes_done=400, bytes_total=1000)


def state(phase, **fields):
    return DownloadState(phase=phase, since=5.0, totals=SOME, **fields)


def test_progress_tells_how_long_the_rest_takes():
    """The time left is what is missing at the rate of the moment."""
    after = transition(state(DownloadPhase.WAITING), Moved(SOME, rate=100.0), 9.0)
    assert (after.phase, after.left_s, after.since) == (DownloadPhase.RUNNING, 6.0, 9.0)


def test_no_time_is_left_without_a_rate():
    """Nothing is divided by zero."""
    assert transition(state(DownloadPhase.RUNNING), Moved(SOME), 9.0).left_s is None


def test_since_stays_while_the_phase_does():
    """``since`` says how long it has been running, not when the last byte came."""
    assert transition(state(DownloadPhase.RUNNING), Moved(SOME, rate=1.0), 9.0).since == 5.0


def test_a_cut_keeps_the_counts_and_drops_the_rate():
    """What waits for the link does not move, and has not lost what it had."""
    after = transition(state(DownloadPhase.RUNNING, rate=7.0), Held("no way", "p1"), 9.0)
    assert (after.phase, after.totals, after.rate) == (DownloadPhase.WAITING, SOME, 0.0)
    assert (after.detail, after.prompt_id) == ("no way", "p1")


def test_a_failure_says_why_and_a_new_try_forgets_it():
    """The error of the last try is gone once it is queued again."""
    error = LocalDiskFull("full")
    failed = transition(state(DownloadPhase.RUNNING), GaveUp(error), 9.0)
    assert (failed.phase, failed.error) == (DownloadPhase.FAILED, error)
    assert transition(failed, Queued(), 10.0).error is None


@pytest.mark.parametrize("change", [Moved(SOME), Finished(SOME), Held("x"), GaveUp(LocalDiskFull("x"))])
@pytest.mark.parametrize("phase", [DownloadPhase.DONE, DownloadPhase.FAILED, DownloadPhase.CANCELLED])
def test_what_is_over_is_not_moved(phase, change):
    """A report that comes too late is a mistake of the caller."""
    with pytest.raises(IllegalChangeError):
        transition(state(phase), change, 9.0)


def test_what_is_done_cannot_be_cancelled():
    """Only what is under way, or has failed, can be."""
    with pytest.raises(IllegalChangeError):
        transition(state(DownloadPhase.DONE), Cancelled(), 9.0)
    assert transition(state(DownloadPhase.FAILED), Cancelled(), 9.0).phase is DownloadPhase.CANCELLED
