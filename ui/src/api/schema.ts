/**
 * The HTTP API's values, as its OpenAPI document has them.
 *
 * Written by scripts/api_types.py: do not change it by hand.
 */

export interface AccessRow {
  cluster: string
  role: 'admin' | 'operator' | 'viewer' | null
  because: string
  grants: GrantRow[]
}

export interface AcknowledgeAlertBody {
  note?: string
  instead_of?: string
}

export interface Acknowledgement {
  alert: string
  actor: string
  at: number
  note: string
}

export interface Action {
  plan: ActionPlan
  report: ActionReport
}

export interface ActionPlan {
  id: string
  request: ActionRequest
  actor: string
  made: number
  expires: number
  sentence: string
  count: number
  capped: boolean
  complete: boolean
  skipped: Record<string, number>
  bounds: Grant[] | null
  by_state: Record<string, number>
  fidelity: Record<string, number>
  sample: Chosen[]
  consequences: string[]
  workers: string[]
  confirm: number | null
  impossible: string | null
}

export interface ActionReport {
  id: string
  state: 'cancelled' | 'done' | 'failed' | 'interrupted' | 'planned' | 'running'
  sentence: string
  total: number
  done: number
  failed: number
  skipped: number
  workers: WorkerAnswer[]
  failures: Record<string, number>
  left_out: Record<string, number>
  notes: string[]
  sent: Record<string, string>
  is_unsure: boolean
  is_unconfirmed: boolean
  started: number | null
  finished: number | null
}

export interface ActionRequest {
  action: 'abort' | 'add_consumer' | 'autoscale' | 'cancel_consumer' | 'disable_events' | 'enable_events' | 'log_level' | 'pause' | 'ping' | 'pool_grow' | 'pool_restart' | 'pool_shrink' | 'purge' | 'rate_limit' | 'resume' | 'retry' | 'revoke' | 'shutdown' | 'terminate' | 'time_limit'
  ids: string[] | null
  q: string | null
  tz: string
  workers: string[]
  name: string | null
  queue: string | null
  signal: string
  n: number
  min: number | null
  max: number | null
  rate: string | null
  soft: number | null
  hard: number | null
  level: 'critical' | 'debug' | 'error' | 'info' | 'warning' | null
  edit: Edit | null
  again: boolean
  reason: string | null
}

export interface ActionRequestBody {
  action: 'abort' | 'add_consumer' | 'autoscale' | 'cancel_consumer' | 'disable_events' | 'enable_events' | 'log_level' | 'pause' | 'ping' | 'pool_grow' | 'pool_restart' | 'pool_shrink' | 'purge' | 'rate_limit' | 'resume' | 'retry' | 'revoke' | 'shutdown' | 'terminate' | 'time_limit'
  ids?: string[] | null
  q?: string | null
  tz?: string
  workers?: string[]
  name?: string | null
  queue?: string | null
  signal?: string
  n?: number
  min?: number | null
  max?: number | null
  rate?: string | null
  soft?: number | null
  hard?: number | null
  level?: 'critical' | 'debug' | 'error' | 'info' | 'warning' | null
  edit?: EditBody | null
  again?: boolean
  reason?: string | null
}

export interface Actions {
  items: Action[]
  next: number | null
}

export interface AddRuleBody {
  name: string
  condition: string
  severity?: 'critical' | 'notice' | 'warning'
  pending_s?: number
  clear_s?: number
  notify?: string[]
  escalate_s?: number | null
  escalate_to?: string[]
  note?: string
  enabled?: boolean
}

export interface AddSilenceBody {
  until: number
  reason: string
  rule?: string
  subject?: string
  start?: number | null
  repeat_s?: number | null
  last?: number | null
  zone?: string
}

export interface Alert {
  id: string
  rule: string
  name: string
  condition: string
  severity: 'critical' | 'notice' | 'warning'
  subject: string
  phase: 'firing' | 'pending' | 'resolved'
  since: number
  sentence: string
  value: number | null
  link: string
  fired: number | null
  ended: number | null
  announced: boolean
  announced_at: number | null
  escalated: number | null
  well_since: number | null
  unknown_since: number | null
  silenced: string | null
  untold: boolean
  acknowledgement: Acknowledgement | null
}

export interface AlertDetail {
  alert: Alert
  rule: AlertRule | null
  sentence: string
  notices: AlertNotice[]
}

export interface AlertHistory {
  items: Alert[]
  next: number | null
}

export interface AlertList {
  firing: Alert[]
  pending: Alert[]
  unknown: UnknownRule[]
  silences: ListedSilence[]
  failed: AlertNotice[]
  rules: number
  watch: Alerting | null
  more: number
}

export interface AlertNotice {
  id: string
  kind: 'escalated' | 'fired' | 'resolved' | 'test'
  notifier: string
  rule: string
  alerts: string[]
  severity: 'critical' | 'notice' | 'warning'
  title: string
  text: string
  link: string
  at: number
  due: number
  state: 'delivered' | 'failed' | 'waiting'
  attempts: number
  trouble: string
  ended: number | null
  name: string
}

export interface AlertRule {
  name: string
  condition: string
  severity: 'critical' | 'notice' | 'warning'
  pending_s: number
  clear_s: number
  notify: string[]
  escalate_s: number | null
  escalate_to: string[]
  note: string
  enabled: boolean
  id: string
  created: number
  changed: number
  changed_by: string
  in_settings: boolean
}

export interface Alerting {
  every_s: number
  at: number | null
  took_s: number | null
  elsewhere: boolean
  rules: number
  left: number
  firing: number
  waiting: number
  trouble: string | null
}

export interface AllCount {
  total: number
  capped: boolean
  complete: boolean
  groups: Record<string, number>
  groups_complete: boolean
  clusters: CountedCluster[]
}

export type AllCountBy = 'error' | 'name' | 'queue' | 'state' | 'worker'

export interface AllDiff {
  at: number
  clusters: ComparedCluster[]
  differences: Difference[]
  more: number
}

export interface AllTasks {
  items: ClusterTaskRow[]
  next: string | null
  sentence: string
  clusters: SearchedCluster[]
  absent: string[]
}

