import { describe, expect, it } from "vitest";
import { keyMistake, LONGEST_KEY, readKey } from "./keys";

/** The public half of a key made for this test, and its fingerprint as ssh-keygen prints it. */
const PUBLIC = "AAAAC3NzaC1lZDI1NTE5AAAAICV9KyPIsUSdemw8mjUbouD/8ph4rgvvbyP3zstONstE";
const FINGERPRINT = "SHA256:ilSMg7ha1lh40AbWQzxv+iXhRezFcwbLqMWJ/fTLLgg";

/** A key file as OpenSSH lays it out; the private half is left out, as it is never looked at. */
function openSsh(cipher: string, body = (bytes: string) => bytes): string {
  const field = (text: string) => `\0\0\0${String.fromCharCode(text.length)}${text}`;
  const bytes = `openssh-key-v1\0${field(cipher)}${field("none")}${field("")}\0\0\0\x01${field(atob(PUBLIC))}`;
  return pem("OPENSSH ", btoa(body(bytes)));
}
function pem(kind: string, body = "AAAA"): string {
  return `-----BEGIN ${kind}PRIVATE KEY-----\n${body}\n-----END ${kind}PRIVATE KEY-----\n`;
}

describe("a key", () => {
  it("of OpenSSH is known by its type and fingerprint", async () => {
    const { key } = await readKey(openSsh("none"));
    expect(key).toEqual({ type: "ssh-ed25519", fingerprint: FINGERPRINT, isLocked: false });
  });

  it("of OpenSSH tells whether it needs a passphrase", async () => {
    expect((await readKey(openSsh("aes256-ctr"))).key?.isLocked).toBe(true);
  });

  it.each([
    ["RSA ", "", "ssh-rsa", false],
    ["EC ", "Proc-Type: 4,ENCRYPTED\n", "ecdsa", true],
    ["ENCRYPTED ", "", "PKCS#8", true],
    ["", "", "PKCS#8", false],
  ])("of the older format %sPRIVATE KEY is known by its head", async (kind, head, type, isLocked) => {
    expect((await readKey(pem(kind, `${head}AAAA`))).key).toEqual({ type, fingerprint: null, isLocked });
  });

  it("that was cut short is refused", async () => {
    expect((await readKey(openSsh("none", (bytes) => bytes.slice(0, 60)))).mistake).toBe("cut");
    expect((await readKey(pem("OPENSSH ", "not base64!"))).mistake).toBe("cut");
    expect(keyMistake(pem("RSA ").slice(0, 40))).toBe("cut");
  });

  it.each([
    [" \n", "empty"],
    ["x".repeat(LONGEST_KEY + 1), "long"],
    [`ssh-ed25519 ${PUBLIC} ann@laptop`, "public"],
    [`ecdsa-sha2-nistp256 ${PUBLIC}`, "public"],
    ["-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "public"],
    ["---- BEGIN SSH2 PUBLIC KEY ----", "public"],
    ["PuTTY-User-Key-File-3: ssh-ed25519", "putty"],
    ["-----BEGIN CERTIFICATE-----", "certificate"],
    ["hello", "other"],
  ])("is refused at the field when it is %j", (text, mistake) => {
    expect(keyMistake(text)).toBe(mistake);
  });
});
