"""Artifacts and runs in words."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING

from runicornctl.quantities import ago, counted, moment, size
from runicornctl.render import Paint, Table, block, clean
from runicornctl.store_text import labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runicornd.protocol.models import (
        Artifact,
        ArtifactFile,
        ArtifactSummary,
        Reference,
        Run,
        RunSummary,
        VersionSummary,
    )

SHOWN_FILES = 20
_SHOWN_NAMES = 5
_DIGEST = 12
_VALUE = 200
_SHOWN_VALUES = 50


def artifacts_table(artifacts: Iterable[ArtifactSummary]) -> list[str]:
    """Return the lines of a list of artifacts; ``!`` marks what could not be read whole."""
    paint = Paint(sys.stdout)
    table = Table(["", "TYPE", "NAME", "LATEST", "VERSIONS", "SIZE", "FILES", "UPDATED", "ALIASES", "TAGS"])
    for one in artifacts:
        style = "dim" if one.is_deleted else ""
        table.add(
            ("!", "red") if one.problem else "",
            (one.type, style),
            (one.name, style),
            ("deleted", "red") if one.is_deleted else f"v{one.version}",
            f"{one.versions:,}",
            size(one.size_bytes),
            f"{one.files:,}",
            ago(one.updated),
            ", ".join(one.aliases) or "-",
            ", ".join(one.tags) or "-",
        )
    lines = list(table.lines())
    problems = [one for one in artifacts if one.problem]
    return lines + [
        f"{paint('red', '!')} {clean(one.type)}/{clean(one.name)}: {block(one.problem or '', '  ')}"
        for one in problems
    ]


def artifact_lines(shown: Artifact) -> list[str]:
    """Return everything about one version."""
    paint = Paint(sys.stdout)
    named = f" ({', '.join(map(clean, shown.aliases))})" if shown.aliases else ""
    lines = [f"{paint('bold', f'{clean(shown.type)}/{clean(shown.name)}:v{shown.version}')}{named}"]
    if shown.is_deleted:
        lines.append(f"{paint('red', 'deleted')} {moment(shown.deleted)}; restore it with: {_restore(shown)}")
    if shown.description:
        lines.append(block(shown.description))
    if shown.problem:
        lines.append(f"{paint('red', 'unreadable:')} {block(shown.problem, '  ')}")
    lines += ["", *_facts(shown)]
    if shown.metadata:
        lines += ["", "METADATA", *_values(shown.metadata)]
    if shown.files:
        lines += ["", *_files(shown.files, shown.files_total)]
    if shown.references:
        lines += ["", *_references(shown.references)]
    return [*lines, "", *_history(shown.versions, shown.version)]


def runs_table(runs: Iterable[RunSummary]) -> list[str]:
    """Return the lines of a list of runs."""
    table = Table(["", "RUN", "PATH", "STATUS", "CREATED", "MADE", "USED", "ALIAS"])
    for one in runs:
        mark = ("!", "red") if one.problem else ""
        made, used = f"{one.made:,}", f"{one.used:,}"
        table.add(mark, one.id, one.path, one.status or "-", ago(one.created), made, used, one.alias or "-")
    return list(table.lines())


def run_lines(run: Run) -> list[str]:
    """Return everything about one run."""
    paint = Paint(sys.stdout)
    lines = [f"{paint('bold', clean(run.path or run.id))}"]
    if run.problem:
        lines.append(f"{paint('red', 'unreadable:')} {block(run.problem, '  ')}")
    rows = [
        ("run", run.id),
        ("store", run.store),
        ("status", run.status or "-"),
        ("created", moment(run.created)),
        ("ended", moment(run.ended)),
        ("made", _some(run.made)),
        ("used", _some(run.used)),
    ]
    lines += ["", *(labelled(label, text) for label, text in rows)]
    if run.summary:
        lines += ["", "SUMMARY", *_values(run.summary)]
    if run.meta:
        lines += ["", "META", *_values(run.meta)]
    return lines


def _facts(shown: Artifact) -> list[str]:
    by = f" by {shown.user}" if shown.user else ""
    rows = [
        ("store", shown.store if shown.store == shown.where else f"{shown.store} (on {shown.where})"),
        ("status", shown.status or "-"),
        ("created", f"{moment(shown.created)}{by}"),
        ("size", f"{size(shown.size_bytes)} in {counted(shown.files_total, 'file')}"),
        ("tags", ", ".join(shown.tags) or "-"),
        ("made by", shown.made_by or "-"),
        ("used by", _some(shown.used_by)),
        ("path", shown.path or "-"),
        ("here", shown.downloaded_to or "not downloaded"),
    ]
    return [labelled(label, text) for label, text in rows]


def _values(values: Mapping[str, object]) -> list[str]:
    """What the user logged, one value a line; long ones are cut, ``--json`` has them whole."""
    lines = []
    for name, value in list(values.items())[:_SHOWN_VALUES]:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        text = text if len(text) <= _VALUE else f"{text[:_VALUE]}…"
        lines.append(labelled(name, text) if len(name) < 11 else f"  {clean(name)}  {clean(text)}")
    left = len(values) - _SHOWN_VALUES
    return [*lines, f"  … and {left:,} more; --json has all"] if left > 0 else lines


def _files(files: list[ArtifactFile], total: int) -> list[str]:
    table = Table(["FILE", "SIZE", "SHA-256", "HERE"])
    yes = Paint(sys.stdout).symbol("✓", "+")
    for file in files[:SHOWN_FILES]:
        digest = file.digest.removeprefix("sha256:")[:_DIGEST] or "-"
        table.add(file.path, size(file.size), digest, yes if file.is_local else "")
    left = total - min(len(files), SHOWN_FILES)
    more = [f"… and {counted(left, 'more file')}; all of them: --files"] if left > 0 else []
    return [*table.lines(), *more]


def files_table(files: Iterable[ArtifactFile]) -> list[str]:
    """Return the lines of a list of files, with whole digests."""
    table = Table(["FILE", "SIZE", "SHA-256"])
    for file in files:
        count = "unknown" if file.size < 0 else f"{file.size}"
        table.add(file.path, count, file.digest.removeprefix("sha256:") or "-")
    return list(table.lines())


def _references(references: list[Reference]) -> list[str]:
    table = Table(["REFERENCE (not followed)", "SIZE", "CHECKSUM"])
    for one in references[:SHOWN_FILES]:
        table.add(one.uri, "-" if one.size is None else size(one.size), one.checksum or "-")
    left = len(references) - SHOWN_FILES
    return [*table.lines(), *([f"… and {left:,} more"] if left > 0 else [])]


def _history(versions: list[VersionSummary], current: int) -> list[str]:
    table = Table(["", "VERSION", "STATE", "CREATED", "SIZE", "FILES", "ALIASES", "HERE", "RUN"])
    arrow, yes = Paint(sys.stdout).symbol("→", ">"), Paint(sys.stdout).symbol("✓", "+")
    for one in versions:
        state = ("deleted", "red") if one.is_deleted else ("unreadable", "red") if one.problem else one.status
        table.add(
            arrow if one.version == current else "",
            f"v{one.version}",
            state,
            moment(one.created).partition(" (")[0],
            size(one.size_bytes),
            f"{one.files:,}",
            ", ".join(one.aliases) or "-",
            yes if one.is_downloaded else "",
            one.run or "-",
        )
    return list(table.lines())


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN_NAMES]) or "-"
    left = len(names) - _SHOWN_NAMES
    return f"{shown} and {left:,} more" if left > 0 else shown


def _restore(shown: Artifact) -> str:
    return (
        f"runicornctl artifacts restore {clean(shlex.quote(f'{shown.type}/{shown.name}:v{shown.version}'))}"
    )
