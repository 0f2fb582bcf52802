import { describe, expect, it } from "vitest";
import { endings, exactly, isTooLong, LONGEST_PATTERN, matcher, readPatterns } from "./globs";

function file(path: string) {
  return { path, size: 1, digest: "", modified: null, is_local: false };
}

describe("patterns", () => {
  it("are one a line, none twice", () => {
    expect(readPatterns(" *.pth \n\n*.json\n*.pth\n")).toEqual(["*.pth", "*.json"]);
  });

  it("are as long as the daemon takes them, and no longer", () => {
    expect([LONGEST_PATTERN, LONGEST_PATTERN + 1].map((length) => isTooLong("é".repeat(length)))).toEqual([false, true]);
  });

  // What Python's fnmatchcase says of the same.
  it.each([
    ["*.pth", "a/b/model.pth", true],
    ["*.pth", "model.pth.bak", false],
    ["weights/*", "weights/a/b", true],
    ["?.txt", "a.txt", true],
    ["?.txt", "ab.txt", false],
    ["[ab].txt", "b.txt", true],
    ["[!ab].txt", "b.txt", false],
    ["[!ab].txt", "c.txt", true],
    ["[a-c]*", "bcd", true],
    ["[", "[", true],
    ["[]]", "]", true],
    ["a+b(c)|^$.{1}", "a+b(c)|^$.{1}", true],
    ["*.PTH", "model.pth", false],
    ["*", "line\nbreak", true],
    ["?", "🚀", true],
    ["a**b", "axxb", true],
    ["[^a]", "^", true],
    ["[\\d]", "5", false],
  ])("%j on %j: %s", (pattern, path, does) => {
    expect(matcher([pattern])(path)).toBe(does);
  });

  it("are found by any of them", () => {
    expect(["a.pth", "b.json", "c.txt"].filter(matcher(["*.pth", "b*"]))).toEqual(["a.pth", "b.json"]);
    expect(matcher([])("a")).toBe(false);
  });

  it.each(["plain/path.bin", "odd[1]*?.bin", "[!x]", "a]b", "[[]"])("for exactly %j match it and nothing near it", (path) => {
    expect(matcher([exactly(path)])(path)).toBe(true);
    expect(matcher([exactly(path)])(`${path}x`)).toBe(false);
    expect(matcher([exactly("odd[1]")])("odd1")).toBe(false);
  });

  it("are offered for the endings that files have", () => {
    const files = ["a.pth", "b/c.pth", "d.json", "README", ".gitignore"].map(file);
    expect(endings(files)).toEqual([
      { pattern: "*.pth", files: 2 },
      { pattern: "*.json", files: 1 },
    ]);
    expect(endings(["a.pth", "b.pth"].map(file))).toEqual([]);
  });
});
