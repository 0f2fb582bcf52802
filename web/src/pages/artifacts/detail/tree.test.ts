import { describe, expect, it } from "vitest";
import { AT_ONCE, copied, lines, type Opened } from "./tree";

function opened(has: Record<string, boolean> = {}, shown: Record<string, number> = {}): Opened {
  return { has: new Map(Object.entries(has)), shown: new Map(Object.entries(shown)) };
}

describe("metadata as a tree", () => {
  it("shows leaves as they are, and what is in small branches", () => {
    const all = lines({ accuracy: 0.95, note: "fine", ok: true, none: null, layers: [1, 2] }, opened());
    expect(all.map(({ name, text, depth }) => [name, text, depth])).toEqual([
      ["accuracy", "0.95", 0],
      ["note", "fine", 0],
      ["ok", "true", 0],
      ["none", "null", 0],
      ["layers", "[ 2 ]", 0],
      ["0", "1", 1],
      ["1", "2", 1],
    ]);
  });

  it("closes and opens branches by their paths", () => {
    const value = { a: { b: { c: 1 } } };
    expect(lines(value, opened({ '/"a"': false })).map(({ name }) => name)).toEqual(["a"]);
    expect(lines(value, opened({ '/"a"/"b"': true })).map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  it("tells keys with slashes from branches", () => {
    const paths = lines({ "a/b": 1, a: { b: 2 } }, opened()).map(({ path }) => path);
    expect(new Set(paths).size).toBe(3);
  });

  it("shows long branches in parts", () => {
    const value = { list: Array.from({ length: 250 }, (_, index) => index) };
    const first = lines(value, opened({ '/"list"': true }));
    expect(first.length).toBe(1 + AT_ONCE + 1);
    expect(first.at(-1)).toMatchObject({ kind: "more", left: 150, path: '/"list"' });
    const second = lines(value, opened({ '/"list"': true }, { '/"list"': 300 }));
    expect(second.length).toBe(251);
  });

  it("makes hostile names and values harmless, and cuts them", () => {
    const [line] = lines({ ["\u202egnp.exe"]: "\u0007".repeat(3) + "x".repeat(10_000) }, opened());
    expect(line?.name).toBe("\\u{202e}gnp.exe");
    expect(line?.text.startsWith("\\u{7}\\u{7}\\u{7}xxx")).toBe(true);
    expect(line?.text.length).toBeLessThan(2_100);
  });

  it("bears any depth", () => {
    let value: Record<string, unknown> = {};
    const has: Record<string, boolean> = {};
    for (let depth = 0; depth < 2_000; depth += 1) value = { d: value };
    for (let path = '/"d"', depth = 0; depth < 2_000; depth += 1, path += '/"d"') has[path] = true;
    expect(lines(value, opened(has)).length).toBe(2_000);
  });

  it("is not led astray by names that objects have by nature", () => {
    const value = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as unknown;
    expect(lines(value, opened()).map(({ name }) => name)).toEqual(["__proto__", "x", "constructor"]);
  });
});

describe("what is copied", () => {
  it("is the text of strings and the JSON of all else", () => {
    expect(copied("a\nb")).toBe("a\nb");
    expect(copied({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(copied(null)).toBe("null");
  });
});
