import { afterEach, describe, expect, test } from "vitest";
import { ERROR_KINDS } from "../rpc/contract";
import { PAGE_KINDS } from "../rpc/errors";
import { en } from "./en";
import { look, setLanguage, t } from "./index.svelte";
import { zh } from "./zh";

const DICTIONARIES = { en, zh } as const;

afterEach(() => setLanguage("en"));

describe("dictionaries", () => {
  test("have the same keys", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  test("have no empty text", () => {
    for (const words of Object.values(DICTIONARIES))
      expect(Object.entries(words).filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  test("fill in the same names", () => {
    const names = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
    for (const [key, text] of Object.entries(en))
      expect(names((zh as Record<string, string>)[key] ?? ""), key).toEqual(names(text));
  });

  test.each([...ERROR_KINDS, ...PAGE_KINDS, "unlisted"])("say what %s means and what to do", (kind) => {
    for (const to of ["en", "zh"] as const) {
      setLanguage(to);
      expect(look(`error.${kind}`)).toBeTruthy();
      expect(look(`error.${kind}.hint`)).toBeTruthy();
    }
  });
});

describe("a text", () => {
  test("changes with the language, which is remembered", () => {
    expect(t("nav.overview")).toBe("Overview");
    setLanguage("zh");
    expect(t("nav.overview")).toBe("概览");
    expect(localStorage.getItem("runicornd.language")).toBe("zh");
    expect(document.documentElement.lang).toBe("zh-CN");
  });

  test("takes what is filled in as it is, also where it looks like a name to fill in", () => {
    expect(t("do.copyOf", { what: "{what} $& <b>" })).toBe("Copy {what} $& <b>");
  });

  test("has the form that fits the count", () => {
    expect(t("overview.count", { count: 1 })).toBe("1 session");
    expect(t("overview.count", { count: 2 })).toBe("2 sessions");
  });
});
