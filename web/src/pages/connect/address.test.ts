import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { beforeEach, describe, expect, test } from "vitest";
import { setLanguage } from "../../lib/i18n/index.svelte";
import { FakeDaemon, show } from "../../lib/testing/fake";
import Connect from "../Connect.svelte";
import { partMistakes, partsOf, targetOf } from "./address";
import { targetError } from "./mistakes";

beforeEach(() => setLanguage("en"));

test.each([
  ["gpu", { host: "gpu", port: "", user: "" }],
  ["ann@gpu.lab.edu:2222", { host: "gpu.lab.edu", port: "2222", user: "ann" }],
  ["ann@[2001:db8::1]:22", { host: "2001:db8::1", port: "22", user: "ann" }],
  ["2001:db8::1", { host: "2001:db8::1", port: "", user: "" }],
  ["", { host: "", port: "", user: "" }],
])("%s is made of %o", (target, parts) => {
  expect(partsOf(target)).toEqual(parts);
  expect(targetOf(parts)).toBe(target);
});

test.each([
  [{ host: "gpu", port: "", user: "" }, []],
  [{ host: "2001:db8::1", port: "65535", user: "ann" }, []],
  [{ host: "", port: "22", user: "ann" }, ["host"]],
  [{ host: "ann@gpu", port: "", user: "" }, ["host"]],
  [{ host: "gpu:22", port: "", user: "" }, ["host"]],
  [{ host: "gpu", port: "0", user: "" }, ["port"]],
  [{ host: "gpu", port: "65536", user: "" }, ["port"]],
  [{ host: "gpu", port: "ssh", user: "" }, ["port"]],
  [{ host: "gpu", port: "", user: "-x" }, ["user"]],
  [{ host: "gpu", port: "", user: "a b" }, ["user"]],
])("%o has mistakes at %j", (parts, fields) => {
  expect(Object.keys(partMistakes(parts))).toEqual(fields);
});

test.each([
  ["", "Name a server."],
  ["gpu:0", "The port after the colon is a number from 1 to 65535."],
  ["gpu", ""],
])("of the server %j is said %j", (target, words) => {
  expect(targetError(target)).toBe(words);
});

describe("on the page", () => {
  test("parts and target follow each other, and a wrong port is said at its field", async () => {
    const fake = new FakeDaemon();
    fake.answer("hosts.list", () => ({ saved: [], aliases: [], links: [] }));
    show(Connect, fake, { hash: "#/connect/ann%40gpu" });
    const port = await screen.findByLabelText<HTMLInputElement>("Port");
    await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>("Username").value).toBe("ann"));
    await fireEvent.input(port, { target: { value: "99999" } });
    expect(screen.getByRole<HTMLInputElement>("combobox").value).toBe("ann@gpu:99999");
    await fireEvent.blur(port);
    await screen.findByText("A port is a number from 1 to 65535.");
    await fireEvent.input(port, { target: { value: "2222" } });
    await waitFor(() => expect(screen.queryByText("A port is a number from 1 to 65535.")).toBeNull());
    await fireEvent.input(screen.getByRole("combobox"), { target: { value: "bob@other:23" } });
    await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>("Host").value).toBe("other"));
    expect(port.value).toBe("23");
  });
});
