from itertools import islice
from random import Random

from runicornd._lib.backoff import delays


def test_each_delay_stays_within_its_doubling_range_and_the_cap():
    """Delays lie in the upper half of a range that doubles up to the cap."""
    drawn = list(islice(delays(Random(7), first_s=1, cap_s=10), 8))
    for delay, ceiling in zip(drawn, [1, 2, 4, 8, 10, 10, 10, 10], strict=True):
        assert ceiling / 2 <= delay <= ceiling


def test_two_generators_do_not_go_in_step():
    """Different seeds give different delays."""
    assert list(islice(delays(Random(1)), 5)) != list(islice(delays(Random(2)), 5))


def test_the_same_seed_gives_the_same_delays():
    """The injected random source is the only source of chance."""
    assert list(islice(delays(Random(1)), 5)) == list(islice(delays(Random(1)), 5))


def test_a_first_delay_above_the_cap_is_cut():
    """The cap holds from the first delay on."""
    assert next(delays(Random(1), first_s=100, cap_s=2)) <= 2


def test_it_never_ends():
    """A link that is away for days still gets its next delay."""
    *_, last = islice(delays(Random(1), cap_s=30), 5000)
    assert 15 <= last <= 30
