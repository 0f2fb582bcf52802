import type { ArtifactsParams } from "../../lib/rpc/contract";

export const SORTS = ["updated", "created", "name", "size", "versions"] as const;
export type Sort = (typeof SORTS)[number];
export type Order = "up" | "down";

/** What the list of artifacts shows. It stands in the address bar, so that it can be kept and sent on. */
export interface Filter {
  /** Empty for all. */
  type: string;
  search: string;
  sort: Sort;
  order: Order;
  deleted: boolean;
}

/** The longest search that the daemon takes, in characters. */
export const LONGEST_SEARCH = 500;
const FIRST: Filter = { type: "", search: "", sort: "updated", order: "down", deleted: false };

/** The order that one expects of a sort: names from A, everything else from the most. */
export function natural(sort: Sort): Order {
  return sort === "name" ? "up" : "down";
}

/** What the address bar asks for; what it has wrong is as if it were not there. */
export function read(query: URLSearchParams): Filter {
  const sort = SORTS.find((each) => each === query.get("sort")) ?? FIRST.sort;
  const order = query.get("order");
  return {
    type: query.get("type") ?? "",
    search: (query.get("q") ?? "").slice(0, LONGEST_SEARCH),
    sort,
    order: order === "up" || order === "down" ? order : natural(sort),
    deleted: query.get("deleted") === "1",
  };
}

/** The same for the address bar: only what is not as at first. */
export function write(filter: Filter): Record<string, string> {
  const query: Record<string, string> = {};
  if (filter.type) query.type = filter.type;
  if (filter.search) query.q = filter.search;
  if (filter.sort !== FIRST.sort) query.sort = filter.sort;
  if (filter.order !== natural(filter.sort)) query.order = filter.order;
  if (filter.deleted) query.deleted = "1";
  return query;
}

/** The same for the daemon. */
export function params(filter: Filter, store: string): ArtifactsParams {
  const { type, search, sort, order, deleted } = filter;
  return { store, type: type || null, search, sort, order, deleted };
}

/** What a click on a column's head makes of it. */
export function sorted(filter: Filter, by: Sort): Filter {
  if (filter.sort !== by) return { ...filter, sort: by, order: natural(by) };
  return { ...filter, order: filter.order === "up" ? "down" : "up" };
}

/** Whether anything is filtered, so that there may be more than is shown. */
export function isFiltered(filter: Filter): boolean {
  return filter.type !== "" || filter.search !== "";
}
