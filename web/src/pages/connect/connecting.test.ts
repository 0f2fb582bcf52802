import { beforeEach, describe, expect, it } from "vitest";
import { RpcError } from "../../lib/rpc/errors";
import type { RpcSocket } from "../../lib/rpc/socket";
import { Connecting } from "./connecting.svelte";

type Reply = (params: Record<string, unknown>) => unknown;

const shown = { type: "ssh-ed25519", fingerprint: "SHA256:new", source: "" };
const train = {
  name: "train",
  kind: "venv",
  python: "/opt/train/bin/python",
  python_version: "3.11.2",
  runicorn_version: "0.7.2",
  storage_root: "/data",
  usable: true,
  reason: "",
  problem: null,
  fix: "",
};
const error = (kind: string) => new RpcError({ kind, message: "cannot", hint: "do" });

let replies: Record<string, Reply>;
let calls: [string, Record<string, unknown>][];
let way: Connecting;
const said = (method: string) => calls.filter(([name]) => name === method).map(([, params]) => params);

/** Wait until everything that was asked is answered. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

beforeEach(() => {
  calls = [];
  replies = {
    "hosts.check": ({ target }) => ({ target, address: `me@${String(target)}:22`, verdict: "trusted", shown, known: [] }),
    "hosts.trust": () => ({ done: true }),
    "hosts.untrust": () => ({ removed: [], elsewhere: [] }),
    "envs.list": ({ target }) => ({ target, environments: [train], chosen: train.python }),
    "sessions.start": ({ target }) => ({ id: "s1", target }),
    "sessions.remove": () => ({ done: true }),
  };
  const call = async (method: string, params: Record<string, unknown> = {}) => {
    calls.push([method, params]);
    await Promise.resolve();
    const reply = replies[method];
    if (!reply) throw new Error(`no answer for ${method}`);
    return reply(params);
  };
  way = new Connecting({ call } as unknown as Pick<RpcSocket, "call">);
});

describe("the way to a viewer", () => {
  it("goes from a known server to its environments by one click", async () => {
    way.choose("gpu");
    await settle();
    expect(way.flow.step).toBe("environment");
    expect(said("envs.list")).toEqual([{ target: "gpu" }]);
    way.use(train);
    way.next();
    await way.start();
    expect(said("sessions.start")).toEqual([{ target: "gpu", env: "train", root: null, local_port: null }]);
    expect(way.session).toBe("s1");
  });

  it("stops at a key that is not known, and goes on when it is trusted", async () => {
    replies["hosts.check"] = () => ({ target: "gpu", address: "a", verdict: "unknown", shown, known: [] });
    way.choose("gpu");
    await settle();
    expect(way.flow.step).toBe("hostKey");
    await way.trust();
    expect(said("hosts.trust")).toEqual([{ target: "gpu", fingerprint: "SHA256:new" }]);
    expect(way.flow.step).toBe("environment");
  });

  it("stays at a key that has changed until it is forgotten and looked at again", async () => {
    replies["hosts.check"] = () => ({ target: "gpu", address: "a", verdict: "changed", shown, known: [shown] });
    way.choose("gpu");
    await settle();
    expect(way.flow.step).toBe("hostKey");
    replies["hosts.check"] = () => ({ target: "gpu", address: "a", verdict: "unknown", shown, known: [] });
    await way.untrust();
    expect(way.hostKey).toMatchObject({ state: "done", value: { verdict: "unknown" } });
    expect(said("envs.list")).toEqual([]);
  });

  it("wipes secrets as soon as they were used", async () => {
    way.setTarget("gpu");
    way.next();
    way.setWay("password");
    way.login.password = "hush";
    way.next();
    await settle();
    expect(said("envs.list")).toEqual([{ target: "gpu", auth: { password: "hush" } }]);
    expect(way.login).toMatchObject({ way: "password", password: "" });
    way.use(train);
    await way.start();
    expect(said("sessions.start")[0]).not.toHaveProperty("auth");
  });

  it("leads a wrong password back to the login, with the daemon's words", async () => {
    replies["envs.list"] = () => {
      throw error("auth_failed");
    };
    way.setTarget("gpu");
    way.next();
    way.setWay("password");
    way.login.password = "wrong";
    way.next();
    await settle();
    expect(way.flow.step).toBe("login");
    expect(way.trouble).toMatchObject({ step: "login", error: { kind: "auth_failed", hint: "do" } });
    expect(way.login).toMatchObject({ way: "password", password: "" });
  });

  it("asks again after a login that failed, when it is sent anew", async () => {
    replies["envs.list"] = () => {
      throw error("auth_failed");
    };
    way.choose("gpu");
    await settle();
    expect(way.flow.step).toBe("login");
    replies["envs.list"] = () => ({ target: "gpu", environments: [train], chosen: null });
    way.next();
    await settle();
    expect(way.flow.step).toBe("environment");
    expect(said("hosts.check")).toHaveLength(1);
    expect(way.environments.state).toBe("done");
  });

  it("forgets secrets and answers with another target", async () => {
    way.choose("gpu");
    way.setWay("key");
    way.login.key = "KEY";
    way.setTarget("gpu2");
    await settle();
    expect(way.login.key).toBe("");
    expect(way.hostKey.state).toBe("none");
    expect(way.flow).toEqual({ step: "server", reached: "server" });
  });

  it("keeps what was chosen when the user goes back and forth", async () => {
    way.choose("gpu");
    await settle();
    way.use(train);
    way.ownRoot = false;
    way.root = "/elsewhere";
    way.next();
    way.goTo("server");
    way.setTarget("gpu ");
    way.goTo("start");
    expect(way.flow.step).toBe("start");
    expect(way.root).toBe("/elsewhere");
    expect(said("envs.list")).toHaveLength(1);
  });

  it("needs no key and no login for this machine", async () => {
    way.choose("local");
    await settle();
    expect(way.flow.step).toBe("environment");
    expect(said("hosts.check")).toEqual([]);
  });

  it("leads a port that is taken back to its field", async () => {
    replies["sessions.start"] = () => {
      throw error("port_taken");
    };
    way.choose("gpu");
    await settle();
    way.use(train);
    way.next();
    await way.start();
    expect(way.flow.step).toBe("place");
    expect(way.session).toBeNull();
  });

  it("removes a new session that failed when something is changed, and never one that was there before", async () => {
    way.choose("gpu");
    await settle();
    way.use(train);
    await way.start([]);
    way.change(error("root_not_found"), "place");
    expect(way.flow.step).toBe("place");
    expect(said("sessions.remove")).toEqual([{ session: "s1" }]);
    await way.start(["s1"]);
    way.change(error("root_not_found"), "place");
    expect(said("sessions.remove")).toHaveLength(1);
  });

  it("looks at the key anew when connecting finds another one", async () => {
    replies["envs.list"] = () => {
      throw error("host_key_changed");
    };
    way.choose("gpu");
    await settle();
    expect(way.flow.step).toBe("hostKey");
    expect(way.trouble?.error.kind).toBe("host_key_changed");
    expect(said("hosts.check")).toHaveLength(2);
    expect(said("envs.list")).toHaveLength(1);
  });
});
