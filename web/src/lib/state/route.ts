export const PAGES = ["overview", "connect", "artifacts", "downloads", "stores", "settings", "doctor"] as const;
export type Page = (typeof PAGES)[number];

/** Where the user is: `#/artifacts/gpu/model/resnet50?search=x` is page, parts ["gpu", …] and query. */
export interface Route {
  page: Page | null;
  parts: string[];
  query: URLSearchParams;
}

/** The address of a place, for `href`. Parts may hold any character. */
export function href(page: Page, parts: readonly string[] = [], query: Record<string, string> = {}): string {
  const path = page === "overview" ? [] : [page, ...parts];
  const asked = new URLSearchParams(query).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${asked && `?${asked}`}`;
}

/** What a hash says. */
export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [first = "", ...parts] = path.split("/").map(decode);
  const page = first === "" ? "overview" : (PAGES.find((each) => each === first) ?? null);
  return { page, parts: parts.filter((each) => each !== ""), query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
