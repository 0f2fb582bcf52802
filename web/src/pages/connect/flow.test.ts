import { describe, expect, it } from "vitest";
import type { Environment } from "../../lib/rpc/contract";
import { ERROR_KINDS } from "../../lib/rpc/contract";
import { advance, authOf, back, BEGIN, canGo, forgetAfter, go, mendedAt, NO_LOGIN, startParams, STEPS, stepsFor, withoutSecrets } from "./flow";

const environment = (name: string, python = `/opt/${name}/bin/python`): Environment => ({
  name,
  kind: "venv",
  python,
  python_version: "3.11.2",
  runicorn_version: "0.7.2",
  storage_root: "/data",
  usable: true,
  reason: "",
  problem: null,
  fix: "",
});

describe("the flow", () => {
  it("goes through every step and stays at the last one", () => {
    let flow = BEGIN;
    for (const step of STEPS.slice(1)) {
      flow = advance(flow, "gpu");
      expect(flow).toEqual({ step, reached: step });
    }
    expect(advance(flow, "gpu")).toEqual(flow);
  });

  it("asks no login and no key for this machine", () => {
    expect(stepsFor(" local ")).toEqual(["server", "environment", "place", "start"]);
    expect(advance(BEGIN, "local").step).toBe("environment");
    expect(back({ step: "environment", reached: "environment" }, "local").step).toBe("server");
    expect(canGo({ step: "start", reached: "start" }, "local", "login")).toBe(false);
  });

  it("goes back and forth without losing how far it was", () => {
    const far = { step: "place", reached: "place" } as const;
    expect(back(far, "gpu")).toEqual({ step: "environment", reached: "place" });
    expect(go({ step: "server", reached: "place" }, "gpu", "environment")).toEqual({ step: "environment", reached: "place" });
    expect(advance({ step: "login", reached: "place" }, "gpu")).toEqual({ step: "hostKey", reached: "place" });
  });

  it("does not skip what was not answered", () => {
    const early = { step: "login", reached: "login" } as const;
    expect(go(early, "gpu", "start")).toEqual(early);
    expect(back(BEGIN, "gpu")).toEqual(BEGIN);
  });

  it("goes through it again when an early answer changes", () => {
    expect(forgetAfter({ step: "place", reached: "start" }, "server")).toEqual(BEGIN);
    expect(forgetAfter({ step: "server", reached: "server" }, "login")).toEqual(BEGIN);
  });

  it("leads an error to the step that mends it, and only to a step that there is", () => {
    expect(mendedAt("auth_failed", "gpu")).toBe("login");
    expect(mendedAt("host_key_changed", "gpu")).toBe("hostKey");
    expect(mendedAt("root_not_found", "gpu")).toBe("place");
    expect(mendedAt("auth_failed", "local")).toBeNull();
    expect(mendedAt("viewer_crashed", "gpu")).toBeNull();
  });

  it("knows no kind of error that the daemon does not", () => {
    const known: readonly string[] = ERROR_KINDS;
    const mended = ["invalid_target", "host_unreachable", "key_unusable", "known_hosts_unreadable", "no_python", "port_taken"];
    for (const kind of mended) {
      expect(known).toContain(kind);
      expect(mendedAt(kind, "gpu")).not.toBeNull();
    }
  });
});

describe("a login", () => {
  it("sends what its way needs, and nothing else that was typed", () => {
    const typed = { ...NO_LOGIN, file: "~/.ssh/id", key: "KEY", passphrase: "p", password: "w" };
    expect(authOf({ ...typed, way: "configured" })).toBeNull();
    expect(authOf({ ...typed, way: "file" })).toEqual({ identity_file: "~/.ssh/id", passphrase: "p" });
    expect(authOf({ ...typed, way: "key" })).toEqual({ private_key: "KEY\n", passphrase: "p" });
    expect(authOf({ ...typed, way: "password" })).toEqual({ password: "w" });
  });

  it("has no secret left once it was used", () => {
    const used = withoutSecrets({ way: "key", file: "/k", key: "KEY", passphrase: "p", password: "w" });
    expect(used).toEqual({ way: "key", file: "/k", key: "", passphrase: "", password: "" });
    expect(authOf(used)).toBeNull();
  });

  it("gives a pasted key its line ends", () => {
    expect(authOf({ ...NO_LOGIN, way: "key", key: "\r\na\r\nb" })?.private_key).toBe("a\nb\n");
  });
});

describe("what is started", () => {
  const wanted = { target: "gpu", env: environment("train"), root: null, port: "" };

  it("names the environment, and leaves the rest to the daemon", () => {
    expect(startParams(wanted, [environment("train")], NO_LOGIN)).toEqual({
      target: "gpu",
      env: "train",
      root: null,
      local_port: null,
    });
  });

  it("names the Python where two environments share a name", () => {
    const twins = [environment("train"), environment("train", "/home/ann/train/bin/python")];
    expect(startParams(wanted, twins, NO_LOGIN).env).toBe("/opt/train/bin/python");
  });

  it("takes a path, a root and a port as they were typed", () => {
    const params = startParams({ ...wanted, env: "/opt/other", root: "/data/x", port: " 8081 " }, [], NO_LOGIN);
    expect(params).toEqual({ target: "gpu", env: "/opt/other", root: "/data/x", local_port: 8081 });
  });
});
