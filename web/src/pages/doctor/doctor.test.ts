import { screen, waitFor } from "@testing-library/svelte";
import { fireEvent } from "@testing-library/dom";
import { afterEach, describe, expect, test } from "vitest";
import { findings } from "../../lib/i18n/zh/findings";
import { setLanguage } from "../../lib/i18n/index.svelte";
import { FINDINGS, type Check, type DoctorResult } from "../../lib/rpc/contract";
import { FakeDaemon, show } from "../../lib/testing/fake";
import Doctor from "../Doctor.svelte";
import { asJson, asText, commandsOf, merged, summary, worst } from "./findings";
import { saidOf } from "./saying";
import { titleOf } from "./titles";

function aCheck(changes: Partial<Check> = {}): Check {
  return { name: "tcp", title: "Network", verdict: "ok", finding: "port 22 is open", hint: "", seconds: 0.1, context: {}, kind: "", ...changes };
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
    await screen.findByText("A server does not begin with a dash.");
    expect(fake.calls("doctor.run")).toEqual([]);
  });
});

describe("in Chinese", () => {
  const said = (changes: Partial<Check>) => {
    setLanguage("zh");
    return saidOf(aCheck(changes));
  };

  test("every kind of finding has its words", () => {
    expect(Object.keys(findings).sort()).toEqual([...FINDINGS].sort());
  });

  test.each<[string, string, Record<string, unknown>]>([
    ["port_open", "端口 22 已开放，用时 21 毫秒", { port: 22, seconds: 0.021, jump: null }],
    ["port_open", "跳板机 gate：端口 22 已开放，用时 1.2 秒", { port: 22, seconds: 1.2, jump: "gate" }],
    ["needs_failed", "未检查：“登录”失败", { step: "login" }],
    ["target_read", "ann@gpu:22，经由 a、b（/c 中的别名 gpu）", { address: "ann@gpu:22", jumps: ["a", "b"], origin: "alias gpu of /c" }],
    ["shell_noisy", "/bin/sh 在执行命令前输出了 5 字节：hello", { shell: "/bin/sh", noise: 5, said: "hello" }],
    ["daemon_here", "版本 1.0，进程号 7", { version: "1.0", pid: 7 }],
    ["lock_held", "已被持有（进程号 7）", { pid: 7 }],
    ["latency_fine", "往返用时 5.0 毫秒", { seconds: 0.005, is_local: true }],
    ["clock_wrong", "服务器时钟比本机慢 1分钟 34秒", { seconds: -94 }],
    ["environments_usable", "3 个环境中有 1 个可以运行 Viewer：base（0.7.2）", { environments: 3, usable: { base: "0.7.2" } }],
    ["folder_fine", "/a 尚不存在，会在需要时创建；剩余 2.00 GB", { path: "/a", exists: false, free: 2e9 }],
    [
      "disks_low",
      "即将用尽：/h 剩余 1.00 MB，共 2.00 GB",
      { home: { path: "/h", free: 1e6, size: 2e9, short: "bytes" }, root: { path: "/r", free: 1, size: 2, short: null } },
    ],
  ])("%s is told with its facts: %s", (kind, words, context) => {
    expect(said({ kind, context })).toMatchObject({ finding: words, own: "" });
  });

  test("what to do next is told where there is something to do", () => {
    expect(said({ kind: "agent_empty", context: { socket: "/s" }, hint: "add yours: ssh-add" }).hint).toContain("ssh-add");
    expect(said({ kind: "login_done", context: { user: "ann" } }).hint).toBe("");
  });

  test("an error has its title, and the daemon's own words under it", () => {
    const check = said({ kind: "auth_failed", verdict: "failure", finding: "cannot log in: no", hint: "look" });
    expect(check).toEqual({ finding: "服务器拒绝登录", hint: "请检查用户名以及密钥或密码。", own: "cannot log in: no" });
  });

  test.each([
    ["of a later daemon", { kind: "from_the_future" }],
    ["of an earlier daemon", { kind: "" }],
    ["that lacks a fact", { kind: "port_open", context: { port: 22 } }],
  ])("a finding %s stays in the daemon's words", (_, changes) => {
    expect(said({ finding: "its own", ...changes })).toEqual({ finding: "its own", hint: "", own: "" });
  });
});
