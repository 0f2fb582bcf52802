"""Aliases and tags of versions, as Runicorn 0.4 and 0.5 keeps them.

``versions.json`` decides whose an alias is; its entries and ``metadata.json`` repeat it for those who look.
"""

from typing import Dict, List, Optional

from .failures import Failure
from .params import Params
from .store_artifact import Artifact, aliases_of, entries, plain, version_of
from .store_deletion import LATEST
from .store_document import Document, publish
from .store_lock import locked

LENGTH_LIMIT = 256
COUNT_LIMIT = 100
_NOT_IN_ALIAS = frozenset('/\\:*?"<>| ')
"""Runicorn takes no alias with one of these."""

Answer = Dict[str, object]


def set_alias(artifact: Artifact, number: int, wanted: Params) -> Answer:
    """Give an alias to a version; it leaves the one that has it."""
    alias = _checked_alias(wanted.text("alias"))
    if alias[:1] in "vV":
        reason = "Runicorn takes what begins with a v for the number of a version"
        raise Failure("invalid_params", f"cannot set the alias {alias}: {reason}")
    with locked(artifact.folder, artifact.path):
        index, metadata = artifact.index(), artifact.metadata(number)
        aliases = index.mapping("aliases")
        before = _number(index, aliases.get(alias))
        changed = _drop_elsewhere(artifact, index, alias, number)
        for holder in (metadata.values, *entries(index, number)):
            if alias not in aliases_of(holder):
                holder["aliases"] = [*aliases_of(holder), alias]
        index.values["aliases"] = {**aliases, alias: number}
        is_changed = publish([*changed, metadata, index])
    return {"changed": is_changed, "was_at": before if before != number else None}


def remove_alias(artifact: Artifact, number: int, wanted: Params) -> Answer:
    """Take an alias from a version; one that another version has stays there."""
    alias = _checked_alias(wanted.text("alias"))
    with locked(artifact.folder, artifact.path):
        artifact.version(number)
        index = artifact.index()
        aliases = index.mapping("aliases")
        holder = _number(index, aliases.get(alias))
        changed = _drop(artifact, alias, number)
        for entry in entries(index, number):
            _drop_from(entry, alias)
        if holder == number:
            del aliases[alias]
            index.values["aliases"] = aliases
        is_changed = publish([*changed, index])
    return {"changed": is_changed, "was_at": holder if holder != number else None}


def tag(artifact: Artifact, number: int, wanted: Params) -> Answer:
    """Add and remove tags; those that are there keep their order."""
    add, remove = _checked(wanted.texts("add")), _checked(wanted.texts("remove"))
    with locked(artifact.folder, artifact.path):
        metadata = artifact.metadata(number)
        before = metadata.list("tags")
        after = [one for one in before if one not in remove]
        after += [one for one in dict.fromkeys(add) if one not in after and one not in remove]
        if after != before:
            metadata.values["tags"] = after
        return {"changed": publish([metadata])}


def _drop_elsewhere(artifact: Artifact, index: Document, alias: str, number: int) -> List[Document]:
    """Take an alias from all other versions; return their changed metadata."""
    others = {_number(index, index.mapping("aliases").get(alias))}
    for entry in index.list("versions"):
        if isinstance(entry, dict) and alias in aliases_of(entry) and version_of(index, entry) != number:
            others.add(version_of(index, entry))
            _drop_from(entry, alias)
    changed: List[Document] = []
    for other in others:
        if other is not None and other != number:
            changed += _drop(artifact, alias, other)
    return changed


def _drop(artifact: Artifact, alias: str, number: int) -> List[Document]:
    """Take an alias out of a version's metadata; what is missing or broken is left alone."""
    try:
        metadata = artifact.metadata(number)
    except Failure:
        return []
    _drop_from(metadata.values, alias)
    return [metadata]


def _drop_from(holder: Dict[str, object], alias: str) -> None:
    if alias in aliases_of(holder):
        holder["aliases"] = [other for other in aliases_of(holder) if other != alias]


def _number(index: Document, value: object) -> Optional[int]:
    return version_of(index, {"version": value})


def _checked_alias(text: str) -> str:
    (alias,) = _checked([text])
    if any(letter in _NOT_IN_ALIAS for letter in alias):
        raise Failure("invalid_params", f"cannot use {alias[:80]!r} as an alias")
    if alias == LATEST:
        raise Failure("invalid_params", "cannot change the alias latest: Runicorn manages it")
    return alias


def _checked(texts: List[str]) -> List[str]:
    """Return what may be tags or aliases. Raises ``invalid_params``."""
    if len(texts) > COUNT_LIMIT:
        raise Failure("invalid_params", f"cannot take more than {COUNT_LIMIT} tags at once")
    labels = [plain(text) for text in texts]
    for label in labels:
        if not label.strip() or len(label) > LENGTH_LIMIT or not label.isprintable():
            raise Failure("invalid_params", f"cannot use {label[:80]!r} as a tag or an alias")
    return labels
