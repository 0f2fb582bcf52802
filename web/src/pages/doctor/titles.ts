/** What is looked at, in Chinese. In English it is the daemon's own title, as for a check that is not listed here. */
import { language } from "../../lib/i18n/index.svelte";
import type { Check } from "../../lib/rpc/contract";
import { inert } from "../../lib/text";

const CHINESE: Record<string, string> = {
  configuration: "配置",
  agent: "SSH Agent",
  dns: "域名解析",
  tcp: "网络",
  banner: "SSH 服务器",
  algorithms: "算法",
  host_key: "主机密钥",
  login: "登录",
  shell: "登录 Shell",
  python: "Python",
  environments: "Python 环境",
  root: "存储目录",
  home: "主目录",
  unix_sockets: "Unix 套接字",
  forwarding: "端口转发",
  disk: "磁盘",
  clock: "时钟",
  latency: "延迟",
  local_ports: "本地端口",
  daemon: "守护进程",
  runtime_folder: "运行目录",
  state_folder: "状态目录",
  cache_folder: "缓存目录",
  log_folder: "日志目录",
  socket: "套接字",
  lock: "锁",
  state_files: "状态文件",
  service: "系统服务",
  openssh: "OpenSSH",
  known_hosts: "known_hosts",
};

/** What a check is called in Chinese, by its stable name. */
export function titleOfName(name: string): string {
  return CHINESE[name] ?? inert(name, 80);
}

/** A check's title in the user's language. */
export function titleOf(check: Pick<Check, "name" | "title">): string {
  const own = inert(check.title, 80);
  return language() === "zh" ? (CHINESE[check.name] ?? own) : own;
}
