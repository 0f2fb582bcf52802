"""Run folders of all releases: ``meta.json`` and the files beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runicornd.storage.layouts.assets_file import ASSETS, RecordedBy, read_assets
from runicornd.storage.layouts.content import (
    Problems,
    Unreadable,
    bounded,
    clean,
    decode,
    moment,
    whole,
    word,
)
from runicornd.storage.layouts.entries import LeftOut
from runicornd.storage.model import Run
from runicornd.storage.names import VERSION_LIMIT, why_not_part, wire_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runicornd.storage.layouts.assets import AssetUse
    from runicornd.storage.layouts.content import Content

META, STATUS, SUMMARY = "meta.json", "status.json", "summary.json"
MADE, USED = "artifacts_created.json", "artifacts_used.json"
PATH_LENGTH = 500
VERSIONS_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class RunReading:
    """A run, and what its ``assets.json`` lists (of that, ``made`` and ``used`` know `number_assets`)."""

    run: Run
    assets: tuple[AssetUse, ...] = ()


def read_run(folder: str, files: Mapping[str, Content]) -> RunReading:
    """Read a run. Never raises for what the files hold.

    Args:
        folder: The run's folder, relative to the root; its last part is the run's id.
        files: Content by name: ``meta.json``, ``status.json``, ….
    """
    problems = Problems()
    run_id = folder.rpartition("/")[2]
    meta = _object(files, META, problems, is_needed=True)
    status = _object(files, STATUS, problems)
    said = meta.get("id", run_id)
    if meta and (not isinstance(said, str) or wire_name(said) != run_id):
        problems.add(f"{META} names another run")
    created = moment(meta.get("created_at")) or moment(status.get("started_at"))
    assets = read_assets(files.get(ASSETS), RecordedBy(run_id, folder, created or 0.0), problems)
    run = Run(
        id=run_id,
        path=_path(folder, meta),
        folder=folder,
        status=word(status.get("status")) or "",
        created=created,
        ended=moment(status.get("ended_at")),
        alias=clean(meta.get("alias"), PATH_LENGTH) or "",
        meta=bounded(meta),
        summary=bounded(_object(files, SUMMARY, problems)),
        made=_versions(files, MADE, problems),
        used=_versions(files, USED, problems),
        problem=problems.text,
    )
    return RunReading(run, assets)


def _object(
    files: Mapping[str, Content], name: str, problems: Problems, *, is_needed: bool = False
) -> dict[str, Any]:
    content = files.get(name)
    if content is None and not is_needed:
        return {}
    try:
        return decode(content, dict[str, Any])
    except Unreadable as error:
        problems.add(f"{name} {error}")
        return {}


def _path(folder: str, meta: Mapping[str, Any]) -> str:
    """The path of 0.7, the project and name of 0.4 and 0.5, or else what the folder says."""
    path = meta.get("path")
    if path == "" or (path := word(path, PATH_LENGTH)):
        return path
    project, name = word(meta.get("project")), word(meta.get("name"))
    if project:
        return f"{project}/{name}" if name else project
    return "/".join(part for part in folder.split("/")[:-1] if part != "runs")


def _versions(files: Mapping[str, Content], file: str, problems: Problems) -> tuple[str, ...]:
    listed = _object(files, file, problems).get("artifacts", [])
    left_out = LeftOut(file)
    if not isinstance(listed, list):
        left_out.note(None, "the artifacts are no list")
        listed = []
    found = dict.fromkeys(_named(listed[:VERSIONS_LIMIT], left_out))
    if len(listed) > VERSIONS_LIMIT:
        left_out.note(None, f"only the first {VERSIONS_LIMIT:,} are read")
    left_out.tell(problems)
    return tuple(found)


def _named(listed: list[Any], left_out: LeftOut) -> Iterable[str]:
    for item in listed:
        fields = item if isinstance(item, dict) else {}
        name, kind = _part(fields.get("name")), _part(fields.get("type"))
        number = whole(fields.get("version"))
        if name is None or not number or number > VERSION_LIMIT:
            left_out.note(fields.get("name"), "it names no version")
            continue
        yield f"{kind}/{name}:v{number}" if kind else f"{name}:v{number}"


def _part(value: object) -> str | None:
    name = wire_name(value) if isinstance(value, str) else ""
    return None if why_not_part(name) or ":" in name else name