export type AllTasksOrder = '-args' | '-changed' | '-eta' | '-exception' | '-exchange' | '-expires' | '-finished' | '-kwargs' | '-name' | '-queue' | '-received' | '-result' | '-retries' | '-revoked' | '-routing_key' | '-runtime' | '-seen' | '-sent' | '-started' | '-state' | '-wait' | '-worker' | 'args' | 'changed' | 'eta' | 'exception' | 'exchange' | 'expires' | 'finished' | 'kwargs' | 'name' | 'queue' | 'received' | 'result' | 'retries' | 'revoked' | 'routing_key' | 'runtime' | 'seen' | 'sent' | 'started' | 'state' | 'wait' | 'worker'

export interface AnnounceDeployBody {
  version: string
  at?: number | null
  note?: string
}

export interface Applied {
  task_id: string
  state: string
  result: Result | null
}

export interface ApplyBody {
  name: string
  args?: unknown[]
  kwargs?: Record<string, unknown>
  queue?: string | null
  exchange?: string | null
  routing_key?: string | null
  priority?: number | null
  countdown?: number | null
  eta?: number | null
  expires?: number | null
  serializer?: string | null
  soft_time_limit?: number | null
  time_limit?: number | null
  headers?: Record<string, unknown>
  task_id?: string | null
  root_id?: string | null
  parent_id?: string | null
  check?: boolean
  wait?: number | null
  reason?: string | null
}

export interface AuditEntry {
  at: number
  actor: string
  address: string
  via: string
  action: string
  target: string
  action_id: string | null
  query: string | null
  count: number | null
  outcome: string | null
  answer: string | null
  reason: string | null
  tasks: string[]
  number: number
}

export interface AuditPage {
  items: AuditEntry[]
  next: number | null
}

export interface BackTest {
  possible: boolean
  sentence: string
  count: number
  firings: PastFiring[]
  since: number
  until: number
  step_s: number
  unknown_s: number
  complete: boolean
  subject: string
  points: PastPoint[]
  limit: number | null
  unit: 'count' | 'seconds' | 'share'
}

export interface BeatState {
  last_sent: number | null
  silent_since: number | null
  overdue: number
  sentence: string
}

export interface BegunFactor {
  secret: string
  address: string
}

export interface CancelActionBody {
}

export interface Capabilities {
  transport: string
  missing: Record<string, string>
}

export interface ChangeEntryBody {
  enabled?: boolean | null
  crontab?: string | null
  zone?: string | null
  every_s?: number | null
  args?: unknown[] | null
  kwargs?: Record<string, unknown> | null
  dry_run?: boolean
  revision?: string | null
  reason?: string | null
}

export interface ChangeRuleBody {
  name: string
  condition: string
  severity?: 'critical' | 'notice' | 'warning'
  pending_s?: number
  clear_s?: number
  notify?: string[]
  escalate_s?: number | null
  escalate_to?: string[]
  note?: string
  enabled?: boolean
  changed: number
}

export interface ChangeSearchBody {
  name?: string | null
  q?: string | null
  order?: '-args' | '-changed' | '-eta' | '-exception' | '-exchange' | '-expires' | '-finished' | '-kwargs' | '-name' | '-queue' | '-received' | '-result' | '-retries' | '-revoked' | '-routing_key' | '-runtime' | '-seen' | '-sent' | '-started' | '-state' | '-wait' | '-worker' | 'args' | 'changed' | 'eta' | 'exception' | 'exchange' | 'expires' | 'finished' | 'kwargs' | 'name' | 'queue' | 'received' | 'result' | 'retries' | 'revoked' | 'routing_key' | 'runtime' | 'seen' | 'sent' | 'started' | 'state' | 'wait' | 'worker' | null
  tz?: string | null
  shared?: boolean | null
}

export interface Changes {
  seq: number
  items: TaskRow[]
  new: string[]
  left: string[]
  skipped: number
}

export interface Chip {
  text: string
  start: number
  end: number
  field: string | null
  negated: boolean
}

export interface Chosen {
  uuid: string
  state: string | null
  name: string | null
  fidelity: 'edited' | 'exact' | 'literal' | null
  why: string | null
}

export interface Clocked {
  kind: 'clocked'
  at: number
}

export interface ClusterRow {
  name: string
  label: string
  colour: string | null
  path: string
  role: 'admin' | 'operator' | 'viewer'
  live: Liveness
  health: HealthSummary
  store: Stored
  rate: number
}

export interface ClusterTaskRow {
  uuid: string
  state: string
  seen: number
  timestamp: number
  name: string | null
  worker: string | null
  queue: string | null
  sent: number | null
  received: number | null
  started: number | null
  finished: number | null
  succeeded: number | null
  failed: number | null
  retried: number | null
  revoked: number | null
  rejected: number | null
  runtime: number | null
  wait: number | null
  retries: number
  eta: number | null
  expires: number | null
  root_id: string | null
  parent_id: string | null
  args: string | null
  kwargs: string | null
  result: string | null
  exception: string | null
  error: string | null
  exchange: string | null
  routing_key: string | null
  client: string | null
  pid: number | null
  clock: number | null
  flags: string[]
  changed: number | null
  intent: IntentRow | null
  doubt: Doubt | null
  repeated: number
  cut: string[]
  cluster: string
}

export interface Clusters {
  items: ClusterRow[]
}

export interface CollectorStatus {
  collector: string
  pid: number
  started: number
  at: number
  broker: string
  broker_url: string
  transport: string
  connected_since: number | null
  trouble: string | null
  events: number
  messages: number
  rate: number
  lag_s: number
  malformed: number
  shed: number
  lost: number
  lost_since: number | null
  reconnections: number
  gaps: [number, number][]
  faults: Record<string, number>
  samples: [string, string, string][]
  event_kinds: Record<string, number>
  cut_off_since: number | null
  heard_at: number | null
  mute: Record<string, number>
  recent_faults: Record<string, number>
  recent_events: number
  recent_shed: number
  faulty_since: number | null
  foreign_consumers: number
  queue: string
  ended: number | null
  healing: HealingStatus | null
  stream: StreamStatus | null
  shed_kinds: Record<string, number>
  recent_shed_kinds: Record<string, number>
  since_boot: SinceBoot | null
  is_copied: boolean
}

export interface ComparedCluster {
  name: string
  label: string
  colour: string | null
  path: string
  workers: number
  problem: string | null
}

