"""Logs a few runs with the Runicorn SDK. Run by the Python of the demo's environment, not imported.

The curves are made up; the seed makes them the same everywhere.
"""

from __future__ import annotations

import math
import random
import struct
import zlib

import runicorn  # type: ignore[import-not-found] # only in the demo's environment

STEPS = 100
RUNS = (
    # path, alias, learning rate, final accuracy, how it ended
    ("vision/resnet/baseline", "first try", 0.1, 0.81, "finished"),
    ("vision/resnet/wide", "twice the channels", 0.05, 0.88, "finished"),
    ("vision/resnet/wide", "too fast", 0.8, 0.34, "failed"),
    ("vision/vit/small", "patches of 16", 0.001, 0.91, "finished"),
    ("text/tiny-gpt", "four layers", 0.0003, 0.72, "finished"),
)


def main() -> None:
    """Log all runs."""
    for number, (path, alias, rate, accuracy, status) in enumerate(RUNS):
        log_run(random.Random(number), path, alias, rate, accuracy, status)  # noqa: S311 - a picture


def log_run(rng: random.Random, path: str, alias: str, rate: float, accuracy: float, status: str) -> None:
    """Log one run: two curves over the steps, lines of text, images, a summary."""
    run = runicorn.init(path=path, alias=alias)
    run.set_primary_metric("accuracy", mode="max")
    last = STEPS * 2 // 3 if status == "failed" else STEPS
    for step in range(1, last + 1):
        progress = 1 - math.exp(-4 * step / STEPS)
        noise = rng.gauss(0, 0.01)
        run.log(
            {
                "accuracy": round(accuracy * progress + noise, 4),
                "loss": round(2.3 * (1 - accuracy * progress) + abs(noise), 4),
                "learning_rate": rate * 0.5 * (1 + math.cos(math.pi * step / STEPS)),
            },
            step=step,
            stage="train",
        )
        if step % 20 == 0:
            run.log_text(f"step {step}: accuracy {accuracy * progress:.3f}")
            run.log_image("activations", png(rng, progress), step=step, caption=f"after {step} steps")
    if status == "failed":
        run.log_text("RuntimeError: the loss is not a number")
    run.summary({"learning_rate": rate, "parameters": rng.randrange(1, 90) * 100_000})
    run.finish(status)


def png(rng: random.Random, sharpness: float, size: int = 48) -> bytes:
    """A small grey picture that gets clearer with ``sharpness`` (0 to 1), as the bytes of a PNG file."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)  # no filter
        for x in range(size):
            wave = 0.5 + 0.5 * math.sin(x / 4) * math.cos(y / 6)
            rows.append(int(255 * (sharpness * wave + (1 - sharpness) * rng.random())))
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


def chunk(name: bytes, data: bytes) -> bytes:
    """One part of a PNG file: length, name, data, check sum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


if __name__ == "__main__":
    main()
