/** A path as the folders that lead to it. */
export interface Crumb {
  name: string;
  path: string;
}

/** The crumbs of an absolute path, the root folder first. */
export function crumbs(path: string): Crumb[] {
  const names = path.split("/").filter(Boolean);
  return [{ name: "/", path: "/" }, ...names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join("/")}` }))];
}
