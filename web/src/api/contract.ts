/** What the server sends and takes, field by field; see docs/API.md. */

export type Role = 'admin' | 'viewer' | 'inference';
export type Tier = 'remote' | 'disk' | 'loading' | 'ready' | 'failed';
export type Priority = 'low' | 'normal' | 'high' | 'critical';

export interface Session {
  actor: string;
  role: Role;
  keys_required: boolean;
  version: string;
  /** Null until the model is open. */
  base: { name: string; architecture: string; context_length: number; weights?: string } | null;
  features?: { feedback: boolean; compare: boolean; prompts_kept: boolean };
}

export interface Memory {
  budget_bytes: number | null;
  ready_bytes: number;
  weights_bytes: number;
  kv_bytes: number;
  kv_used_bytes: number;
  resident_set_bytes: number;
}

export interface Probe {
  outcome: 'passed' | 'failed' | 'none' | 'sanity';
  checks: number;
  detail: string | null;
}

export interface Version {
  digest: string;
  created: string;
  created_by: string;
  reason: string | null;
  bytes: number;
  disk_bytes: number;
  rank: number | null;
  tier: Tier;
  leases: number;
  is_current: boolean;
  probe: Probe;
  note: string | null;
}

export type RouteKind = 'fixed' | 'weighted' | 'ab' | 'shadow' | 'rules';

export interface Adapter {
  name: string;
  digest: string | null;
  generation: number;
  tier: Tier;
  bytes: number;
  disk_bytes: number;
  rank: number | null;
  kind: string;
  leases: number;
  pinned: boolean;
  priority: Priority;
  last_used: string | null;
  requests: number;
  tokens: number;
  tokens_per_second: number;
  load_ms: number | null;
  problem: string | null;
  is_default: boolean;
  route: RouteKind;
  release: string | null;
  created: string;
  created_by: string;
  versions: Version[];
}

export interface AdapterList {
  base: { name: string };
  default: { name: string | null; generation: number };
  memory: Memory;
  data: Adapter[];
}

export interface AuditEntry {
  seq: number;
  time: string;
  actor: string;
  action: string;
  target: string;
  from: string | null;
  to: string | null;
  reason: string | null;
  request_id: string | null;
  details: Record<string, unknown> | null;
  prev: string;
  hash: string;
}

export interface AuditPage {
  data: AuditEntry[];
  has_more: boolean;
}

export interface ChainReport {
  valid: boolean;
  entries: number;
  head: string;
  problem: string | null;
  at_seq: number | null;
}

export interface UploadResult {
  name: string;
  digest: string;
  generation: number;
  previous_digest: string | null;
  released: boolean;
  is_new: boolean;
  bytes: number;
  rank: number | null;
  probe: Probe;
  warnings: string[];
  load_ms: number | null;
}

export interface Arm {
  name: string;
  digest: string;
  weight: number;
}

export type Plan =
  | { kind: 'fixed'; digest: string }
  | { kind: SplitKind; arms: Arm[]; sticky: Sticky; salt?: string }
  | { kind: 'shadow'; digest: string; shadow: { digest: string; share: number } }
  | { kind: 'rules'; rules: { match: Match; plan: Plan }[]; otherwise: Plan };

export type SplitKind = 'weighted' | 'ab';

/** Which requests a rule is for; what is absent is not asked. */
export interface Match {
  header?: { name: string; value: string };
  user?: string;
  key?: string;
  tenant?: string;
}

export interface Route {
  alias: string;
  generation: number;
  plan: Plan;
}

export type Sticky = 'user' | 'session' | 'none';

export interface Explanation {
  alias: string;
  arm: string | null;
  digest: string;
  generation: number;
  shadow: string | null;
  why: string[];
}

export interface Step {
  weight: number;
  min_requests?: number;
  hold_seconds?: number;
}

export type GuardMetric =
  | 'error_rate'
  | 'ttft_p95_ratio'
  | 'tpot_p95_ratio'
  | 'judge_score'
  | 'feedback'
  | 'refusals'
  | 'probe'
  | 'length_ratio';