export interface Completion {
  label: string
  insert: string
  kind: 'field' | 'operator' | 'value'
  start: number
  end: number
  count: number | null
  help: string | null
}

export interface Completions {
  items: Completion[]
}

export interface ConfirmedFactor {
  recovery: string[]
}

export interface ControlTraffic {
  questions: number
  questions_max: number
  commands: number
}

export interface Count {
  total: number
  capped: boolean
  complete: boolean
  groups: Record<string, number>
  groups_complete: boolean
  incomplete: Incomplete | null
}

export interface CountBucket {
  seen: number | null
  succeeded: number
  failed: number
  revoked: number
  start: number
}

export type CountBy = 'error' | 'name' | 'queue' | 'state' | 'worker'

export interface CountGroup {
  total: Counts
  buckets: CountBucket[]
  value: string
}

export interface CountLine {
  total: Counts
  buckets: CountBucket[]
}

export interface CountedCluster {
  name: string
  label: string
  colour: string | null
  path: string
  total: number | null
  capped: boolean
  complete: boolean
  problem: string | null
}

export interface Counters {
  events: number
  rate: number
  lag_s: number | null
  lost: number
  shed: number
  malformed: number
}

export interface Counts {
  seen: number | null
  succeeded: number
  failed: number
  revoked: number
}

export interface CreateTokenBody {
  name?: string | null
  role?: 'admin' | 'operator' | 'viewer'
  names?: string[]
  queues?: string[]
  expires_s?: number | null
}

export interface CreatedToken {
  token: string
  item: ListedToken
}

export interface CriticalPath {
  steps: PathStep[]
  run_share: number
}

export interface Crontab {
  kind: 'crontab'
  minute: string
  hour: string
  day_of_week: string
  day_of_month: string
  month_of_year: string
  zone: string
}

export interface DamagedPart {
  name: string
  sentence: string
  remedy: string
  since: number | null
  path: string
  reason: string
  is_aside: boolean
  tasks: number | null
  oldest: number | null
  newest: number | null
}

export interface DeadLetterQueue {
  name: string
  ready: number | null
}

export interface DeadLetters {
  exchange: string
  routing_key: string | null
  queues: DeadLetterQueue[]
  note: string | null
}

export interface DecideErrorBody {
  note?: string
}

export interface DeclaredQueue {
  source: 'application' | 'broker' | 'paused' | 'worker'
  exchange: string | null
  exchange_type: string | null
  routing_key: string | null
  durable: boolean | null
  exclusive: boolean | null
  auto_delete: boolean | null
  arguments: Record<string, unknown>
  policy: string | null
  policy_arguments: Record<string, unknown>
}

export interface DeleteSearchBody {
}

export interface DeployBefore {
  id: string
  at: number
  title: string
  version: string | null
}

export interface DeployList {
  items: DeployMark[]
  more: number
}

export interface DeployMark {
  id: string
  at: number
  until: number
  kinds: ('announced' | 'celery' | 'names' | 'restart')[]
  title: string
  changes: string[]
  version: string | null
  note: string
  by: string | null
  celery: string | null
  added: string[]
  removed: string[]
  added_count: number
  removed_count: number
  workers: number
}

export interface Diagnosis {
  now: number
  live: Liveness
  versions: Versions
  workers: WorkerFinding[]
  more_workers: number
  discarded: Discarded[]
  foreign_consumers: number
  gaps: KeptGap[]
  damaged: DamagedPart[]
}

export interface DiffValue {
  value: string | null
  count: number
  workers: string[]
}

export interface Difference {
  kind: 'pool' | 'queue' | 'setting' | 'task' | 'version'
  name: string
  values: DiffValue[]
  odd: number
}

export interface Discarded {
  reason: string
  count: number
  recent: number
  sentence: string
  sample: string
}

export interface DoctorAnswer {
  items: DoctorItem[]
  faults: number
  advice: number
  unknown: number
  asked_at: number
}

export interface DoctorFix {
  text: string
  where: string
  action: FindingAction | null
}

export interface DoctorItem {
  id: string
  subject: string
  verdict: 'advice' | 'fault' | 'unknown' | 'well'
  finding: string
  evidence: string[]
  why: string
  fix: DoctorFix | null
  cannot: string
  docs: string
  muted: Muted | null
}

export interface Doubt {
  why: 'blind' | 'expired' | 'gap' | 'worker-offline' | 'worker-restarted' | 'worker-silent'
  since: number | null
  worker: string | null
}

export interface DueStrip {
  start: number
  bucket_s: number
  due: number[]
  missed: number[]
  late: number[]
  unknown: number[]
  coming: number[]
  frequent: number
  gaps: [number, number][]
}

export interface DurationBucket {
  n: number
  mean: number
  p50: number
  p95: number
  p99: number
  start: number
}

export interface DurationGroup {
  total: Durations | null
  buckets: DurationBucket[]
  value: string
}

export interface DurationLine {
  total: Durations | null
  buckets: DurationBucket[]
}

export interface Durations {
  n: number
  mean: number
  p50: number
  p95: number
  p99: number
}

export interface EarlierTime {
  since: number
  until: number
  deploy: DeployBefore | null
  incomplete: Incomplete | null
}

export interface Edit {
  args: unknown[] | null
  kwargs: Record<string, unknown> | null
  queue: string | null
  priority: number | null
  countdown: number | null
  eta: number | null
  expires: number | null
}

export interface EditBody {
  args?: unknown[] | null
  kwargs?: Record<string, unknown> | null
  queue?: string | null
  priority?: number | null
  countdown?: number | null
  eta?: number | null
  expires?: number | null
}

export interface EndSessionBody {
}

export interface EndSessionsBody {
  user: string
}

export interface EndedCount {
  ended: number
}

export interface EndedSilence {
  id: string
}

export interface Entry {
  name: string
  task: string
  schedule: Crontab | Interval | Solar | Clocked | OwnSchedule
  source: 'application' | 'django' | 'learned' | 'redbeat'
  args: unknown[]
  kwargs: Record<string, unknown>
  exact: boolean
  queue: string | null
  exchange: string | null
  routing_key: string | null
  priority: number | null
  headers: Record<string, unknown>
  unsent: string[]
  expires_s: number | null
  enabled: boolean
  one_off: boolean
  in_code: boolean
  starts: number | null
  ends: number | null
  last_run: number | null
  runs: number | null
  since: number | null
  description: string
  can: ('disable' | 'edit' | 'enable')[]
  locked: string
}

