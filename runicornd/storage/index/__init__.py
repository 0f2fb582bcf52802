"""What a store holds, in SQLite: filled by syncs, asked by everyone, made again from the mirrored files."""

from runicornd.storage.index.batch import SyncBatch
from runicornd.storage.index.index import Index

__all__ = ["Index", "SyncBatch"]
