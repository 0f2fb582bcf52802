"""The layout of Runicorn 0.4 and 0.5: ``artifacts/TYPE/NAME/{versions.json, vN/…}``.

The folder says which version it is; ``metadata.json`` says the rest, and ``versions.json`` which aliases
there are and what ``metadata.json`` cannot say. What disagrees or is missing is named in ``problem``.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from runicornd.storage.layouts.clean_manifest import read_clean
from runicornd.storage.layouts.columns import FileColumns
from runicornd.storage.layouts.content import (
    CONTENT_LIMIT,
    KEY_LIMIT,
    TEXT_LIMIT,
    Problems,
    Unreadable,
    bounded,
    clean,
    decode,
    moment,
    one_line,
    whole,
    word,
    words,
)
from runicornd.storage.layouts.entries import LeftOut, file_entries, reference_entries, total
from runicornd.storage.layouts.paths import VERSION_FILES, VERSIONS_FILE, version_of
from runicornd.storage.layouts.versions_index import LATEST_ALIAS, Listed, VersionsIndex, read_versions_index
from runicornd.storage.model import Layout, Version, VersionKey
from runicornd.storage.names import wire_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runicornd.storage.layouts.content import Content
    from runicornd.storage.layouts.entries import Listed as ListedFile
    from runicornd.storage.model import FileEntry, ReferenceEntry

METADATA, MANIFEST, DELETED = "metadata.json", "manifest.json", ".deleted"
PLAIN_LIMIT = 1000
PLAIN_BYTES = 256 * 1024
_NO_REFERENCES = (b"[]", b"null")
UNKNOWN_STATUS = "unknown"
GONE_STATUS = "deleted"


class _Metadata(msgspec.Struct):
    """Every field may hold anything, or nothing."""

    name: Any = None
    type: Any = None
    version: Any = None
    created_at: Any = None
    updated_at: Any = None
    created_by_run: Any = None
    created_by_user: Any = None
    size_bytes: Any = None
    status: Any = None
    metadata: Any = None
    description: Any = None
    tags: Any = None
    aliases: Any = None
    parent_artifacts: Any = None


_Plain = (
    Annotated[str, msgspec.Meta(max_length=TEXT_LIMIT)]
    | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    | float
    | bool
    | None
)
_PlainFields = Annotated[
    dict[Annotated[str, msgspec.Meta(max_length=KEY_LIMIT)], _Plain], msgspec.Meta(max_length=PLAIN_LIMIT)
]


class _PlainMetadata(_Metadata):
    """The usual one: what the user logged is flat, within all bounds, and can be taken as it is."""

    metadata: _PlainFields = {}


_PLAIN = msgspec.json.Decoder(_PlainMetadata)


class _File(msgspec.Struct, gc=False):
    path: Any = None
    size: Any = None
    digest: Any = None
    modified_at: Any = None


class _GoodFile(msgspec.Struct, gc=False):
    path: str | None = None
    size: int | float | None = None
    digest: str | None = None
    modified_at: int | float | None = None


class _Manifest(msgspec.Struct):
    """A manifest all of whose files are of the right types: many of them take little."""

    files: list[_GoodFile]
    references: msgspec.Raw = msgspec.Raw(b"null")


class _OddManifest(msgspec.Struct):
    files: Any = None
    references: Any = None


class _Deleted(msgspec.Struct):
    deleted_at: Any = None


@dataclass(slots=True)
class _Listing:
    """A manifest, as far as it could be read; ``is_whole`` when all of it could be."""

    files: Sequence[FileEntry] = ()
    references: tuple[ReferenceEntry, ...] = ()
    is_whole: bool = False

    @property
    def size(self) -> int:
        """Counts references, too, as Runicorn does."""
        files = self.files
        sizes = files.sizes if isinstance(files, FileColumns) else [file.size for file in files]
        return total(sizes) + (total(entry.size for entry in self.references) if self.references else 0)


@dataclass(slots=True)
class _Reading:
    """What is known of one version while it is put together."""

    key: VersionKey
    path: str
    listed: Listed | None
    problems: Problems = field(default_factory=Problems)


def read_artifact(folder: str, files: Mapping[str, Content]) -> tuple[Version, ...]:
    """Read all versions of an artifact, lowest first; see `read_versions`."""
    return tuple(read_versions(folder, files))


def read_versions(folder: str, files: Mapping[str, Content]) -> Iterator[Version]:
    """Read an artifact's versions one by one, lowest first. Never raises for what the files hold.

    Args:
        folder: ``artifacts/TYPE/NAME``, of which `owner_of` says that it is an artifact's.
        files: Content by path relative to ``folder``: ``versions.json``, ``v3/metadata.json``, …. It may
            read them only when they are asked for.
    """
    _, kind, name = folder.split("/")
    index = read_versions_index(files.get(VERSIONS_FILE))
    numbers = sorted(_folders(files) | _expected(index))
    _check_aliases(numbers, index)
    for number in numbers:
        reading = _Reading(VersionKey(kind, name, number), f"{folder}/v{number}", index.listed.get(number))
        if number == numbers[-1] and index.problems.text:  # of the artifact as a whole: said once
            reading.problems.add(index.problems.text)
        if number in index.twice:
            reading.problems.add(f"{VERSIONS_FILE} lists it twice")
        yield _read_version(reading, files, index, is_last=number == numbers[-1])


def _folders(files: Mapping[str, Content]) -> set[int]:
    found: set[int] = set()
    for path in files:
        folder, slash, file = path.partition("/")
        if slash and file in VERSION_FILES and (number := version_of(folder)) is not None:
            found.add(number)
    return found


def _expected(index: VersionsIndex) -> set[int]:
    """The versions that are listed as being there: a gap is listed as deleted (``docs/storage.md``)."""
    return {number for number, listed in index.listed.items() if listed.status != GONE_STATUS}


def _check_aliases(numbers: list[int], index: VersionsIndex) -> None:
    lost = sorted(set(index.aliases or ()) - set(numbers))
    if lost:
        index.problems.add(f"{VERSIONS_FILE} has an alias of v{lost[0]}, which is not there")


def _read_version(
    reading: _Reading, files: Mapping[str, Content], index: VersionsIndex, *, is_last: bool
) -> Version:
    folder = f"v{reading.key.version}"
    meta = _read_metadata(reading, files.get(f"{folder}/{METADATA}"))
    listing = _read_manifest(reading, files.get(f"{folder}/{MANIFEST}"))
    listed = reading.listed or Listed()
    created = moment(meta.created_at if meta else listed.created_at)
    if created is None:
        reading.problems.add("the time of its making is not known")
        created = moment(listed.created_at) or 0.0
    updated = (moment(meta.updated_at) if meta else None) or created
    said = meta or _from_list(listed)
    return Version(
        key=reading.key,
        layout=Layout.ARTIFACTS,
        path=reading.path,
        created=created,
        updated=updated,
        status=word(said.status) or UNKNOWN_STATUS,
        deleted=_deleted(files.get(f"{folder}/{DELETED}"), updated),
        size_bytes=_size(reading, said, listing),
        description=clean(said.description) or "",
        user=word(said.created_by_user),
        run=word(said.created_by_run),
        tags=words(said.tags),
        aliases=_aliases(reading, said, index, is_last=is_last),
        metadata=said.metadata if isinstance(said, _PlainMetadata) else bounded(said.metadata),
        files=listing.files,
        references=listing.references,
        parents=words(said.parent_artifacts),
        problem=reading.problems.text,
    )


def _from_list(listed: Listed) -> _Metadata:
    return _Metadata(
        created_by_run=listed.created_by_run,
        size_bytes=listed.size_bytes,
        status=listed.status,
        aliases=listed.aliases,
    )


def _read_metadata(reading: _Reading, content: Content | None) -> _Metadata | None:
    try:
        meta = _decoded_metadata(content)
    except Unreadable as error:
        reading.problems.add(f"{METADATA} {error}")
        return None
    name, kind, number = reading.key.name, reading.key.type, reading.key.version
    if (meta.name, meta.type, meta.version) != (name, kind, number):
        _check_names(reading, meta)
    return meta


def _decoded_metadata(content: Content | None) -> _Metadata:
    if isinstance(content, bytes) and len(content) <= PLAIN_BYTES:
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _PLAIN.decode(content)
    return decode(content, _Metadata)


def _check_names(reading: _Reading, meta: _Metadata) -> None:
    name, kind = (wire_name(text) if isinstance(text, str) else "?" for text in (meta.name, meta.type))
    number = whole(meta.version)
    if (name, kind, number) != (reading.key.name, reading.key.type, reading.key.version):
        says = one_line(f"{kind}/{name}:v{'?' if number is None else number}")
        reading.problems.add(f"{METADATA} says that it is {says}")


def _read_manifest(reading: _Reading, content: Content | None) -> _Listing:
    left_out = LeftOut(MANIFEST)
    base = f"{reading.path}/files/"
    files: Sequence[FileEntry]
    try:
        if (
            isinstance(content, bytes)
            and len(content) <= CONTENT_LIMIT
            and (clean := read_clean(content, base))
        ):
            files = clean[0]
            references = None if clean[1] in _NO_REFERENCES else decode(clean[1], object)
        else:
            listed, references = _decoded(content)
            files = file_entries(listed, lambda path, _: base + path, left_out, reading.problems)
    except Unreadable as error:
        reading.problems.add(f"{MANIFEST} {error}")
        return _Listing()
    listing = _Listing(files, reference_entries(references, left_out), is_whole=not left_out)
    left_out.tell(reading.problems)
    return listing


def _decoded(content: Content | None) -> tuple[Iterator[ListedFile], object]:
    try:
        manifest = decode(content, _Manifest, is_lean=True)
    except Unreadable:
        odd = decode(content, _OddManifest)  # fails as well, where it was not for one of the files
        if not isinstance(odd.files, list):
            raise Unreadable("has no list of files") from None
        files = (msgspec.convert(file, _File) if isinstance(file, dict) else _File() for file in odd.files)
        return map(_listed, files), odd.references
    return map(_listed, manifest.files), decode(bytes(manifest.references), object)


def _listed(file: _File | _GoodFile) -> ListedFile:
    return file.path, file.size, _hexadecimal(file.digest), file.modified_at


def _hexadecimal(digest: object) -> object:
    return digest[7:] if isinstance(digest, str) and digest.startswith("sha256:") else None


def _deleted(content: Content | None, otherwise: float) -> float | None:
    """The mark counts by being there; without a time in it, it is as old as the version."""
    if content is None:
        return None
    try:
        at = moment(decode(content, _Deleted).deleted_at)
    except Unreadable:
        at = None
    return otherwise if at is None else at


def _size(reading: _Reading, said: _Metadata, listing: _Listing) -> int:
    size, listed = whole(said.size_bytes), listing.size
    if not listing.is_whole:
        return listed if size is None else size
    if size is not None and size != listed:
        reading.problems.add(f"{METADATA} says {size} bytes, {MANIFEST} {listed}")
    return listed


def _aliases(reading: _Reading, said: _Metadata, index: VersionsIndex, *, is_last: bool) -> tuple[str, ...]:
    if index.aliases is not None:
        return index.aliases.get(reading.key.version, ())
    # Every metadata.json was "latest" when it was written and says so for ever.
    own = tuple(alias for alias in words(said.aliases) if alias != LATEST_ALIAS)
    return (LATEST_ALIAS, *own) if is_last else own
