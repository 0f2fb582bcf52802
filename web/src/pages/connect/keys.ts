/** Looking at a key that was pasted or dropped. It stays in this page's memory, and goes to the daemon only. */

export const LONGEST_KEY = 65_536;

export type KeyMistake = "empty" | "long" | "public" | "putty" | "certificate" | "cut" | "other";

export interface PrivateKey {
  /** As OpenSSH names it (`ssh-ed25519`), or the format where the type is not told (`PKCS#8`). */
  type: string;
  /** `SHA256:…` of its public half; null where the format does not show it. */
  fingerprint: string | null;
  /** It needs a passphrase. */
  isLocked: boolean;
}

export type KeyReading = { key: PrivateKey; mistake: null } | { key: null; mistake: KeyMistake };

const BEGIN = /-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----/;
const PUBLIC = /^\s*(?:(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+ AAAA|-----BEGIN (?:[A-Z0-9]+ )*PUBLIC KEY|---- BEGIN SSH2 PUBLIC)/;
const OLD_TYPES: Record<string, string> = { RSA: "ssh-rsa", EC: "ecdsa", DSA: "ssh-dss" };
const MAGIC = "openssh-key-v1\0";

/** What a text is: a private key, or why it is none. */
export async function readKey(text: string): Promise<KeyReading> {
  const mistake = keyMistake(text);
  if (mistake) return { key: null, mistake };
  const kind = (BEGIN.exec(text)?.[1] ?? "").trim();
  if (kind === "OPENSSH") return readOpenSsh(text);
  const isLocked = kind === "ENCRYPTED" || text.includes("Proc-Type: 4,ENCRYPTED");
  return { key: { type: OLD_TYPES[kind] ?? "PKCS#8", fingerprint: null, isLocked }, mistake: null };
}

/** What shows at a glance that a text is no private key that can be used. */
export function keyMistake(text: string): KeyMistake | null {
  if (text.trim() === "") return "empty";
  if (text.length > LONGEST_KEY) return "long";
  if (PUBLIC.test(text)) return "public";
  if (text.includes("PuTTY-User-Key-File-")) return "putty";
  const begin = BEGIN.exec(text);
  if (!begin) return text.includes("-----BEGIN CERTIFICATE-----") ? "certificate" : "other";
  return text.includes(`-----END ${begin[1] ?? ""}PRIVATE KEY-----`) ? null : "cut";
}

async function readOpenSsh(text: string): Promise<KeyReading> {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1] ?? "";
  try {
    const bytes = Uint8Array.from(atob(body.replace(/\s+/g, "")), (character) => character.charCodeAt(0));
    const reader = new Reader(bytes);
    reader.expect(MAGIC);
    const cipher = reader.text();
    reader.bytes(); // how the passphrase is stretched,
    reader.bytes(); // and with which parameters
    if (reader.number() < 1) return { key: null, mistake: "cut" };
    const blob = reader.bytes();
    const type = new Reader(blob).text();
    const fingerprint = await sha256(blob);
    return { key: { type, fingerprint, isLocked: cipher !== "none" }, mistake: null };
  } catch {
    return { key: null, mistake: "cut" };
  }
}

/** OpenSSH's fingerprint of a public key blob. */
async function sha256(blob: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", blob));
  return `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, "")}`;
}

/** Reads the fields of OpenSSH's format: lengths of four bytes, each followed by that many bytes. */
class Reader {
  private at = 0;

  constructor(private readonly data: Uint8Array<ArrayBuffer>) {}

  expect(text: string): void {
    if (this.take(text.length).some((byte, index) => byte !== text.charCodeAt(index))) throw new RangeError("magic");
  }

  number(): number {
    return this.take(4).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.take(this.number());
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  private take(count: number): Uint8Array<ArrayBuffer> {
    const end = this.at + count;
    if (end > this.data.length) throw new RangeError("cut");
    const part = this.data.slice(this.at, end);
    this.at = end;
    return part;
  }
}
