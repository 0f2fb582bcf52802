import { href, parse, type Page, type Route } from "./route";

export { href, PAGES, type Page, type Route } from "./route";

/** The place in the address bar. */
export class Router {
  route = $state.raw<Route>(parse(location.hash));

  /** Follow the address bar. Returns the way to stop. */
  start(): () => void {
    const follow = () => (this.route = parse(location.hash));
    follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }

  /** Go there; `replace` leaves no step to go back to, for filters and the like. */
  go(page: Page, parts: readonly string[] = [], query: Record<string, string> = {}, replace = false): void {
    const to = href(page, parts, query);
    if (replace) history.replaceState(null, "", to);
    else history.pushState(null, "", to);
    this.route = parse(to);
  }
}
