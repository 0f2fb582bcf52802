"""How rows are measured and reported, with cases that measure nothing."""

import contextlib
import json

import pytest

from bench.__main__ import main
from bench.model import CannotMeasure, Case, Plan, Row, TooSlow, difference, ratio, round_trips
from bench.report import as_json, as_markdown
from bench.rows import ROWS
from bench.runner import measure


def row_of(cases, comparisons=(), rounds=3):
    """A row that needs nothing set up."""

    @contextlib.contextmanager
    def plan(folder):
        assert folder.is_dir()
        yield Plan(list(cases), list(comparisons))

    return Row("made-up", "a made-up row", plan, rounds)


def counting(name, log, **options):
    """A case whose value is how often it ran before; it notes down that it ran."""

    def once():
        log.append(name)
        return float(log.count(name) - 1)

    return Case(name, once, **options)


def silent(_line):
    """Nobody waits."""


def test_cases_run_in_turn_and_the_first_round_is_thrown_away():
    """Three rounds and a warm-up, each begun by another case."""
    log = []
    result = measure(row_of([counting("a", log), counting("b", log)]), None, silent)
    assert log == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert [each.values for each in result.measured] == [[1.0, 2.0, 3.0]] * 2
    assert not result.has_failed


def test_a_slow_case_runs_less_often():
    """``at_most`` bounds its rounds, and without a warm-up the first one counts."""
    log = []
    cases = [counting("fast", log), counting("slow", log, at_most=1, is_warmed=False)]
    fast, slow = measure(row_of(cases), 5, silent).measured
    assert len(fast.values) == 5
    assert slow.values == [0.0]


def test_comparisons_pair_the_values_of_one_round():
    """A round in which one of both failed is left out."""
    theirs = iter([10.0, 20.0, CannotMeasure("no"), 40.0])

    def other():
        value = next(theirs)
        if isinstance(value, Exception):
            raise value
        return value

    compared = [
        ratio("r", "ours", "theirs"),
        difference("d", "ours", "theirs"),
        round_trips("t", "ours", "theirs", 0.5),
    ]
    cases = [Case("ours", lambda: [60.0, 60.0, 60.0]), Case("theirs", other)]
    result = measure(row_of(cases, compared), None, silent)
    assert [result.compared(each) for each in compared] == [[3.0, 1.5], [40.0, 20.0], [80.0, 40.0]]
    assert result.measured[1].failures == ["no"]


def test_a_case_that_fails_twice_is_given_up_and_the_others_go_on():
    """Its failures are in the result, the other's values as well."""

    def broken():
        raise ValueError("broken")

    bad, good = measure(row_of([Case("bad", broken), counting("good", [])]), None, silent).measured
    assert len(bad.failures) == 2
    assert "ValueError: broken" in bad.failures[0]
    assert good.values == [1.0, 2.0, 3.0]


def test_a_peer_that_is_too_slow_is_tried_once_and_is_no_failure():
    """That it took so long is what was measured."""
    tries = []

    def slow():
        tries.append(1)
        raise TooSlow("not done after 60 s")

    result = measure(row_of([Case("slow", slow), counting("good", [])]), None, silent)
    assert (tries, result.has_failed) == ([1], False)
    assert result.measured[1].values == [1.0, 2.0, 3.0]
    assert "slow: not done after 60 s" in as_markdown([result], {})


def test_a_row_that_cannot_be_set_up_is_a_result_too():
    """So does a helper of the tests that would skip a test here."""
    for error in (CannotMeasure("no server"), pytest.skip.Exception("no server")):

        @contextlib.contextmanager
        def plan(_folder, error=error):
            raise error
            yield

        result = measure(Row("made-up", "t", plan), None, silent)
        assert result.has_failed
        assert "no server" in result.failure
        assert "no server" in as_markdown([result], {})


def test_both_reports_tell_the_same_numbers():
    """Median and spread in the text, every value in the JSON, for few values and for many."""
    many = [0.001 * number for number in range(1, 301)]
    cases = [Case("few", lambda: 2.0), Case("many", lambda: many, budget="at most 5 s")]
    results = [measure(row_of(cases, [ratio("many / few", "many", "few")], 1), None, silent)]
    text = as_markdown(results, {"machine": {"cores": 2}})
    assert "- cores: 2" in text
    assert "2.00 s" in text
    assert "30.9 ms to 270 ms (p10 to p90)" in text
    assert "297 ms" in text
    assert "at most 5 s" in text
    (row,) = json.loads(json.dumps(as_json(results, {})))["rows"]
    assert row["cases"][1]["rounds"] == [many]
    assert row["comparisons"][0]["median"] == pytest.approx(0.07525)


def test_the_command_lists_its_rows_and_refuses_others(capsys):
    """Each row can be named alone; a misspelt one is an error before anything is measured."""
    assert main(["--list"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == set(ROWS)
    with pytest.raises(SystemExit, match="2"):
        main(["conect"])
    assert "no such row: conect" in capsys.readouterr().err
