/** What settings mean, in Chinese. In English it is the daemon's own help, as for a setting that is not listed here. */
import { language } from "../../lib/i18n/index.svelte";
import type { Setting } from "../../lib/rpc/contract";
import { inert } from "../../lib/text";

const CHINESE: Record<string, string> = {
  local_ports: "本地地址（http://localhost:PORT）所用的端口范围；“0” 表示由系统选择任意端口。",
  default_viewer: "未指定时启动的 Viewer。",
  viewer_lease: "远程 Viewer 在这么多秒内没有收到我们的消息后会自行结束。",
  viewer_start_timeout: "Viewer 启动后给出首次响应的最长秒数。",
  health_interval: "每隔这么多秒检查一次 Viewer 是否正常，响应时限相同，但最多 5 秒。连续三次没有响应则重新启动。",
  viewer_proof: "Viewer 正常运行这么多秒后即视为可靠，之前的重启不再计数。否则连续第五次崩溃后不再重启。",
  hold_time: "连接正在恢复时，浏览器的请求最多等待这么多秒，之后会看到说明页面。",
  sync_interval: "每隔这么多秒同步一次存储，除非添加时另有指定。",
  metadata_max_bytes: "大于此字节数的元数据文件会被跳过，并加以说明。",
  manifest_max_bytes: "清单（Artifact 的文件列表）的同类上限：5,000 个文件约占 1 MiB。",
  cache_limit_bytes: "下载最多占用本机磁盘的字节数；超过后移除最久未使用的下载。正在使用或无法再次获取的内容会保留。",
  downloads_at_once: "同时进行的下载数；其余排队等待。",
  download_rate_limit: "全部下载合计每秒最多获取的字节数；0 表示不限。",
  ssh_config: "要读取的 OpenSSH 配置；默认与 ssh 读取的相同。",
  connect_timeout: "建立连接时服务器最多可以无响应的秒数。",
  keepalive_interval: "每隔这么多秒询问一次服务器是否仍在线。OpenSSH 配置中的 ServerAliveInterval 优先。",
  keepalive_count: "连续这么多次询问没有响应后，连接视为断开。",
  dashboard: "是否向本机的浏览器提供控制台。",
  dashboard_port: "控制台的端口，被占用时取下一个空闲端口；0 表示由系统选择。",
  log_level: "日志级别：debug、info、warning、error。",
};

/** What a setting means, in the user's language where there is a text. */
export function helpOf(setting: Pick<Setting, "key" | "help">): string {
  const own = inert(setting.help.replaceAll("\n", " "), 1000);
  return language() === "zh" ? (CHINESE[setting.key] ?? own) : own;
}
