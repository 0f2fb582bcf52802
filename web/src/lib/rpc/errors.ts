import type { ErrorData, ErrorKind } from "./contract";

/** Kinds that only this page knows: they never come over the wire. */
export const PAGE_KINDS = ["daemon_away", "unauthorized"] as const;
export type PageKind = (typeof PAGE_KINDS)[number];

/** What a request ended with: the daemon's own words, by its kind. */
export class RpcError extends Error {
  readonly kind: ErrorKind | PageKind | (string & {});
  readonly hint: string;
  readonly context: Record<string, unknown>;

  constructor(data: Pick<ErrorData, "kind" | "message"> & Partial<ErrorData>) {
    super(data.message);
    this.name = "RpcError";
    this.kind = data.kind;
    this.hint = data.hint ?? "";
    this.context = data.context ?? {};
  }
}

/** The connection is away: the request may or may not have been done. */
export function daemonAway(): RpcError {
  return new RpcError({ kind: "daemon_away", message: "cannot ask the daemon: it is away" });
}