export interface EntryChange {
  id: string
  sentence: string
  before: string
  after: string
  enabled: boolean
  revision: string
  consequences: string[]
  next_runs: NextRun[]
  done: boolean
}

export interface EntryDetail {
  row: ScheduleRow
  ticks: JudgedTick[]
  next_runs: NextRun[]
  warnings: string[]
  now: number
  revision: string
}

export interface ErrorDetail {
  id: string
  type: string
  message: string
  count: number
  names: string[]
  workers: string[]
  first: number | null
  last: number | null
  trend: number[]
  matrix: Matrix
  state: GroupState
  since: number
  until: number
  start: number
  bucket_s: number
  by_name: Record<string, number>
  by_worker: Record<string, number>
  by_queue: Record<string, number>
  counted: boolean
  repeated: number | null
  not_repeated: number | null
  search: string
  search_left: string
  sample: ErrorSample | null
  since_deploy: SinceDeploy | null
  complete: boolean
  incomplete: Incomplete | null
}

export interface ErrorGroup {
  id: string
  type: string
  message: string
  count: number
  names: string[]
  workers: string[]
  first: number | null
  last: number | null
  trend: number[]
  matrix: Matrix
  state: GroupState
}

export interface ErrorGroups {
  items: ErrorGroup[]
  since: number
  until: number
  start: number
  bucket_s: number
  others: number
  complete: boolean
  counted: boolean
  incomplete: Incomplete | null
}

export interface ErrorSample {
  id: string
  name: string | null
  worker: string | null
  queue: string | null
  at: number | null
  args: string | null
  kwargs: string | null
  exception: string | null
  traceback: string | null
}

export type ErrorsState = 'ignored' | 'open' | 'resolved'

export interface ExecuteActionBody {
  confirm?: number | null
  reason?: string | null
}

export interface ExpectedTask {
  uuid: string
  name: string | null
  kind: 'chain' | 'chord' | 'member' | 'task'
  state: 'blocked' | 'due' | 'ended' | 'queued' | 'waiting'
  after: string | null
  members: number
  ended: number
  failed: string[]
  source: 'message' | 'results' | 'worker'
  group_id: string | null
  returned: number | null
  result_state: string | null
  queue: string | null
}

export type ExportFormat = 'csv' | 'json'

export interface FailingTask {
  uuid: string
  name: string | null
  error: string | null
}

export interface FindingAction {
  label: string
  kind: 'link' | 'plan'
  request: ActionRequest | null
  address: string | null
}

export interface FindingEvidence {
  kind: 'queue' | 'series' | 'worker'
  unit: 'bytes' | 'messages' | 'seconds' | 'share' | 'tasks'
  name: string
  points: Point[]
  usual: number | null
}

export interface Firing {
  count: number
  silent_until: number | null
}

export interface FleetDiff {
  at: number
  compared: number
  differences: Difference[]
  odd_workers: OddWorker[]
  more: number
  missing: string[]
  left_out: number
  not_compared: ('pool' | 'queue' | 'setting' | 'task' | 'version')[]
}

export interface Gaps {
  gaps: KeptGap[]
  losses: Loss[]
  more: number
}

export interface Grant {
  role: 'admin' | 'operator' | 'viewer'
  name: string | null
  queue: string | null
  because: string
}

export interface GrantRow {
  role: 'admin' | 'operator' | 'viewer'
  name: string | null
  queue: string | null
  because: string
}

export interface GroupState {
  state: 'ignored' | 'open' | 'resolved'
  by: string | null
  at: number | null
  note: string
  noted_by: string
  until: number | null
  rate: number | null
  total: number | null
  next_deploy: boolean
  was: 'ignored' | 'open' | 'resolved' | null
  reopened: number | null
  because: string | null
}

export interface HealingStatus {
  healed: number
  unknown: number
  lookups: number
  rate: number
  waiting: number
  questions: number
  searching: boolean
  listed: number
  trouble: string | null
}

export interface HealthAnswer {
  well: string | null
  findings: HealthFinding[]
  more: number
  unknown: string[]
  asked_at: number
}

export interface HealthFinding {
  id: string
  rule: string
  subject: string
  severity: 'critical' | 'notice' | 'warning'
  sentence: string
  why: string
  since: number | null
  evidence: FindingEvidence | null
  action: FindingAction
  docs: string
  muted: Muted | null
}

export interface HealthSummary {
  well: boolean
  severity: 'critical' | 'notice' | 'warning' | null
  sentence: string
  findings: number
  asked_at: number
}

export interface Hello {
  seq: number
}

export interface HistogramBin {
  low: number
  high: number
  n: number
}

export interface IgnoreErrorBody {
  note?: string
  until?: number | null
  rate?: number | null
  total?: number | null
  next_deploy?: boolean
}

export interface Incomplete {
  start: number | null
  end: number | null
  missed_s: number
  lost: number
  gaps: KeptGap[]
  healing: HealingStatus | null
}

export type InspectInspection = 'active' | 'conf' | 'queues' | 'registered' | 'reserved' | 'revoked' | 'scheduled' | 'stats'

export interface Inspected {
  worker: string
  inspection: string
  value: unknown
  at: number
  answered: boolean
  error: string | null
  left_out: number
  paused_queues: PausedQueueOfWorker[]
}

export interface IntentRow {
  kind: string
  at: number
  actor: string
  action_id: string
}

export interface Interval {
  kind: 'interval'
  every_s: number
  relative: boolean
  zone: string
}

export interface JudgedTick {
  due: number
  verdict: 'late' | 'missed' | 'on-time' | 'unknown' | 'waiting'
  reason: string
  late_s: number | null
  task_id: string | null
  state: string | null
  sent: number | null
  started: number | null
  finished: number | null
  runtime: number | null
  overlaps: boolean
  doubled: number
  by_hand: boolean
}

export interface KeptGap {
  start: number
  end: number
  cause: 'broker-away' | 'broker-cut' | 'broker-restarted' | 'collector-away' | 'collector-paused' | 'copy-restored' | 'queue-deleted' | 'queue-expired' | 'queue-full' | 'queue-shared' | 'shed'
  collector: string
}

export interface LastTask {
  id: string
  state: string
  at: number
}

