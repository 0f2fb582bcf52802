"""The command line: ``python -m bench [ROW…]``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.machine import machine, versions
from bench.programs import prepare
from bench.programs import versions as program_versions
from bench.report import as_json, as_markdown, pictures, row_lines
from bench.rows import ROWS
from bench.runner import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.model import Result

REPORT_DIR = Path(__file__).parent.parent / "build" / "bench"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and report; return 0, or 1 when something could not be measured."""
    options = _options(argv)
    if options.list:
        for row in ROWS.values():
            print(f"{row.name:13} {row.title}")
        return 0
    names = options.rows or list(ROWS)
    programs = [program for name in names for program in ROWS[name].programs]
    if options.install:
        prepare(programs, _say)
    about = {
        "measured": time.strftime("%Y-%m-%d %H:%M:%S %Z"),
        "command": " ".join(["python -m bench", *sys.argv[1:]]),
        "machine": machine(),
        "versions": versions() | program_versions(programs),
    }
    results: list[Result] = []
    for name in names:
        result = measure(ROWS[name], options.rounds, _say)
        results.append(result)
        # After each row, so that a run that is cut short has its report as well.
        _write(options.output, results, about)
    print(f"\nwritten to {options.output}/report.md and report.json", file=sys.stderr)
    return 1 if any(result.has_failed for result in results) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures runicornd beside its peers. It measures; it does not judge.",
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to measure; all by itself")
    parser.add_argument("--list", action="store_true", help="list the rows and end")
    parser.add_argument("--rounds", type=int, metavar="N", help="measured rounds of each case")
    parser.add_argument(
        "--no-install",
        dest="install",
        action="store_false",
        help="do not install missing peers, which root of a Debian does otherwise",
    )
    parser.add_argument("--output", type=Path, default=REPORT_DIR, metavar="DIR", help="where reports go")
    return parser


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(argv)
    if unknown := [name for name in options.rows if name not in ROWS]:
        parser.error(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds is 1 or more")
    return options


def _write(folder: Path, results: Sequence[Result], about: dict[str, object]) -> None:
    print("\n" + "\n".join(row_lines(results[-1])) + "\n", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(as_json(results, about), indent=1), encoding="utf-8")
    (folder / "report.md").write_text(as_markdown(results, about), encoding="utf-8")
    for name, picture in pictures(results).items():
        (folder / name).write_text(picture, encoding="utf-8")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # Leaves by the exits of all blocks, so that nothing goes on running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
