import { afterEach, expect, test } from "vitest";
import { href, parse } from "./route";
import { Router } from "./router.svelte";

afterEach(() => history.replaceState(null, "", "#/"));

test.each([
  ["", "overview", []],
  ["#/", "overview", []],
  ["#/connect", "connect", []],
  ["#/connect/gpu", "connect", ["gpu"]],
  ["#/artifacts/gpu/model/resnet50/v3", "artifacts", ["gpu", "model", "resnet50", "v3"]],
  ["#/nowhere", null, []],
])("%s leads to %s", (hash, page, parts) => {
  expect(parse(hash)).toMatchObject({ page, parts });
});

test("names with odd characters survive the way through an address", () => {
  const parts = ["a/b", "ü ?#%", "<b>", "..", "名字"];
  const hash = href("artifacts", parts, { search: "x&y=z" });
  expect(parse(hash).parts).toEqual(parts);
  expect(parse(hash).query.get("search")).toBe("x&y=z");
});

test("an address that is not well formed leads somewhere still", () => {
  expect(parse("#/connect/%E0%A4%A").parts).toEqual(["%E0%A4%A"]);
});

test("the router follows the address bar, and leads it", () => {
  const router = new Router();
  const stop = router.start();
  router.go("stores", ["gpu"]);
  expect(location.hash).toBe("#/stores/gpu");
  expect(router.route.page).toBe("stores");
  history.replaceState(null, "", "#/doctor/gpu");
  dispatchEvent(new HashChangeEvent("hashchange"));
  expect(router.route).toMatchObject({ page: "doctor", parts: ["gpu"] });
  stop();
});