export interface ListedNotifier {
  name: string
  kind: string
  address: string
}

export interface ListedQueue {
  name: string
  ready: number | null
  unacknowledged: number | null
  consumers: number | null
  priorities: Record<string, number>
  kind: string | null
  trouble: string | null
  is_absent: boolean
  workers: string[] | null
  paused: PausedQueue | null
  hour_ago: number | null
  trend: 'draining' | 'growing' | 'steady' | null
  depths: (number | null)[] | null
  oldest_s: number | null
  in_per_min: number | null
  out_per_min: number | null
  wait_p95_s: number | null
  drain_s: number | null
}

export interface ListedQueues {
  items: ListedQueue[]
  broker: string
  capabilities: Capabilities
  at: number
  missing: string[]
  more: number
  since: number
  bucket_s: number
  unsampled: string | null
}

export interface ListedRule {
  rule: AlertRule
  sentence: string
  answer: RuleAnswer | null
  firing: number
}

export interface ListedSearch {
  id: string
  name: string
  q: string
  order: string
  tz: string
  shared: boolean
  owner: string
  mine: boolean
  changeable: boolean
  deletable: boolean
  created: number
  changed: number
  changed_by: string
}

export interface ListedSilence {
  id: string
  rule: string
  subject: string
  start: number
  until: number
  actor: string
  reason: string
  repeat_s: number | null
  last: number | null
  zone: string
  name: string
  holds: boolean
  next_start: number
  next_until: number
}

export interface ListedToken {
  name: string
  role: string
  names: string[]
  queues: string[]
  created: number
  expires: number | null
  last_used: number | null
  maker: string
}

export interface ListedTokens {
  items: ListedToken[]
}

export interface ListedWorker {
  hostname: string
  status: string
  unknown_since: number | null
  heard: number | null
  skew_s: number | null
  events_off_since: number | null
  shared_name: boolean
  heartbeat: number | null
  online: number | null
  offline: number | null
  pid: number | null
  freq: number | null
  active: number | null
  processed: number | null
  loadavg: number[] | null
  sw_ident: string | null
  sw_ver: string | null
  sw_sys: string | null
  host: string
  deployment: string
  pool: number | null
  queues: string[] | null
  paused_queues: string[]
  started: number | null
  memory_bytes: number | null
  restarts: number | null
  restarted: number | null
  succeeded: number | null
  failed: number | null
  trend: number[] | null
  failures: number[] | null
}

export interface Liveness {
  state: 'behind' | 'blind' | 'live' | 'partial'
  lag_s: number | null
  sentence: string
  troubles: Trouble[]
}

export interface LogEntries {
  retries: number
  started: number
  worker: string
  pid: number
  lines: LogEntry[]
}

export interface LogEntry {
  number: number
  at: number
  level: number
  logger: string
  text: string
  cut: number
}

export interface LoggedOut {
  logged_out: boolean
  go_on: string | null
}

export interface LoggedRun {
  retries: number
  started: number
  worker: string
  pid: number
  written: number
  left_out: number
  missing: number
}

export interface Loss {
  hostname: string
  pid: number
  start: number
  end: number
  count: number
}

export interface Matrix {
  h1: number | null
  h24: number | null
  d7: number | null
}

export interface Me {
  name: string
  role: 'admin' | 'operator' | 'viewer'
  permissions: ('administer' | 'operate' | 'read')[]
  read_only: boolean
  login: boolean
  via: 'api' | 'browser' | 'cli' | 'flower' | 'python'
  provider: string
  label: string
  email: string | null
  because: string
  grants: GrantRow[]
  access: AccessRow[]
  session: OwnSession | null
  claims: Record<string, unknown>
  second_factor: SecondFactorState
}

export interface MuteCheckBody {
  until: number
  reason: string
}

export interface MuteFindingBody {
  until: number
  reason: string
}

export interface Muted {
  by: string
  until: number
  reason: string
}

export type NameAgainst = 'before' | 'last-deploy' | 'last-week' | 'yesterday'

export interface NameDetail {
  count: number
  succeeded: number
  failed: number
  revoked: number
  failure_rate: number | null
  runtime: Durations | null
  wait: Durations | null
  name: string
  trend: number[]
  failures: number[]
  before: NameNumbers | null
  changed: 'count' | 'failures' | 'runtime' | 'wait' | null
  change: number
  since: number
  until: number
  start: number
  bucket_s: number
  compared: boolean
  runtimes: HistogramBin[]
  waits: HistogramBin[]
  sampled: number
  by_worker: Record<string, number>
  by_queue: Record<string, number>
  counted: boolean
  last: LastTask | null
  complete: boolean
  incomplete: Incomplete | null
  against: 'before' | 'last-deploy' | 'last-week' | 'yesterday'
  earlier: EarlierTime | null
  uncompared: string
}

export interface NameList {
  items: NameRow[]
  names: number
  since: number
  until: number
  start: number
  bucket_s: number
  compared: boolean
  complete: boolean
  bounded: boolean
  incomplete: Incomplete | null
  against: 'before' | 'last-deploy' | 'last-week' | 'yesterday'
  earlier: EarlierTime | null
  uncompared: string
}

export interface NameNumbers {
  count: number
  succeeded: number
  failed: number
  revoked: number
  failure_rate: number | null
  runtime: Durations | null
  wait: Durations | null
}

export interface NameRow {
  count: number
  succeeded: number
  failed: number
  revoked: number
  failure_rate: number | null
  runtime: Durations | null
  wait: Durations | null
  name: string
  trend: number[]
  failures: number[]
  before: NameNumbers | null
  changed: 'count' | 'failures' | 'runtime' | 'wait' | null
  change: number
}

export type NamesAgainst = 'before' | 'last-deploy' | 'last-week' | 'yesterday'

export type NamesSort = 'busiest' | 'changed' | 'failing' | 'name' | 'slowest' | 'waiting'

export interface NextRun {
  at: number
  local: string
  jump: string
}

export interface Note {
  type: string
  timestamp: number
  hostname: string
  detail: string
}

export interface NoteErrorBody {
  note: string
}

export interface NothingBody {
}

export interface NotifierList {
  items: ListedNotifier[]
  notices: AlertNotice[]
}

export interface OddWorker {
  name: string
  differences: number
}

export interface OneCheckBody {
}

