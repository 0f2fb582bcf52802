import { afterEach, describe, expect, it, vi } from "vitest";
import { RpcError } from "../../lib/rpc/errors";
import { Answer } from "./answer.svelte";

afterEach(() => vi.useRealTimers());

describe("an answer", () => {
  it("stays until the next about the same is there", async () => {
    const answer = new Answer<string>();
    await answer.ask("v1", () => Promise.resolve("old"));
    let tell: (value: string) => void = () => undefined;
    const asking = answer.ask("v1", () => new Promise((resolve) => (tell = resolve)));
    expect(answer.value).toBe("old");
    tell("new");
    await asking;
    expect(answer.value).toBe("new");
  });

  it("about something else stays for a moment only", async () => {
    vi.useFakeTimers();
    const answer = new Answer<string>();
    await answer.ask("v1", () => Promise.resolve("first"));
    void answer.ask("v2", () => new Promise(() => undefined));
    expect(answer.value).toBe("first");
    vi.advanceTimersByTime(1_000);
    expect(answer.value).toBeNull();
  });

  it("that comes too late is dropped", async () => {
    const answer = new Answer<string>();
    let tell: (value: string) => void = () => undefined;
    const late = answer.ask("v1", () => new Promise((resolve) => (tell = resolve)));
    await answer.ask("v2", () => Promise.resolve("second"));
    tell("first");
    await late;
    expect(answer.value).toBe("second");
  });

  it("outlives a failure to ask again, but not that the thing is gone", async () => {
    const answer = new Answer<string>();
    await answer.ask("v1", () => Promise.resolve("old"));
    await answer.ask("v1", () => Promise.reject(new RpcError({ kind: "daemon_away", message: "away" })));
    expect([answer.value, (answer.error as RpcError).kind]).toEqual(["old", "daemon_away"]);
    await answer.ask("v1", () => Promise.reject(new RpcError({ kind: "unknown_artifact", message: "gone" })));
    expect(answer.value).toBeNull();
  });

  it("is not what was asked for before when asking about something else fails", async () => {
    const answer = new Answer<string>();
    await answer.ask("v1", () => Promise.resolve("first"));
    await answer.ask("v2", () => Promise.reject(new RpcError({ kind: "internal", message: "no" })));
    expect([answer.value, (answer.error as RpcError).message]).toEqual([null, "no"]);
  });
});
