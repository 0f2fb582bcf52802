/** How the page comes in: a link's code is traded for a token, which this browser keeps. */
const TOKEN = "runicornd.token";
const PLACE = "runicornd.place";
const PLACE_KEPT_MS = 600_000;
const CODE = /^#enter=([\w-]{1,128})$/;

export type Entry = "token" | "none" | "used" | "away";

/** The token that lets this page in, or null. */
export function readToken(): string | null {
  return localStorage.getItem(TOKEN);
}

/** Forget the token: it is not good any more. */
export function forgetToken(): void {
  localStorage.removeItem(TOKEN);
}

/** Whether the address is that of a link that lets in. */
export function isLink(hash: string): boolean {
  return CODE.test(hash);
}

/** Somebody wanted to go there and was not let in: the link that lets them in leads there. */
export function keepPlace(): void {
  if (/^#\/./.test(location.hash)) localStorage.setItem(PLACE, JSON.stringify({ hash: location.hash, at: Date.now() }));
}

/** The place that was kept, once; the first page where there is none. */
function takePlace(): string {
  const kept = localStorage.getItem(PLACE);
  localStorage.removeItem(PLACE);
  try {
    const { hash, at } = JSON.parse(kept ?? "{}") as { hash?: unknown; at?: unknown };
    const isFresh = typeof at === "number" && Date.now() - at < PLACE_KEPT_MS;
    return isFresh && typeof hash === "string" && hash.startsWith("#/") ? hash : "#/";
  } catch {
    return "#/";
  }
}

/** Come in by the code in the address bar, which is taken out of it first; else by the token of before. */
export async function enter(ask: typeof fetch = fetch): Promise<Entry> {
  const code = CODE.exec(location.hash)?.[1];
  if (!code) return readToken() ? "token" : "none";
  history.replaceState(null, "", "#/");
  try {
    const answer = await ask("/enter", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
    if (!answer.ok) return readToken() ? "token" : "used";
    localStorage.setItem(TOKEN, ((await answer.json()) as { token: string }).token);
    history.replaceState(null, "", takePlace());
    return "token";
  } catch {
    return readToken() ? "token" : "away";
  }
}