export interface OneRuleBody {
}

export interface OneSilenceBody {
}

export interface OneWorker {
  hostname: string
  status: string
  unknown_since: number | null
  heard: number | null
  skew_s: number | null
  events_off_since: number | null
  shared_name: boolean
  heartbeat: number | null
  online: number | null
  offline: number | null
  pid: number | null
  freq: number | null
  active: number | null
  processed: number | null
  loadavg: number[] | null
  sw_ident: string | null
  sw_ver: string | null
  sw_sys: string | null
  answers: boolean | null
  trouble: string | null
  stats: unknown
  active_queues: unknown
  registered: unknown
  conf: unknown
  paused_queues: PausedQueueOfWorker[]
}

export interface OwnSchedule {
  kind: 'other'
  name: string
}

export interface OwnSession {
  id: string
  began: number
  expires: number
  checked: number | null
  check_every_s: number | null
  note: string | null
}

export interface PastFiring {
  subject: string
  start: number
  end: number | null
  worst: number
}

export interface PastPoint {
  at: number
  value: number | null
}

export interface PathStep {
  uuid: string
  start: number
  end: number
  run_s: number
  share: number
}

export interface PauseQueueBody {
  reason?: string | null
}

export interface PausedQueue {
  by: string
  since: number
  reason: string
}

export interface PausedQueueOfWorker {
  by: string
  since: number
  reason: string
  queue: string
}

export interface Point {
  at: number
  value: number
}

export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  parameter?: string | null
  position?: number | null
  end?: number | null
  suggestion?: string | null
  reference?: string | null
}

export interface Pulse {
  now: number
  live: Liveness
  counters: Counters
  store: Stored
  firing: Firing | null
}

export interface QueryReading {
  sentence: string
  canonical: string
  chips: Chip[]
}

export interface QueueConsumer {
  worker: string
  running: number | null
  reserved: number | null
  scheduled: number | null
  at_least: ('reserved' | 'running' | 'scheduled')[]
  prefetch: number | null
  pool: number | null
}

export interface QueueLine {
  name: string
  points: QueuePoint[]
}

export interface QueuePeek {
  items: QueuedMessage[]
  ready: number | null
  at: number
}

export interface QueuePoint {
  at: number
  depth: number | null
  depth_max: number | null
  unacked: number | null
  consumers: number | null
  oldest_s: number | null
}

export interface QueueProfile {
  name: string
  ready: number | null
  unacknowledged: number | null
  consumers: number | null
  priorities: Record<string, number>
  kind: string | null
  trouble: string | null
  is_absent: boolean
  workers: string[] | null
  paused: PausedQueue | null
  hour_ago: number | null
  trend: 'draining' | 'growing' | 'steady' | null
  depths: (number | null)[] | null
  oldest_s: number | null
  in_per_min: number | null
  out_per_min: number | null
  wait_p95_s: number | null
  drain_s: number | null
  broker: string
  capabilities: Capabilities
  at: number
  missing: string[]
  unsampled: string | null
  consuming: QueueConsumer[] | null
  declared: DeclaredQueue | null
  dead_letters: DeadLetters | null
  dead_letters_of: string[]
  priorities_unknown: string | null
  idle_since: number | null
  resuming: ResumingQueue | null
}

export interface QueueRates {
  name: string
  since: number
  bucket_s: number
  buckets: RateBucket[]
  came_in: number | null
  unknown: string | null
  incomplete: Incomplete | null
}

export interface QueuedMessage {
  task_id: string | null
  name: string | null
  args: unknown
  kwargs: unknown
  eta: string | null
  expires: string | null
  retries: number | null
  root_id: string | null
  parent_id: string | null
  priority: number | null
  size_bytes: number
  unreadable: string | null
  args_repr: string | null
  kwargs_repr: string | null
  shadow: string | null
  follows: string[]
  soft_time_limit_s: number | null
  time_limit_s: number | null
  headers: Record<string, unknown>
  ignore_result: boolean
  sent: number | null
  content_type: string | null
  body: unknown
  group_id: string | null
  chord_id: string | null
  chord_name: string | null
  chain: [string, string][]
}

export interface RateBucket {
  start: number
  in_per_min: number | null
  out_per_min: number | null
}

export interface ReconciledFact {
  source: 'backend' | 'expiry' | 'queue' | 'worker'
  at: number
  why: 'ended-untold' | 'not-delivered' | 'not-found' | 'worker-lost' | null
  sources: ('backend' | 'expiry' | 'queue' | 'worker')[]
  kind: string
  timestamp: number
  holds: boolean
}

export interface RegisteredNames {
  items: RegisteredTask[]
  at: number
  missing: string[]
}

export interface RegisteredTask {
  name: string
  workers: number
  signature: string | null
  doc: string | null
}

export interface Registration {
  name: string
  workers: string[]
  without: string[]
  missing: string[]
  signature: string | null
  doc: string | null
  options: Record<string, string>
  rate_limits: Record<string, string>
  trouble: string | null
}

export interface RemoveDeployBody {
}

export interface RemovedDeploy {
  id: string
}

export interface RemovedFactor {
  removed: boolean
}

export interface RemovedRule {
  id: string
}

export interface Repetition {
  task_id: string
  name: string | null
  at: number
  actor: string
  state: string | null
}

export interface Reset {
  seq: number
  reason: string
}

export interface Result {
  task_id: string
  state: string
  result: unknown
  exception: string | null
  traceback: string | null
  children: string[]
  date_done: number | null
  name: string | null
  args: unknown
  kwargs: unknown
  worker: string | null
  retries: number | null
  queue: string | null
  group_id: string | null
  unreadable: string | null
}

export interface ResumingQueue {
  by: string
  since: number
  workers: string[]
}

export interface RevokeTokenBody {
}

export interface RevokedToken {
  name: string
}

export interface RuleAnswer {
  rule: string
  answer: string
  sentence: string
  since: number
  at: number
}

export interface RuleList {
  items: ListedRule[]
  notifiers: string[]
  settings: string
}

export interface RuleReading {
  condition: string
  sentence: string
}

export interface RunCounts {
  on_time: number
  late: number
  waiting: number
  missed: number
  unknown: number
  overlapping: number
  doubled: number
  failed: number
}

export interface RunEntryBody {
  reason?: string | null
}

