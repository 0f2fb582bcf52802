"""The budget of restarts."""

from runicornd.sessions.restarts import RestartBudget


def test_a_crash_loop_ends():
    """Each restart waits longer, and then there is none."""
    budget = RestartBudget(delays_s=(0.0, 1.0, 2.0), stable_s=60)
    assert [budget.next_delay(0.5) for _ in range(4)] == [0.0, 1.0, 2.0, None]


def test_a_stable_viewer_fills_the_budget():
    """After a stable time the count starts again."""
    budget = RestartBudget(delays_s=(0.0, 1.0), stable_s=60)
    assert [budget.next_delay(ready) for ready in (0, 0, 60, 0, 0)] == [0.0, 1.0, 0.0, 1.0, None]
