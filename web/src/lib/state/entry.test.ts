import { describe, expect, test, vi } from "vitest";
import { enter, forgetToken, keepPlace, readToken } from "./entry";

const answer = (status: number, body: unknown) =>
  vi.fn<typeof fetch>(() => Promise.resolve(new Response(JSON.stringify(body), { status })));

describe("a page that comes in", () => {
  test("by a link trades its code for a token, and takes the code out of the address", async () => {
    history.replaceState(null, "", "#enter=abc-123_X");
    const ask = answer(200, { token: "secret" });
    expect(await enter(ask)).toBe("token");
    expect(readToken()).toBe("secret");
    expect(location.href).not.toContain("abc-123");
    expect(ask).toHaveBeenCalledWith("/enter", expect.objectContaining({ method: "POST", body: '{"code":"abc-123_X"}' }));
  });

  test("by a link that was used before is told so", async () => {
    history.replaceState(null, "", "#enter=old");
    expect(await enter(answer(403, { error: { kind: "wrong_code" } }))).toBe("used");
    expect(readToken()).toBeNull();
  });

  test("by a link that was used before, with a token of its own, needs none", async () => {
    localStorage.setItem("runicornd.token", "mine");
    history.replaceState(null, "", "#enter=old");
    expect(await enter(answer(403, {}))).toBe("token");
    expect(readToken()).toBe("mine");
  });

  test("while the daemon is away is told so", async () => {
    history.replaceState(null, "", "#enter=abc");
    expect(await enter(vi.fn<typeof fetch>(() => Promise.reject(new TypeError("refused"))))).toBe("away");
  });

  test("leads to the place that was wanted before, once", async () => {
    history.replaceState(null, "", "#/stores/gpu?x=1");
    keepPlace();
    for (const place of ["#/stores/gpu?x=1", "#/"]) {
      history.replaceState(null, "", "#enter=abc");
      expect(await enter(answer(200, { token: "t" }))).toBe("token");
      expect(location.hash).toBe(place);
    }
  });

  test.each(["{", '{"hash":"https://evil.example","at":9e15}', '{"hash":"#/x","at":0}'])("takes no place from %s", async (kept) => {
    localStorage.setItem("runicornd.place", kept);
    history.replaceState(null, "", "#enter=abc");
    await enter(answer(200, { token: "t" }));
    expect(location.hash).toBe("#/");
  });

  test("without a code goes by the token of before, or not at all", async () => {
    const ask = answer(200, {});
    expect(await enter(ask)).toBe("none");
    localStorage.setItem("runicornd.token", "mine");
    expect(await enter(ask)).toBe("token");
    forgetToken();
    expect(await enter(ask)).toBe("none");
    expect(ask).not.toHaveBeenCalled();
  });
});