export interface SampledQueues {
  bucket_s: number
  items: QueueLine[]
  more: number
  period_s: number | null
}

export interface SampledWorkers {
  bucket_s: number
  items: WorkerLine[]
  more: number
  period_s: number | null
}

export interface Sampling {
  period_s: number
  at: number | null
  took_s: number | null
  elsewhere: boolean
  queues: number
  workers: number
  trouble: string | null
}

export interface SaveSearchBody {
  name: string
  q?: string
  order?: '-args' | '-changed' | '-eta' | '-exception' | '-exchange' | '-expires' | '-finished' | '-kwargs' | '-name' | '-queue' | '-received' | '-result' | '-retries' | '-revoked' | '-routing_key' | '-runtime' | '-seen' | '-sent' | '-started' | '-state' | '-wait' | '-worker' | 'args' | 'changed' | 'eta' | 'exception' | 'exchange' | 'expires' | 'finished' | 'kwargs' | 'name' | 'queue' | 'received' | 'result' | 'retries' | 'revoked' | 'routing_key' | 'runtime' | 'seen' | 'sent' | 'started' | 'state' | 'wait' | 'worker'
  tz?: string
  shared?: boolean
}

export interface ScheduleList {
  items: ScheduleRow[]
  total: number
  now: number
  sources: SourceState[]
  beat: BeatState
  strip: DueStrip
  complete: boolean
}

export interface ScheduleRow {
  id: string
  entry: Entry
  words: string
  written: string
  zone: string
  why_never: string
  next: number | null
  period_s: number | null
  bars: string
  dues: number[]
  last: JudgedTick | null
  counts: RunCounts
  late_s: number | null
  runtime_p95: number | null
  queue: string | null
  extra: number
  note: string
  judged: boolean
}

export type ScheduleSort = 'name' | 'next' | 'trouble'

export interface SearchList {
  items: ListedSearch[]
}

export interface SearchedCluster {
  name: string
  label: string
  colour: string | null
  path: string
  complete: boolean
  reached: number | null
  incomplete: Incomplete | null
  problem: string | null
}

export interface SecondFactorState {
  possible: boolean
  since: number | null
  required: boolean
}

export interface SendTestMessageBody {
}

export interface SentTask {
  task_id: string
  state: string
  result: Result | null
}

export type SeriesBy = 'error' | 'name' | 'queue' | 'state' | 'worker'

export type SeriesMeasure = 'count' | 'runtime' | 'wait'

export interface SeriesOfCounts {
  measure: 'count'
  total: Counts
  buckets: CountBucket[]
  bucket_s: number
  by: 'error' | 'name' | 'queue' | 'state' | 'worker' | null
  groups: CountGroup[]
  other: CountLine | null
  complete: boolean
  incomplete: Incomplete | null
}

export interface SeriesOfRuntimes {
  measure: 'runtime'
  total: Durations | null
  buckets: DurationBucket[]
  bucket_s: number
  by: 'error' | 'name' | 'queue' | 'state' | 'worker' | null
  groups: DurationGroup[]
  other: DurationLine | null
  complete: boolean
  incomplete: Incomplete | null
}

export interface SeriesOfWaits {
  measure: 'wait'
  total: Durations | null
  buckets: DurationBucket[]
  bucket_s: number
  by: 'error' | 'name' | 'queue' | 'state' | 'worker' | null
  groups: DurationGroup[]
  other: DurationLine | null
  complete: boolean
  incomplete: Incomplete | null
}

export interface SessionList {
  items: SessionRow[]
  all: boolean
}

export interface SessionRow {
  id: string
  user: string
  provider: string
  began: number
  expires: number
  seen: number
  address: string
  client: string
  checked: number | null
  access: AccessRow[]
  current: boolean
}

export interface SharedTrait {
  field: string
  value: string
  failed: number
  failures: number
  succeeded: number
  successes: number
  search: string
}

export interface SharedTraits {
  items: SharedTrait[]
  failures: number
  successes: number
  names: string[]
  since: number
  until: number
  complete: boolean
  why: string | null
}

export interface ShownCodeBody {
  code: string
}

export interface ShownPasswordBody {
  password: string
}

export interface SinceBoot {
  boot: string
  seconds: number
}

export interface SinceDeploy {
  id: string
  at: number
  title: string
  phrase: string
  version: string | null
  after_s: number
}

export interface Solar {
  kind: 'solar'
  event: string
  latitude: number
  longitude: number
}

export interface SourceReading {
  state: 'absent' | 'failed' | 'part' | 'read'
  read: number
  why: string | null
}

export interface SourceState {
  name: 'application' | 'django' | 'learned' | 'redbeat'
  title: string
  entries: number
  trouble: string
  remedy: string
}

export interface Status {
  version: string
  now: number
  live: Liveness
  collectors: CollectorStatus[]
  store: StoreStatus
  samples: Sampling | null
  alerts: Alerting | null
  control: ControlTraffic | null
}

export interface StoreStatus {
  kind: string
  location: string
  tasks: number
  size_bytes: number
  seq: number
  oldest: number | null
  newest: number | null
  unindexed: number
  partitions: number
  damaged: DamagedPart[]
}

export interface Stored {
  tasks: number
}

export interface StreamStatus {
  key: string
  position: string
  behind: number
  is_whole: boolean
}

export interface TaskLog {
  parts: LogEntries[]
  runs: LoggedRun[]
  next: string
  complete: boolean
  are_sent: boolean
}

export interface TaskPage {
  items: TaskRow[]
  next: string | null
  complete: boolean
  reached: number | null
  sentence: string
  seq: number
  incomplete: Incomplete | null
}

export interface TaskRoute {
  name: string
  queue: string | null
  exchange: string | null
  routing_key: string | null
  by_application: boolean
  ready: number | null
  workers: string[] | null
  registered: string[] | null
  missing: string[]
  paused: PausedQueue | null
  warnings: string[]
}

export interface TaskRow {
  uuid: string
  state: string
  seen: number
  timestamp: number
  name: string | null
  worker: string | null
  queue: string | null
  sent: number | null
  received: number | null
  started: number | null
  finished: number | null
  succeeded: number | null
  failed: number | null
  retried: number | null
  revoked: number | null
  rejected: number | null
  runtime: number | null
  wait: number | null
  retries: number
  eta: number | null
  expires: number | null
  root_id: string | null
  parent_id: string | null
  args: string | null
  kwargs: string | null
  result: string | null
  exception: string | null
  error: string | null
  exchange: string | null
  routing_key: string | null
  client: string | null
  pid: number | null
  clock: number | null
  flags: string[]
  changed: number | null
  intent: IntentRow | null
  doubt: Doubt | null
  repeated: number
  cut: string[]
}

