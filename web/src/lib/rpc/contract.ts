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

export interface Methods {
  "daemon.hello": { params: HelloParams; result: HelloResult };
  "daemon.status": { params: StatusParams; result: StatusResult };
  "daemon.shutdown": { params: ShutdownParams; result: Done };
  "hosts.list": { params: Empty; result: HostsResult };
  "hosts.save": { params: HostSaveParams; result: Done };
  "hosts.forget": { params: HostNameParams; result: Done };
  "hosts.check": { params: TargetParams; result: HostCheckResult };
  "hosts.trust": { params: TrustParams; result: Done };
  "hosts.untrust": { params: TargetParams; result: UntrustResult };
  "envs.list": { params: EnvsParams; result: EnvsResult };
  "sessions.start": { params: SessionStartParams; result: Session };
  "sessions.list": { params: Empty; result: SessionsResult };
  "sessions.get": { params: SubjectParams; result: Session };
  "sessions.stop": { params: SubjectParams; result: Session };
  "sessions.restart": { params: SubjectParams; result: Session };
  "sessions.logs": { params: LogsParams; result: LogsResult };
  "sessions.remove": { params: SubjectParams; result: Done };
  "prompts.list": { params: Empty; result: PromptsResult };
  "prompts.answer": { params: AnswerParams; result: Done };
  "events.subscribe": { params: SubscribeParams; result: SubscribeResult };
  "doctor.run": { params: DoctorParams; result: DoctorResult };
  "rpc.discover": { params: Empty; result: Document };
}

export interface AnswerParams {
  prompt: string;
  values: string[];
}

export interface AuthParams {
  identity_file?: string | null;
  private_key?: string | null;
  passphrase?: string | null;
  password?: string | null;
  agent_socket?: string | null;
}

export interface Check {
  name: string;
  title: string;
  verdict: "failure" | "ok" | "running" | "skipped" | "warning";
  finding: string;
  hint: string;
  seconds: number;
  context: Record<string, unknown>;
}

export interface DaemonInfo {
  pid: number;
  started: number;
  socket: string;
  log: string;
  config: string;
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
}

export interface DownloadRemoved {
  id: string;
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

export interface Remote {
  pid: number;
  endpoint: string;
  exposed: boolean;
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
  forwards: unknown[];
  prompts: PromptInfo[];
  stores: Store[];
  downloads: Download[];
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

export interface StoreRemoved {
  name: string;
}

export interface SubjectParams {
  session: string;
}

export interface SubscribeParams {
  since?: number | null;
  topics?: string[];
}

export interface SubscribeResult {
  sequence: number;
  snapshot: StatusResult | null;
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

export interface TargetParams {
  target: string;
}

export interface TrustParams {
  target: string;
  fingerprint: string;
}

export interface UntrustResult {
  removed: HostKey[];
  elsewhere: string[];
}
