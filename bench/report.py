"""The report: Markdown for people, JSON for programs, made of the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.model import SECONDS
from bench.plot import svg
from bench.stats import median, spread, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bench.model import Comparison, Measured, Result
    from bench.plot import Plot

FORMAT_VERSION = 1


def as_json(results: Sequence[Result], about: Mapping[str, object]) -> dict[str, object]:
    """Everything that was measured, every single value included."""
    return {"version": FORMAT_VERSION, **about, "rows": [_row_json(result) for result in results]}


def as_markdown(results: Sequence[Result], about: Mapping[str, object]) -> str:
    """The tables, and what they were measured on."""
    lines = ["# Benchmark", ""]
    for name, value in about.items():
        items = value.items() if isinstance(value, dict) else ((name, value),)
        lines += [f"- {key}: {shown}" for key, shown in items]
    for result in results:
        lines += ["", *row_lines(result)]
    return "\n".join(lines) + "\n"


def row_lines(result: Result) -> Iterator[str]:
    """One row as Markdown."""
    yield f"## {result.row.name}: {result.row.title}"
    yield ""
    if result.failure:
        yield f"Not measured: {result.failure}"
    if result.measured:
        yield from _table(
            ("what", "n", "median", "spread", "p95", "p99", "asked for"), map(_case_cells, result.measured)
        )
    if result.comparisons:
        yield ""
        cells = [_comparison_cells(result, comparison) for comparison in result.comparisons]
        yield from _table(("compared, round by round", "n", "median", "spread", "asked for"), cells)
    for plot in result.plots:
        yield from ("", f"![{plot.title}]({plot.name}.svg)", "")
        yield from _table((plot.x, *plot.series), _points(plot))
    remarks = [
        *result.notes,
        *(f"{each.case.name}: {each.given_up}" for each in result.measured if each.given_up),
        *(f"{each.case.name}: {why}" for each in result.measured for why in each.failures),
        f"The row took {result.took_s:.0f} s.",
    ]
    if remarks:
        yield ""
        yield from (f"- {remark}" for remark in remarks)


def pictures(results: Iterable[Result]) -> dict[str, str]:
    """The plots as SVG, by the names of their files."""
    return {f"{plot.name}.svg": svg(plot) for result in results for plot in result.plots}


def _points(plot: Plot) -> Iterator[tuple[str, ...]]:
    places = sorted({x for points in plot.series.values() for x, _ in points})
    curves = [dict(points) for points in plot.series.values()]
    for x in places:
        yield (f"{x:g}", *(f"{curve[x]:.3g}" if x in curve else "" for curve in curves))


def _table(head: Sequence[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The cells, padded so that the text is readable as it is."""
    table = [tuple(head), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for number, row in enumerate(table):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _case_cells(measured: Measured) -> tuple[str, ...]:
    case, values = measured.case, measured.values
    numbers = summary(values)
    tails = (_shown(numbers[name], case.unit) if name in numbers else "" for name in ("p95", "p99"))
    return (case.name, *_numbers(values, case.unit), *tails, case.budget)


def _comparison_cells(result: Result, comparison: Comparison) -> tuple[str, ...]:
    values = result.compared(comparison)
    return (comparison.name, *_numbers(values, comparison.unit), comparison.budget)


def _numbers(values: Sequence[float], unit: str) -> tuple[str, str, str]:
    if not values:
        return ("0", "—", "")
    name, low, high = spread(values)
    return (
        str(len(values)),
        _shown(median(values), unit),
        f"{_shown(low, unit)} to {_shown(high, unit)} ({name})" if len(values) > 1 else "",
    )


def _shown(value: float, unit: str) -> str:
    if unit != SECONDS:
        return f"{value:.2f} {unit}"
    return f"{value:.2f} s" if abs(value) >= 1 else f"{value * 1000:.3g} ms"


def _row_json(result: Result) -> dict[str, object]:
    return {
        "name": result.row.name,
        "title": result.row.title,
        "failure": result.failure,
        "notes": result.notes,
        "took_s": round(result.took_s, 1),
        "plots": [{"name": plot.name, "title": plot.title, "series": plot.series} for plot in result.plots],
        "cases": [
            {
                "name": each.case.name,
                "unit": each.case.unit,
                "asked_for": each.case.budget,
                **summary(each.values),
                "rounds": each.rounds,
                "failures": each.failures,
                "given_up": each.given_up,
            }
            for each in result.measured
        ],
        "comparisons": [
            {
                "name": comparison.name,
                "ours": comparison.ours,
                "other": comparison.other,
                "unit": comparison.unit,
                "asked_for": comparison.budget,
                **summary(result.compared(comparison)),
            }
            for comparison in result.comparisons
        ],
    }
