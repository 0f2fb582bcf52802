/** How the page comes in: a link's code is traded for a token, which this browser keeps. */
const TOKEN = "runicornd.token";
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
    return "token";
  } catch {
    return readToken() ? "token" : "away";
  }
}