export interface Guard {
  metric: GuardMetric;
  max?: number;
  min?: number;
  min_samples?: number;
  failure_limit?: number;
}

export interface GuardState extends Guard {
  status: 'ok' | 'waiting' | 'failing';
  value: number | null;
  samples: number;
  sentence: string;
}

export interface Judge {
  kind: 'regex' | 'json_schema' | 'http';
  name: string;
  pattern?: string;
  schema?: unknown;
  url?: string;
  timeout_seconds?: number;
}

export interface StartRelease {
  alias: string;
  candidate: string;
  kind: 'canary' | 'ab';
  steps: Step[];
  guards: Guard[];
  judges: Judge[];
  sticky: Sticky;
  auto_promote: boolean;
  reason?: string;
}

export interface Bucket {
  t: number;
  requests: number;
  errors: number;
  ttft_ms: number | null;
  tpot_ms: number | null;
  score: number | null;
}

export interface ArmFigures {
  name: string;
  digest: string;
  weight: number;
  requests: number;
  errors: number;
  refusals: number;
  tokens: number;
  ttft_ms: { p50: number | null; p95: number | null };
  tpot_ms: { p50: number | null; p95: number | null };
  stop_reasons: Record<string, number>;
  feedback: { count: number; mean: number | null };
  judges: { name: string; count: number; mean: number | null }[];
  probe: 'passed' | 'failed' | 'none' | 'sanity';
  series: Bucket[];
}

export interface Comparison {
  metric: string;
  difference: number;
  low: number;
  high: number;
  p_value: number;
  significant: boolean;
  sentence: string;
}

export type ReleaseState = 'running' | 'paused' | 'promoted' | 'aborted' | 'rolled_back';

export interface Release {
  id: string;
  alias: string;
  kind: 'canary' | 'ab';
  state: ReleaseState;
  stable: string;
  candidate: string;
  step: number;
  steps: Step[];
  weight: number;
  started: string;
  started_by: string;
  step_started: string;
  step_ends: string | null;
  ended: string | null;
  end_reason: string | null;
  auto_promote: boolean;
  guards: GuardState[];
  arms: ArmFigures[];
  comparisons: Comparison[];
  history: { time: string; event: string; detail: string | null; actor: string }[];
}

export interface Percentiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface TrafficPoint {
  t: number;
  rps: number;
  tps: number;
  running: number;
  waiting: number;
  ttft_p95: number | null;
  tpot_p95: number | null;
}

export interface Traffic {
  requests_per_second: number;
  tokens_per_second: number;
  running: number;
  waiting: number;
  queue_limit: number;
  rejected: number;
  latency: { ttft_ms: Percentiles; tpot_ms: Percentiles; e2e_ms: Percentiles };
  prefix_cache: { queried: number; hit: number };
  kv: { used_blocks: number; total_blocks: number };
  /** Absent while no engine is open. */
  memory?: Memory | null;
  adapters: { name: string; requests_per_second: number; tokens_per_second: number; running: number; waiting: number }[];
  series: TrafficPoint[];
}

export interface StoredAnswer {
  id: string;
  time: string;
  operation: string;
  alias: string | null;
  arm: string | null;
  digest: string | null;
  generation: string;
  prompt_hash: string;
  prompt_kept: boolean;
  prompt_tokens: number;
  completion_tokens: number;
  sampling: Record<string, unknown>;
  finish_reason: string | null;
  ttft_ms: number | null;
  total_ms: number | null;
  actor: string | null;
  text_hash: string;
  outcome: 'done' | 'cancelled' | 'failed';
  /** What a user said of it; the comment only where prompts are kept. */
  feedback: { score: number; comment: string | null } | null;
}

export interface ReplayResult {
  same: boolean;
  /** All answers of the request; most have one. */
  texts: string[];
  text_hash: string;
  expected_hash: string;
}

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}
