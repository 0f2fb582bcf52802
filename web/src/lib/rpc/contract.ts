// Made by `make web-types` from runicornd/protocol. Do not edit.

export const PROTOCOLS: [number, number] = [1, 1];

export const ERROR_KINDS = [
  "parse_error",
  "invalid_request",
  "method_not_found",
  "invalid_params",
  "internal",
  "hello_required",
  "version_mismatch",
  "wrong_user",
  "too_many_connections",
  "line_too_long",
  "answer_too_long",
  "forbidden",
  "wrong_code",
  "invalid_target",
  "unknown_session",
  "unknown_host",
  "unknown_prompt",
  "unknown_viewer",
  "wrong_state",
  "unknown_store",
  "unknown_artifact",
  "ambiguous_name",
  "unknown_run",
  "unknown_download",
  "not_confirmed",
  "unknown_forward",
  "config_invalid",
  "already_running",
  "port_taken",
  "state_unwritable",
  "ssh_missing",
  "local_disk_full",
  "place_unwritable",
  "dashboard_off",
  "host_unreachable",
  "not_connected",
  "not_ssh",
  "no_common_algorithm",
  "auth_failed",
  "key_unusable",
  "host_key_unknown",
  "host_key_changed",
  "host_key_revoked",
  "known_hosts_unreadable",
  "needs_input",
  "no_python",
  "remote_unsupported",
  "forwarding_forbidden",
  "agent_failed",
  "no_environment",
  "viewer_not_installed",
  "viewer_incompatible",
  "viewer_crashed",
  "viewer_unresponsive",
  "root_not_found",
  "permission_denied",
  "disk_full",
  "read_only",
  "checksum_mismatch",
  "source_changed",
  "file_missing",
  "store_locked",
  "metadata_broken",
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

export const FINDINGS = [
  "needs_failed",
  "check_slow",
  "check_crashed",
  "without_ssh",
  "by_command",
  "this_machine",
  "options_unheeded",
  "target_read",
  "agent_none",
  "agent_gone",
  "agent_broken",
  "agent_empty",
  "agent_keys",
  "name_found",
  "port_open",
  "server_found",
  "offer_unknown",
  "algorithms_agreed",
  "host_key_trusted",
  "host_key_certified",
  "host_key_new",
  "login_there",
  "login_local",
  "login_done",
  "shell_mute",
  "shell_noisy",
  "shell_slow",
  "shell_fine",
  "shell_untried",
  "python_found",
  "environments_usable",
  "root_missing",
  "root_unreadable",
  "root_read_only",
  "root_fine",
  "home_missing",
  "home_unwritable",
  "home_fine",
  "unix_sockets_forbidden",
  "unix_sockets_fine",
  "tcp_not_needed",
  "nothing_forwarded",
  "tcp_fine",
  "clock_wrong",
  "clock_fine",
  "latency_high",
  "latency_fine",
  "disks_full",
  "disks_low",
  "disks_fine",
  "ports_any",
  "ports_none",
  "ports_few",
  "ports_fine",
  "daemon_here",
  "configuration_none",
  "configuration_fine",
  "python_here",
  "configuration_unread",
  "state_files_broken",
  "state_files_aside",
  "state_files_fine",
  "known_hosts_odd",
  "known_hosts_fine",
  "daemon_runs",
  "daemon_off",
  "daemon_silent",
  "socket_long",
  "socket_later",
  "socket_unreachable",
  "socket_idle",
  "socket_fine",
  "socket_is_none",
  "socket_foreign",
  "socket_open",
  "lock_unused",
  "lock_unreadable",
  "lock_missed",
  "lock_free",
  "lock_held",
  "folder_unreachable",
  "folder_is_none",
  "folder_foreign",
  "folder_unwritable",
  "folder_open",
  "folder_unmakeable",
  "folder_full",
  "folder_low",
  "folder_fine",
  "openssh_found",
  "service_installed",
  "service_missing",
  "no_systemd",
  "systemd_silent",
  "service_failed",
  "service_disabled",
  "service_on",
] as const;

export type FindingKind = (typeof FINDINGS)[number];

export interface Methods {
  "daemon.hello": { params: HelloParams; result: HelloResult };
  "daemon.status": { params: StatusParams; result: StatusResult };
  "daemon.shutdown": { params: ShutdownParams; result: Done };
  "hosts.list": { params: Empty; result: HostsResult };
  "hosts.save": { params: HostSaveParams; result: Done };
  "hosts.forget": { params: HostNameParams; result: Done };
  "hosts.check": { params: TargetParams; result: HostCheckResult };
  "hosts.keys": { params: Empty; result: TrustedKeysResult };
  "hosts.trust": { params: TrustParams; result: Done };
  "hosts.untrust": { params: TargetParams; result: UntrustResult };
  "envs.list": { params: EnvsParams; result: EnvsResult };
  "folders.list": { params: FoldersParams; result: FoldersResult };
  "sessions.start": { params: SessionStartParams; result: Session };
  "sessions.list": { params: Empty; result: SessionsResult };
  "sessions.get": { params: SubjectParams; result: Session };
  "sessions.stop": { params: SubjectParams; result: Session };
  "sessions.restart": { params: SubjectParams; result: Session };
  "sessions.logs": { params: LogsParams; result: LogsResult };
  "sessions.remove": { params: SubjectParams; result: Done };
  "forwards.open": { params: ForwardOpenParams; result: Forward };
  "forwards.list": { params: Empty; result: ForwardsResult };
  "forwards.close": { params: ForwardNameParams; result: Done };
  "stores.list": { params: Empty; result: StoresResult };
  "stores.add": { params: StoreAddParams; result: Store };
  "stores.remove": { params: StoreRemoveParams; result: StoreLeft };
  "stores.change": { params: StoreChangeParams; result: Store };
  "stores.use": { params: StoreNameParams; result: Store };
  "stores.status": { params: StoreParams; result: Store };
  "stores.problems": { params: StoreProblemsParams; result: StoreProblemsResult };
  "stores.sync": { params: SyncParams; result: Store };
  "stores.cancel": { params: StoreParams; result: Store };
  "stores.connect": { params: StoreParams; result: Store };
  "stores.disconnect": { params: StoreParams; result: Store };
  "artifacts.list": { params: ArtifactsParams; result: ArtifactsResult };
  "artifacts.get": { params: ArtifactParams; result: Artifact };
  "artifacts.files": { params: FilesParams; result: FilesResult };
  "artifacts.lineage": { params: LineageParams; result: Lineage };
  "artifacts.delete": { params: DeleteParams; result: Changed };
  "artifacts.restore": { params: ArtifactParams; result: Changed };
  "artifacts.alias": { params: AliasParams; result: Changed };
  "artifacts.tag": { params: TagParams; result: Changed };
  "runs.list": { params: RunsParams; result: RunsResult };
  "runs.get": { params: RunParams; result: Run };
  "downloads.start": { params: DownloadParams; result: Download };
  "downloads.list": { params: Empty; result: DownloadsResult };
  "downloads.get": { params: DownloadNameParams; result: Download };
  "downloads.cancel": { params: DownloadNameParams; result: Download };
  "cache.info": { params: Empty; result: CacheInfo };
  "cache.cleanup": { params: CacheCleanupParams; result: CacheFreed };
  "cache.clear": { params: CacheClearParams; result: CacheFreed };
  "prompts.list": { params: Empty; result: PromptsResult };
  "prompts.answer": { params: AnswerParams; result: Done };
  "events.subscribe": { params: SubscribeParams; result: SubscribeResult };
  "settings.get": { params: Empty; result: SettingsResult };
  "settings.reload": { params: Empty; result: SettingsReloaded };
  "dashboard.link": { params: Empty; result: DashboardLink };
  "dashboard.token": { params: Empty; result: DashboardToken };
  "dashboard.revoke": { params: Empty; result: Done };
  "doctor.run": { params: DoctorParams; result: DoctorResult };
  "rpc.discover": { params: Empty; result: Document };
}

export interface AliasParams {
  ref: string;
  alias: string;
  store?: string | null;
  remove?: boolean;
}

export interface AnswerParams {
  prompt: string;
  values: string[];
}

export interface Artifact {
  store: string;
  where: string;
  is_local: boolean;
  type: string;
  name: string;
  version: number;
  layout: "artifacts" | "assets";
  status: string;
  is_deleted: boolean;
  deleted: number | null;
  created: number;
  updated: number;
  size_bytes: number;
  description: string;
  tags: string[];
  aliases: string[];
  metadata: Record<string, unknown>;
  path: string;
  files: ArtifactFile[];
  files_total: number;
  references: Reference[];
  versions: VersionSummary[];
  made_by: string | null;
  used_by: string[];
  user: string | null;
  downloaded_to: string | null;
  problem: string | null;
  synced: number | null;
}

export interface ArtifactFile {
  path: string;
  size: number;
  digest: string;
  modified: number | null;
  is_local: boolean;
}

export interface ArtifactParams {
  ref: string;
  store?: string | null;
}

export interface ArtifactSummary {
  type: string;
  name: string;
  version: number;
  versions: number;
  size_bytes: number;
  files: number;
  created: number;
  updated: number;
  description: string;
  tags: string[];
  aliases: string[];
  is_deleted: boolean;
  problem: string | null;
}

export interface ArtifactsParams {
  store?: string | null;
  type?: string | null;
  search?: string;
  sort?: "created" | "name" | "size" | "updated" | "versions";
  order?: "down" | "up" | null;
  deleted?: boolean;
  limit?: number;
  cursor?: string | null;
}

export interface ArtifactsResult {
  store: string;
  artifacts: ArtifactSummary[];
  total: number;
  types: TypeCount[];
  next: string | null;
  synced: number | null;
}

export interface AuthParams {
  identity_file?: string | null;
  private_key?: string | null;
  passphrase?: string | null;
  password?: string | null;
  agent_socket?: string | null;
}

export interface CacheCleanupParams {
  limit_bytes?: number | null;
  removed?: boolean;
}

export interface CacheClearParams {
  store?: string | null;
  downloads?: boolean;
  removed?: boolean;
}

export interface CacheFreed {
  freed_bytes: number;
  removed: number;
  kept: number;
}

export interface CacheInfo {
  path: string;
  limit_bytes: number;
  total_bytes: number;
  stores: CacheStore[];
  removed: CacheStore[];
}

export interface CacheStore {
  store: string;
  path: string;
  index_bytes: number;
  metadata_bytes: number;
  downloads_bytes: number;
  downloads: number;
  removed: number | null;
}

export interface Changed {
  store: string;
  where: string;
  ref: string;
  message: string;
  changed: boolean;
  freed_bytes: number;
  hint: string;
}

export interface Check {
  name: string;
  title: string;
  verdict: "failure" | "ok" | "running" | "skipped" | "warning";
  finding: string;
  hint: string;
  seconds: number;
  context: Record<string, unknown>;
  kind: string;
}

export interface DaemonInfo {
  pid: number;
  started: number;
  socket: string;
  log: string;
  config: string;
}

export interface DashboardInfo {
  url: string;
  port: number;
}

export interface DashboardLink {
  url: string;
  port: number;
  expires: number;
}

export interface DashboardToken {
  token: string;
}

export interface DeleteParams {
  ref: string;
  store?: string | null;
  permanently?: boolean;
  confirm?: string | null;
}

export interface DoctorParams {
  target?: string | null;
  run?: string | null;
  auth?: AuthParams | null;
  ask?: boolean;
}

export interface DoctorResult {
  target: string | null;
  verdict: "failure" | "ok" | "warning";
  checks: Check[];
}

export interface DoctorTick {
  run: string;
  target: string | null;
  check: Check;
}

export interface Document {
  openrpc: string;
  info: Record<string, unknown>;
  methods: Record<string, unknown>[];
  components: Record<string, unknown>;
}

export interface Done {
  done: boolean;
}

export interface Download {
  id: string;
  store: string;
  ref: string;
  to: string;
  state: "cancelled" | "done" | "failed" | "running" | "verifying" | "waiting";
  files_done: number;
  files_total: number;
  bytes_done: number;
  bytes_total: number;
  rate: number;
  created: number;
  since: number;
  left_s: number | null;
  active: FileProgress[];
  skipped: number;
  references: string[];
  detail: string;
  prompt: string | null;
  error: ErrorData | null;
  files: string[];
  is_kept: boolean;
}

export interface DownloadNameParams {
  download: string;
}

export interface DownloadParams {
  ref: string;
  store?: string | null;
  files?: string[];
  to?: string | null;
}

export interface DownloadRemoved {
  id: string;
}

export interface DownloadsResult {
  downloads: Download[];
}

export type Empty = Record<string, never>;

export interface Environment {
  name: string;
  kind: string;
  python: string;
  python_version: string | null;
  runicorn_version: string | null;
  storage_root: string | null;
  usable: boolean;
  reason: string;
  fix: string;
  problem: string | null;
}

export interface EnvsParams {
  target: string;
  viewer?: string | null;
  auth?: AuthParams | null;
}

export interface EnvsResult {
  target: string;
  environments: Environment[];
  chosen: string | null;
}

export interface ErrorData {
  kind: string;
  message: string;
  hint: string;
  retryable: boolean;
  context: Record<string, unknown>;
}

export interface Event {
  sequence: number;
  topic: string;
  data: unknown;
}

export interface FileProgress {
  path: string;
  done: number;
  size: number;
}

export interface FilesParams {
  ref: string;
  store?: string | null;
  limit?: number;
  cursor?: string | null;
}

export interface FilesResult {
  files: ArtifactFile[];
  total: number;
  next: string | null;
}

export interface Folder {
  name: string;
  path: string;
  is_root_candidate: boolean;
}

export interface FoldersParams {
  target: string;
  path?: string | null;
  auth?: AuthParams | null;
}

export interface FoldersResult {
  path: string;
  parent: string | null;
  folders: Folder[];
  is_root: boolean;
  is_cut: boolean;
}

export interface Forward {
  id: string;
  target: string;
  remote: string;
  local_port: number | null;
  address: string | null;
  state: string;
  since: number;
  created: number;
  connections: number;
  prompt: string | null;
  error: ErrorData | null;
}

export interface ForwardNameParams {
  forward: string;
}

export interface ForwardOpenParams {
  target: string;
  spec: string;
  auth?: AuthParams | null;
}

export interface ForwardRemoved {
  id: string;
}

export interface ForwardsResult {
  forwards: Forward[];
}

export interface HelloParams {
  client: string;
  version: string;
  protocol: [number, number];
}

export interface HelloResult {
  protocol: number;
  daemon: string;
  version: string;
  pid: number;
}

export interface HostCheckResult {
  target: string;
  address: string;
  verdict: "changed" | "revoked" | "trusted" | "unknown";
  shown: HostKey;
  known: HostKey[];
}

export interface HostKey {
  type: string;
  fingerprint: string;
  source: string;
}

export interface HostNameParams {
  name: string;
}

export interface HostSaveParams {
  name: string;
  address: string;
  identity_file?: string | null;
}

export interface HostState {
  target: string;
  address: string;
  state: string;
  since: number;
  retry_at: number | null;
  error: ErrorData | null;
  prompt: string | null;
}

export interface HostsResult {
  saved: SavedHost[];
  aliases: string[];
  links: HostState[];
}

export interface Lineage {
  root: string;
  nodes: LineageNode[];
  edges: LineageEdge[];
  is_cut: boolean;
}

export interface LineageEdge {
  source: string;
  target: string;
  kind: "made" | "used";
}

export interface LineageNode {
  id: string;
  kind: "artifact" | "run";
  label: string;
  type: string;
  created: number | null;
  size_bytes: number | null;
  status: string;
  is_deleted: boolean;
  is_known: boolean;
}

export interface LineageParams {
  ref: string;
  store?: string | null;
  direction?: "both" | "down" | "up";
  depth?: number;
}

export interface LogLines {
  session: string;
  lines: string[];
}

export interface LogsParams {
  session: string;
  lines?: number;
}

export interface LogsResult {
  session: string;
  lines: string[];
}

export interface PromptChoice {
  value: string;
  label: string;
  detail: string;
}

export interface PromptField {
  label: string;
  echo: boolean;
}

export interface PromptInfo {
  id: string;
  kind: string;
  target: string;
  message: string;
  fields: PromptField[];
  choices: PromptChoice[];
  detail: string;
}

export interface PromptsResult {
  prompts: PromptInfo[];
}

export interface Reference {
  uri: string;
  size: number | null;
  checksum: string | null;
}

export interface Remote {
  pid: number;
  endpoint: string;
  exposed: boolean;
}

export interface Run {
  store: string;
  id: string;
  path: string;
  status: string;
  created: number | null;
  ended: number | null;
  meta: Record<string, unknown>;
  summary: Record<string, unknown>;
  made: string[];
  used: string[];
  problem: string | null;
}

export interface RunParams {
  run: string;
  store?: string | null;
}

export interface RunSummary {
  id: string;
  path: string;
  status: string;
  created: number | null;
  ended: number | null;
  made: number;
  used: number;
  alias: string;
  problem: string | null;
}

export interface RunsParams {
  store?: string | null;
  search?: string;
  status?: string | null;
  limit?: number;
  cursor?: string | null;
}

export interface RunsResult {
  store: string;
  runs: RunSummary[];
  total: number;
  next: string | null;
}

export interface SavedHost {
  name: string;
  address: string;
  identity_file: string | null;
}

export interface Session {
  id: string;
  target: string;
  viewer: string;
  state: string;
  url: string | null;
  local_port: number | null;
  env: SessionEnv | null;
  root: string | null;
  remote: Remote | null;
  since: number;
  step: string | null;
  detail: string;
  prompt: string | null;
  error: ErrorData | null;
}

export interface SessionEnv {
  name: string;
  python: string;
  runicorn_version: string | null;
}

export interface SessionStartParams {
  target: string;
  env?: string | null;
  root?: string | null;
  viewer?: string | null;
  local_port?: number | null;
  auth?: AuthParams | null;
}

export interface SessionsResult {
  sessions: Session[];
}

export interface Setting {
  key: string;
  value: boolean | number | number | string | null;
  default: boolean | number | number | string | null;
  help: string;
  source: "default" | "file" | "variable";
  needs_restart: boolean;
}

export interface SettingsReloaded {
  taken: string[];
  needs_restart: string[];
}

export interface SettingsResult {
  file: string;
  settings: Setting[];
}

export interface ShutdownParams {
  keep?: boolean;
}

export interface StatusParams {
  subject?: string | null;
}

export interface StatusResult {
  version: string;
  daemon: DaemonInfo;
  hosts: HostState[];
  sessions: Session[];
  forwards: Forward[];
  prompts: PromptInfo[];
  stores: Store[];
  downloads: Download[];
  dashboard: DashboardInfo | null;
}

export interface Store {
  name: string;
  target: string;
  is_local: boolean;
  root: string | null;
  interval_s: number | null;
  state: "disconnected" | "failed" | "idle" | "syncing" | "waiting";
  in_use: boolean;
  since: number;
  artifacts: number;
  versions: number;
  runs: number;
  unreadable: number;
  metadata_bytes: number;
  downloads_bytes: number;
  last_sync: SyncReport | null;
  next_sync: number | null;
  progress: SyncProgress | null;
  detail: string;
  prompt: string | null;
  error: ErrorData | null;
}

export interface StoreAddParams {
  target: string;
  name?: string | null;
  root?: string | null;
  interval_s?: number | null;
  is_automatic?: boolean;
  auth?: AuthParams | null;
}

export interface StoreChangeParams {
  store: string;
  interval_s?: number | null;
}

export interface StoreLeft {
  store: string;
  path: string;
  downloads: number;
  downloads_bytes: number;
}

export interface StoreNameParams {
  store: string;
}

export interface StoreParams {
  store?: string | null;
}

export interface StoreProblem {
  kind: "file" | "run" | "version";
  label: string;
  path: string;
  reason: string;
}

export interface StoreProblemsParams {
  store?: string | null;
  limit?: number;
  cursor?: string | null;
}

export interface StoreProblemsResult {
  store: string;
  problems: StoreProblem[];
  total: number;
  next: string | null;
}

export interface StoreRemoveParams {
  store: string;
  keep_files?: boolean;
}

export interface StoreRemoved {
  name: string;
}

export interface StoresResult {
  stores: Store[];
  in_use: string | null;
}

export interface SubjectParams {
  session: string;
}

export interface SubscribeParams {
  since?: number | null;
  topics?: string[];
  gather_ms?: number;
}

export interface SubscribeResult {
  sequence: number;
  snapshot: StatusResult | null;
}

export interface SyncParams {
  store?: string | null;
  wait?: boolean;
  auth?: AuthParams | null;
}

export interface SyncProgress {
  phase: string;
  files_done: number;
  files_total: number | null;
  bytes_done: number;
  bytes_total: number | null;
  current: string;
  rate: number;
  since: number;
}

export interface SyncReport {
  at: number;
  seconds: number;
  changed: number;
  removed: number;
  received_bytes: number;
  problems: number;
}

export interface TagParams {
  ref: string;
  store?: string | null;
  add?: string[];
  remove?: string[];
}

export interface TargetParams {
  target: string;
}

export interface TrustParams {
  target: string;
  fingerprint: string;
}

export interface TrustedKey {
  host: string;
  key: HostKey;
}

export interface TrustedKeysResult {
  keys: TrustedKey[];
}

export interface TypeCount {
  type: string;
  artifacts: number;
}

export interface UntrustResult {
  removed: HostKey[];
  elsewhere: string[];
}

export interface VersionSummary {
  version: number;
  created: number;
  size_bytes: number;
  files: number;
  status: string;
  aliases: string[];
  run: string | null;
  is_deleted: boolean;
  is_downloaded: boolean;
  problem: string | null;
}
