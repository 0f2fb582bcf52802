/** A finding in the user's language: told by its kind and its facts, or in the daemon's English words. */
import { bytes, number } from "../../lib/format/numbers";
import { duration } from "../../lib/format/times";
import { language, look } from "../../lib/i18n/index.svelte";
import { findings } from "../../lib/i18n/zh/findings";
import type { Check } from "../../lib/rpc/contract";
import { titleOfName } from "./titles";

export interface Said {
  finding: string;
  hint: string;
  /** What the daemon itself said, where `finding` does not have all of it. */
  own: string;
}

type Facts = Record<string, unknown>;
/** Undefined where the fact is not what it should be. */
type Way = (value: unknown, facts: Facts) => string | undefined;

const LIST = "、";

/** What was found, and what to do next. */
export function saidOf(check: Check): Said {
  const own: Said = { finding: check.finding, hint: check.hint, own: "" };
  if (language() === "en" || check.verdict === "running" || check.kind === "") return own;
  const words = (findings as Record<string, string | readonly [string, string] | undefined>)[check.kind];
  if (words === undefined) return ofError(check) ?? own;
  const [found, hint = ""] = typeof words === "string" ? [words] : words;
  const finding = filled(found, check.context);
  if (finding === undefined) return own;
  const jump = check.context["jump"];
  return {
    finding: typeof jump === "string" && jump ? `跳板机 ${jump}：${finding}` : finding,
    hint: check.hint && (filled(hint, check.context) || check.hint),
    own: "",
  };
}

function ofError(check: Check): Said | undefined {
  const title = look(`error.${check.kind}`);
  if (title === undefined) return undefined;
  return { finding: title, hint: look(`error.${check.kind}.hint`) ?? check.hint, own: check.finding };
}

/** The text with its facts; undefined where one is missing, as from a daemon of another version. */
function filled(text: string, facts: Facts): string | undefined {
  let isWhole = true;
  const all = text.replace(/\{(\w+)(?::(\w+))?\}/g, (_, name: string, way: string | undefined) => {
    const written = (way ? WAYS[way] : (TOLD[name] ?? plain))?.(facts[name], facts);
    if (written === undefined) isWhole = false;
    return written ?? "";
  });
  return isWhole ? all : undefined;
}

const plain: Way = (value) => {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return Array.isArray(value) ? value.map(String).join(LIST) : undefined;
};

const WAYS: Record<string, Way | undefined> = {
  number: (value) => (typeof value === "number" ? number(value) : undefined),
  bytes: (value) => (typeof value === "number" ? bytes(value) : undefined),
  time: (value) => (typeof value === "number" ? brief(Math.abs(value)) : undefined),
  ahead: (value) => (typeof value === "number" ? (value > 0 ? "比本机快" : "比本机慢") : undefined),
  lines: (value) => (Array.isArray(value) ? value.map(String).join("\n") : undefined),
  title: (value) => (typeof value === "string" ? titleOfName(value) : undefined),
  size: (value) => (isFacts(value) ? number(Object.keys(value).length) : undefined),
  versions: (value) =>
    isFacts(value) ? Object.entries(value).map(([name, version]) => `${name}（${String(version)}）`).join(LIST) : undefined,
  said: (value) => (typeof value === "string" && value ? `；它输出：${value}` : ""),
  pid: (value) => (typeof value === "number" ? `（进程号 ${value}）` : ""),
  exists: (value) => (typeof value === "boolean" ? (value ? " 可写" : " 尚不存在，会在需要时创建") : undefined),
  read_only: (value) => (value === true ? "其文件系统为只读" : "此账户不可写入"),
  umask: (value) => (typeof value === "number" && value >= 0 ? `，umask ${value.toString(8).padStart(3, "0")}` : ""),
  or_more: (value) => (value === true ? "或更多" : ""),
  lingers: (value) => (value === true ? "注销后继续运行" : "注销后停止（loginctl enable-linger 可使其继续运行）"),
  origin: (value) => (typeof value === "string" ? originOf(value) : undefined),
  source: (value) => (typeof value === "string" ? (SOURCES[value] ?? `由 ${value} 指定`) : undefined),
};

/** Names that stand for several facts. */
const TOLD: Record<string, Way | undefined> = {
  way: (_, { jumps, by_command }) => {
    if (Array.isArray(jumps) && jumps.length > 0) return `，经由 ${jumps.map(String).join(LIST)}`;
    return by_command === true ? "，通过 ProxyCommand" : "";
  },
  alive: (_, { is_local, interval_s, misses }) =>
    is_local === true || typeof interval_s !== "number"
      ? ""
      : `；每 ${brief(interval_s)}确认一次连接，连续 ${String(misses)} 次无响应视为断开`,
  places: (_, facts) => placesOf(facts).filter((each) => each["short"]).map(shortage).join("；") || undefined,
  rooms: (_, facts) =>
    placesOf(facts).map((each) => `${String(each["path"])} 剩余 ${bytes(Number(each["free"]))}`).join("；") || undefined,
};

const SOURCES: Record<string, string | undefined> = { config: "在 Runicorn 设置中指定", default: "Runicorn 的默认目录" };

/** Where the settings of a host come from. */
function originOf(origin: string): string {
  if (origin === "an address") return "直接填写的地址";
  const [, saved, address] = /^saved as (\S+): (.+)$/s.exec(origin) ?? [];
  if (saved && address) return `已保存为 ${saved}：${address}`;
  const [, alias, file] = /^alias (\S+) of (.+)$/s.exec(origin) ?? [];
  return alias && file ? `${file} 中的别名 ${alias}` : origin;
}

function placesOf(facts: Facts): Facts[] {
  return Object.values(facts).filter(isFacts);
}

function shortage(place: Facts): string {
  const path = String(place["path"]);
  if (place["short"] === "files") return `${path} 只能再存 ${number(Number(place["free_files"]))} 个文件`;
  return `${path} 剩余 ${bytes(Number(place["free"]))}，共 ${bytes(Number(place["size"]))}`;
}

function isFacts(value: unknown): value is Facts {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A length of time: "12 毫秒", "1.4 秒", or as everywhere. */
function brief(seconds: number): string {
  if (seconds < 0.0995) return `${number(seconds * 1000, seconds < 0.00995 ? 1 : 0)} 毫秒`;
  if (seconds < 60) return `${number(seconds, Number.isInteger(seconds) ? 0 : 1)} 秒`;
  return duration(seconds);
}
