import type { RpcError } from "../../lib/rpc/errors";

/** What became of a question to the daemon. `since`, in seconds since 1970, is when it was asked. */
export type Answer<T> =
  | { state: "none" }
  | { state: "asking"; since: number }
  | { state: "done"; value: T }
  | { state: "failed"; error: RpcError };

export const NONE = { state: "none" } as const;

/** The answer's value, as soon as there is one. */
export function valueOf<T>(answer: Answer<T>): T | null {
  return answer.state === "done" ? answer.value : null;
}

export function asked(): { state: "asking"; since: number } {
  return { state: "asking", since: Date.now() / 1000 };
}
