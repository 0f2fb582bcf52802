import { describe, expect, it } from "vitest";
import { isSavableName, nameFor, readTarget, targetMistake } from "./target";

describe("a target", () => {
  it.each([
    ["gpu", { user: null, host: "gpu", port: null }],
    ["ann@gpu.lab.edu:2222", { user: "ann", host: "gpu.lab.edu", port: 2222 }],
    ["ann@corp@gpu", { user: "ann@corp", host: "gpu", port: null }],
    ["ssh://ann%40corp@gpu:22/", { user: "ann@corp", host: "gpu", port: 22 }],
    ["[::1]:2222", { user: null, host: "::1", port: 2222 }],
    ["ann@[2001:db8::1]", { user: "ann", host: "2001:db8::1", port: null }],
    ["2001:db8::1", { user: null, host: "2001:db8::1", port: null }],
    ["fe80::1%eth0", { user: null, host: "fe80::1%eth0", port: null }],
    ["LAB\\ann@gpu", { user: "LAB\\ann", host: "gpu", port: null }],
    ["服务器", { user: null, host: "服务器", port: null }],
  ])("is read from %s as the daemon reads it", (text, address) => {
    expect(readTarget(text)).toEqual({ address, mistake: null });
  });

  it.each([
    ["", "empty"],
    ["x".repeat(301), "long"],
    ["-oProxyCommand=x", "dash"],
    ["ssh ann@gpu", "command"],
    ["ann@gpu -p 22", "blank"],
    ["gpu\u202e", "blank"],
    ["@gpu", "user"],
    ["ann\\@gpu", "user"],
    ["a;b@gpu", "user"],
    ["gpu;rm", "host"],
    ["ann@", "host"],
    ["$(x)", "host"],
    ["gpu:0", "port"],
    ["gpu:65536", "port"],
    ["gpu:ssh", "port"],
    ["gpu:", "port"],
    ["[gpu]:22", "brackets"],
    ["[::1", "brackets"],
    ["[::1]22", "brackets"],
    ["a:b:c", "colons"],
  ])("is refused at the field when it is %j", (text, mistake) => {
    expect(targetMistake(text)).toBe(mistake);
  });

  it("can be saved under a plain name only", () => {
    expect(isSavableName("gpu-1.lab")).toBe(true);
    for (const name of ["local", "", "a b", "a:22", "::1", "-x"]) expect(isSavableName(name)).toBe(false);
  });

  it("offers its host's first word as a name", () => {
    expect(nameFor("ann@gpu-1.lab.edu:22")).toBe("gpu-1");
    expect(nameFor("ann@192.168.1.100")).toBe("");
    expect(nameFor("[::1]:22")).toBe("");
  });
});