export type TasksOrder = '-args' | '-changed' | '-eta' | '-exception' | '-exchange' | '-expires' | '-finished' | '-kwargs' | '-name' | '-queue' | '-received' | '-result' | '-retries' | '-revoked' | '-routing_key' | '-runtime' | '-seen' | '-sent' | '-started' | '-state' | '-wait' | '-worker' | 'args' | 'changed' | 'eta' | 'exception' | 'exchange' | 'expires' | 'finished' | 'kwargs' | 'name' | 'queue' | 'received' | 'result' | 'retries' | 'revoked' | 'routing_key' | 'runtime' | 'seen' | 'sent' | 'started' | 'state' | 'wait' | 'worker'

export type TasksTexts = 'cut' | 'whole'

export interface Trouble {
  kind: 'behind' | 'blind' | 'damaged_store' | 'deaf' | 'discarded' | 'events_off' | 'foreign_consumer' | 'gap' | 'lost' | 'shed'
  severity: 'error' | 'notice' | 'warning'
  sentence: string
  remedy: string
  since: number | null
  count: number | null
  workers: string[]
  action: 'enable_events' | null
}

export interface UnknownRule {
  rule: string
  answer: string
  sentence: string
  since: number
  at: number
  name: string
}

export interface UnmuteFindingBody {
}

export interface UnmutedCheck {
  id: string
}

export interface UnmutedFinding {
  id: string
}

export interface Versions {
  umbel: string
  python: string
  libraries: Record<string, string | null>
  brokers: string[]
}

export interface WholeAttempt {
  number: number
  state: string
  worker: string | null
  pid: number | null
  sent: number | null
  eta: number | null
  received: number | null
  started: number | null
  ended: number | null
  runtime: number | null
  exception: string | null
  traceback: string | null
  redelivered: boolean
  sent_as: string | null
}

export interface WholeTask {
  uuid: string
  state: string
  seen: number
  timestamp: number
  name: string | null
  worker: string | null
  queue: string | null
  sent: number | null
  received: number | null
  started: number | null
  finished: number | null
  succeeded: number | null
  failed: number | null
  retried: number | null
  revoked: number | null
  rejected: number | null
  runtime: number | null
  wait: number | null
  retries: number
  eta: number | null
  expires: number | null
  root_id: string | null
  parent_id: string | null
  args: string | null
  kwargs: string | null
  result: string | null
  exception: string | null
  error: string | null
  exchange: string | null
  routing_key: string | null
  client: string | null
  pid: number | null
  clock: number | null
  flags: string[]
  changed: number | null
  traceback: string | null
  notes: Note[]
  reconciled: ReconciledFact[]
  fact_count: number
  args_json: string | null
  kwargs_json: string | null
  group_id: string | null
  chord_id: string | null
  chord_name: string | null
  chain: [string, string][]
  attempts: WholeAttempt[]
  intent: IntentRow | null
  last_intent: IntentRow | null
  repeats: string[]
  repeated_by: string[]
  repetitions: Repetition[]
  origins: Repetition[]
  doubt: Doubt | null
}

export interface WorkerAnswer {
  worker: string
  outcome: 'gone' | 'ok' | 'refused' | 'unknown'
  answer: string | null
  said: string | null
}

export interface WorkerFinding {
  hostname: string
  status: string
  events: 'off' | 'on' | null
  lost: number
  untold: number
  processes: number[]
  software: string | null
}

export interface WorkerLine {
  name: string
  points: WorkerPoint[]
}

export interface WorkerList {
  items: ListedWorker[]
  now: number
  since: number
  until: number
  bucket_s: number
  complete: boolean
  incomplete: Incomplete | null
}

export interface WorkerPoint {
  at: number
  load: number | null
  running: number | null
  running_max: number | null
  processed: number | null
  pool: number | null
}

export interface Workflow {
  root_id: string
  tasks: TaskRow[]
  complete: boolean
}

export interface WorkflowDetail {
  workflow: WorkflowRow
  tasks: WorkflowNode[]
  expected: ExpectedTask[]
  path: CriticalPath
  now: number
  groups: WorkflowGroup[]
  sources: WorkflowSources | null
}

export interface WorkflowGroup {
  group_id: string
  source: 'message' | 'results' | 'worker'
  members: number
  seen: number
  is_whole: boolean
  body_id: string | null
  size: number | null
  returned: number | null
}

export interface WorkflowList {
  items: WorkflowRow[]
  next: string | null
  complete: boolean
  looked_at: number
  bounded: boolean
}

export interface WorkflowNode {
  uuid: string
  name: string | null
  state: string
  parent_id: string | null
  seen: number
  sent: number | null
  received: number | null
  started: number | null
  finished: number | null
  runtime: number | null
  wait: number | null
  eta: number | null
  retries: number
  worker: string | null
  queue: string | null
  error: string | null
  group_id: string | null
  chord_id: string | null
  canvas_source: 'message' | 'results' | 'worker' | null
  runs: WorkflowRun[]
}

export interface WorkflowPause {
  queue: string
  tasks: number
  by: string
  since: number
  reason: string
}

export interface WorkflowRow {
  root_id: string
  name: string | null
  group_id: string | null
  state: 'failed' | 'running' | 'succeeded' | 'unknown'
  tasks: number
  ended: number
  states: Record<string, number>
  expected: number
  blocked: number
  failing: FailingTask | null
  start: number
  end: number | null
  duration_s: number
  has_canvas: boolean
  complete: boolean
  paused: WorkflowPause[]
}

export interface WorkflowRun {
  number: number
  started: number | null
  ended: number | null
  state: string
}

export interface WorkflowSources {
  results: SourceReading
  messages: SourceReading
  queues: string[]
  at: number
}

export type WorkflowsOrder = 'failures' | 'largest' | 'longest' | 'newest'

export type WorkflowsState = 'blocked' | 'failing' | 'paused' | 'running' | 'succeeded'
