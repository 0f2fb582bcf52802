import { screen, waitFor } from "@testing-library/svelte";
import { fireEvent } from "@testing-library/dom";
import { afterEach, describe, expect, test } from "vitest";
import { setLanguage } from "../../lib/i18n/index.svelte";
import type { Check, DoctorResult } from "../../lib/rpc/contract";
import { FakeDaemon, show } from "../../lib/testing/fake";
import Doctor from "../Doctor.svelte";
import { asJson, asText, commandsOf, merged, summary, worst } from "./findings";
import { titleOf } from "./titles";

function aCheck(changes: Partial<Check> = {}): Check {
  return { name: "tcp", title: "Network", verdict: "ok", finding: "port 22 is open", hint: "", seconds: 0.1, context: {}, ...changes };
}

const FAILED = aCheck({ name: "root", title: "Storage root", verdict: "failure", finding: "not there", hint: "log a run" });

afterEach(() => setLanguage("en"));

describe("ticks", () => {
  test("come last when they are new, and replace the one of their name in its place", () => {
    const begun = aCheck({ verdict: "running", finding: "" });
    const one = merged(merged([], begun), aCheck({ name: "login" }));
    expect(one.map((check) => [check.name, check.verdict])).toEqual([["tcp", "running"], ["login", "ok"]]);
    expect(merged(one, aCheck()).map((check) => [check.name, check.verdict])).toEqual([["tcp", "ok"], ["login", "ok"]]);
  });

  test("do not take back what has ended", () => {
    const ended = [aCheck()];
    expect(merged(ended, aCheck({ verdict: "running" }))).toBe(ended);
  });
});

test("the worst verdict counts, without what was skipped", () => {
  expect(worst([])).toBe("ok");
  expect(worst([aCheck({ verdict: "skipped" }), aCheck({ verdict: "running" })])).toBe("ok");
  expect(worst([aCheck({ verdict: "warning" }), aCheck()])).toBe("warning");
  expect(worst([aCheck({ verdict: "warning" }), FAILED])).toBe("failure");
});

test("the summary counts failures and warnings", () => {
  expect(summary([aCheck()])).toBe("Nothing is wrong.");
  expect(summary([FAILED, aCheck({ verdict: "warning" }), aCheck({ verdict: "warning" })])).toBe("1 failure, 2 warnings");
});

test("it is copied as text with hints under their checks", () => {
  const lines = asText("gpu", [aCheck(), { ...FAILED, finding: "not there\nat all" }]).split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "Findings for gpu",
    "",
    "✓ Network         port 22 is open",
    "✗ Storage root    not there",
    "                  at all",
    "                  → log a run",
  ]);
});

test("it is copied as JSON as the command prints it", () => {
  expect(JSON.parse(asJson(null, [FAILED]))).toEqual({ schema: 1, target: null, verdict: "failure", checks: [FAILED] });
});

test.each([
  ["log a run there first, or name the folder: runicornctl connect gpu --root DIR", ["runicornctl connect gpu --root DIR"]],
  ["on the server, run one of:\n  /usr/bin/python3 -m pip install -U runicorn", ["/usr/bin/python3 -m pip install -U runicorn"]],
  ["see whether 'ssh -v gpu' works; 'runicornctl status' says why", ["ssh -v gpu", "runicornctl status"]],
  ["make it readable (chmod u+r /a/b), or move it away", ["chmod u+r /a/b"]],
  ["close it: chmod 700 /a; then look again", ["chmod 700 /a"]],
  ["systemctl --user enable --now runicornd.service", ["systemctl --user enable --now runicornd.service"]],
  ["ssh heeds these options and runicornd does not; if the login fails, use ProxyJump", []],
  ["the options are: bad luck", []],
  ["start an agent, it's easy, isn't it", []],
  ["", []],
])("%j names the commands %j", (hint, commands) => expect(commandsOf(hint)).toEqual(commands));

test("titles are Chinese where there is a text", () => {
  setLanguage("zh");
  expect(titleOf(aCheck())).toBe("网络");
  expect(titleOf(aCheck({ name: "new", title: "New <b>" }))).toBe("New <b>");
});

describe("the page", () => {
  function aDaemon(): FakeDaemon {
    const fake = new FakeDaemon();
    fake.answer("hosts.list", () => ({ saved: [], aliases: [], links: [] }));
    return fake;
  }

  test("shows checks as they are made, and those of this run only", async () => {
    const fake = aDaemon();
    let finish: (result: DoctorResult) => void = () => undefined;
    fake.answer("doctor.run", () => new Promise((resolve) => (finish = resolve as typeof finish)));
    show(Doctor, fake, { hash: "#/doctor/gpu" });
    expect(fake.calls("doctor.run")).toEqual([]);
    const start = await screen.findByRole<HTMLButtonElement>("button", { name: "Start" });
    await waitFor(() => expect(start.disabled).toBe(false));
    await fireEvent.click(start);
    await waitFor(() => expect(fake.calls("doctor.run")).toMatchObject([{ target: "gpu", ask: true }]));
    const { run } = fake.calls("doctor.run")[0] ?? {};
    fake.push("doctor", { run: "another", target: "gpu", check: aCheck({ title: "Foreign" }) });
    fake.push("doctor", { run, target: "gpu", check: aCheck({ verdict: "running", finding: "" }) });
    await screen.findByText("Looking at: Network");
    expect(screen.queryByText("Foreign")).toBeNull();
    finish({ target: "gpu", verdict: "failure", checks: [aCheck(), FAILED] });
    await screen.findByText("1 failure");
    expect(screen.getByText("port 22 is open")).toBeTruthy();
  });

  test("starts by itself where the address asks for it, once", async () => {
    const fake = aDaemon();
    fake.answer("doctor.run", () => ({ target: null, verdict: "ok", checks: [aCheck()] }));
    const app = show(Doctor, fake, { hash: "#/doctor?run=1" });
    await screen.findByText("Nothing is wrong.");
    expect(fake.calls("doctor.run")).toMatchObject([{ target: null }]);
    expect(app.router.route.query.get("run")).toBeNull();
  });

  test("keeps what was found when it cannot be finished", async () => {
    const fake = aDaemon();
    fake.answer("doctor.run", () => new Promise(() => undefined));
    show(Doctor, fake, { hash: "#/doctor/gpu?run=1" });
    await waitFor(() => expect(fake.calls("doctor.run")).toHaveLength(1));
    const { run } = fake.calls("doctor.run")[0] ?? {};
    fake.push("doctor", { run, target: "gpu", check: aCheck() });
    fake.push("doctor", { run, target: "gpu", check: aCheck({ name: "login", verdict: "running" }) });
    await screen.findByText("port 22 is open");
    fake.vanish();
    await screen.findByText("It was not finished. What was found until then:");
    expect(screen.getByText("port 22 is open")).toBeTruthy();
  });

  test("says at the field that it is no server", async () => {
    const fake = aDaemon();
    show(Doctor, fake, { hash: "#/doctor/-oProxyCommand=x" });
    const start = await screen.findByRole<HTMLButtonElement>("button", { name: "Start" });
    await waitFor(() => expect(start.disabled).toBe(false));
    await fireEvent.click(start);
    await screen.findByText("Give a server's name, or user@host.");
    expect(fake.calls("doctor.run")).toEqual([]);
  });
});
