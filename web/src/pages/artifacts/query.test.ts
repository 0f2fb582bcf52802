import { describe, expect, it } from "vitest";
import { params, read, sorted, write, type Filter } from "./query";

const ALL: Filter = { type: "", search: "", sort: "updated", order: "down", deleted: false };

describe("the filter in the address", () => {
  it("is empty for what is shown at first", () => {
    expect(write(ALL)).toEqual({});
    expect(read(new URLSearchParams(""))).toEqual(ALL);
  });

  it("comes back as it was written", () => {
    const filter: Filter = { type: "a/b&c", search: "resnet 50 = 血缘", sort: "size", order: "up", deleted: true };
    expect(read(new URLSearchParams(new URLSearchParams(write(filter)).toString()))).toEqual(filter);
  });

  it("ignores what makes no sense", () => {
    const odd = read(new URLSearchParams("sort=__proto__&order=sideways&deleted=yes"));
    expect(odd).toEqual(ALL);
    expect(read(new URLSearchParams({ q: "x".repeat(9_000) })).search.length).toBe(500);
  });

  it("asks the daemon for any type when none is chosen", () => {
    expect(params(ALL, "gpu")).toEqual({ store: "gpu", type: null, search: "", sort: "updated", order: "down", deleted: false });
  });

  it("sorts by a new column in its natural order, and turns around a second time", () => {
    const byName = sorted(ALL, "name");
    expect([byName.sort, byName.order]).toEqual(["name", "up"]);
    expect(sorted(byName, "name").order).toBe("down");
    expect(sorted(byName, "size").order).toBe("down");
  });
});
