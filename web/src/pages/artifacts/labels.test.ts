import { describe, expect, it } from "vitest";
import type { VersionSummary } from "../../lib/rpc/contract";
import { aliasProblem, holder, planAlias, tagProblem } from "./labels";

function version(number: number, ...aliases: string[]): VersionSummary {
  return {
    version: number,
    aliases,
    created: 0,
    size_bytes: 0,
    files: 0,
    status: "ready",
    run: null,
    is_deleted: false,
    is_downloaded: false,
    problem: null,
  };
}
const HISTORY = [version(3, "latest"), version(2, "production", "best"), version(1)];

describe("an alias", () => {
  it("that nobody has is added", () => {
    expect(planAlias(HISTORY, 3, "staging")).toEqual({ kind: "add" });
  });

  it("that another version has is moved, and says from where", () => {
    expect(planAlias(HISTORY, 3, "production")).toEqual({ kind: "move", from: 2 });
    expect(holder(HISTORY, "best")).toBe(2);
  });

  it("that the version has already changes nothing", () => {
    expect(planAlias(HISTORY, 2, "best")).toEqual({ kind: "there" });
  });

  it.each([
    ["", "artifacts.word.empty"],
    [" best", "artifacts.word.empty"],
    ["Latest", "artifacts.alias.latest"],
    ["v3", "artifacts.alias.version"],
    ["Validated", "artifacts.alias.version"],
    ["a:b", "artifacts.alias.colon"],
    ["a/b", "artifacts.alias.colon"],
    ["a\u0007b", "artifacts.word.odd"],
    ["x".repeat(129), "artifacts.word.long"],
  ])("%j is refused as the daemon would", (alias, problem) => {
    expect(aliasProblem(alias)).toBe(problem);
    expect(planAlias(HISTORY, 3, alias)).toEqual({ kind: "wrong", problem });
  });

  it("may be Chinese, an emoji, or as long as it may be", () => {
    for (const alias of ["生产", "🚀", "x".repeat(128)]) expect(aliasProblem(alias)).toBeNull();
  });
});

describe("a tag", () => {
  it("may begin with v, and is not there twice", () => {
    expect(tagProblem("vision", ["nlp"])).toBeNull();
    expect(tagProblem("nlp", ["nlp"])).toBe("artifacts.tag.there");
    expect(tagProblem("", [])).toBe("artifacts.word.empty");
  });
});
