// An invented server in motion: adapters, requests, a journal and releases, all in memory.
import { createHash } from 'node:crypto';

export const sha = (text) => createHash('sha256').update(text).digest('hex');
const digestOf = (text) => `sha256:${sha(text)}`;
const MB = 1_000_000;

/** A seeded generator: screenshots must not differ from run to run without a reason. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const hostile = [
  '<img src=x onerror=alert(1)>',
  'a-name-that-goes-on-and-on-as-names-of-experiments-do-lora-r16-alpha32-dropout005-2026-11-24-final-final2',
  '法律-合同审查',
];

export class World {
  constructor({ many = false, empty = false, names = false, now = () => Date.now() } = {}) {
    this.now = now;
    this.random = random(7);
    this.journal = [];
    this.adapters = [];
    this.releases = [];
    this.answers = new Map();
    this.series = [];
    this.routes = new Map();
    this.rejected = 3;
    this.default = { name: null, generation: 1 };
    this.cache = { queried: 81_230, hit: 52_114 };
    if (!empty) this.#fill(many, names);
    for (let i = 120; i > 0; i--) this.tick(this.now() - i * 1000);
    this.#order();
  }

  #fill(many, names) {
    const people = ['alice', 'bob', 'ci'];
    const list = [
      ['medical', 16, 3], ['finance', 16, 2], ['legal', 8, 2], ['support-zh', 16, 1], ['summaries', 32, 2], ['sql', 8, 1], ['tone-friendly', 4, 1],
    ];
    if (names) list.push(...hostile.map((name) => [name, 8, 2]));
    if (many) for (let i = 0; list.length < 100; i++) list.push([`tenant-${String(i + 1).padStart(3, '0')}`, [4, 8, 16, 32][i % 4], 1 + (i % 3 === 0)]);
    list.forEach(([name, rank, count], i) => {
      for (let version = 1; version <= count; version++) {
        const at = this.now() - (list.length - i) * 3_600_000 - (count - version) * 86_400_000;
        this.upload(name, `${name} v${version}`, rank, people[(i + version) % 3], version === 1 ? 'first training run' : `trained on ${version} months of data`, at, version < count || name !== 'medical');
      }
      const adapter = this.find(name);
      adapter.tier = i < 4 ? 'ready' : ['mapped', 'disk', 'disk', 'remote'][i % 4];
      adapter.requests = Math.floor(20_000 / (i + 1.5));
      adapter.tokens = adapter.requests * 143;
      adapter.last_used = i % 5 === 4 ? null : new Date(this.now() - i * i * 41_000).toISOString();
    });
    this.find('medical').pinned = true;
    this.find('finance').priority = 'high';
    this.find('legal').priority = 'critical';
    this.find('tone-friendly').priority = 'low';
    Object.assign(this.find('sql'), { tier: 'failed', problem: "adapter_model.safetensors: tensor 'base_model.model.layers.3.mlp.up_proj.lora_A.weight' has shape (8, 512), expected (8, 576)." });
    this.switch('finance', 'alice', this.now() - 5_400_000);
    this.#fillReleases();
  }

  #fillReleases() {
    const [summaries, finance] = [this.find('summaries'), this.find('finance')];
    const past = this.start({ alias: 'finance', candidate: finance.versions[0].digest, kind: 'canary', steps: [{ weight: 10, min_requests: 20, hold_seconds: 30 }, { weight: 50, min_requests: 50, hold_seconds: 30 }, { weight: 100 }], guards: [{ metric: 'error_rate', max: 0.05 }], auto_promote: true }, 'alice', this.now() - 7_200_000);
    this.#warm(past, 60);
    past.state = 'promoted'; past.step = 2; past.weight = 100; past.ended = new Date(this.now() - 6_900_000).toISOString(); past.end_reason = 'All steps were passed and every guard was satisfied.';
    const bad = this.start({ alias: 'summaries', candidate: summaries.versions[1].digest, kind: 'canary', steps: [{ weight: 10, min_requests: 20, hold_seconds: 30 }, { weight: 100 }], guards: [{ metric: 'error_rate', max: 0.05 }, { metric: 'judge_score', min: 0.7 }], auto_promote: true }, 'ci', this.now() - 3_600_000);
    this.#warm(bad, 40);
    bad.state = 'rolled_back'; bad.ended = new Date(this.now() - 3_580_000).toISOString(); bad.end_reason = 'Guard error_rate: 8.1 % of 37 answers failed, more than the 5 % that were allowed.';
    summaries.release = finance.release = null;
    summaries.route = finance.route = 'fixed';
    const medical = this.find('medical');
    const live = this.start(
      {
        alias: 'medical', candidate: medical.versions[0].digest, kind: 'canary', auto_promote: true,
        steps: [{ weight: 1, min_requests: 20, hold_seconds: 60 }, { weight: 10, min_requests: 100, hold_seconds: 300 }, { weight: 50, min_requests: 500, hold_seconds: 600 }, { weight: 100 }],
        guards: [{ metric: 'error_rate', max: 0.05, min_samples: 20 }, { metric: 'ttft_p95_ratio', max: 2, min_samples: 20 }, { metric: 'judge_score', min: 0.7, min_samples: 10 }, { metric: 'probe' }],
        judges: [{ kind: 'regex', name: 'cites-source', pattern: '\\[\\d+\\]' }], reason: 'v3 of the medical adapter',
      },
      'alice', this.now() - 400_000,
    );
    live.step = 1; live.weight = 10;
    [live.arms[0].weight, live.arms[1].weight] = [90, 10];
    live.step_started = new Date(this.now() - 120_000).toISOString();
    live.step_ends = new Date(this.now() + 180_000).toISOString();
    this.#warm(live, 80);
    live.history.push({ time: new Date(this.now() - 320_000).toISOString(), event: 'step', detail: '1 % → 10 %', actor: 'patchbay' });
    this.log('patchbay', 'release.step', 'medical', live.stable, live.candidate, '1 % → 10 %', { release: live.id, weight: 10 }, this.now() - 320_000);
  }

  // The past was written adapter by adapter; a journal is in the order of time.
  #order() {
    const entries = this.journal.toSorted((a, b) => a.time.localeCompare(b.time));
    this.journal = [];
    for (const { actor, action, target, from, to, reason, details, time } of entries) this.log(actor, action, target, from, to, reason, details, Date.parse(time));
  }

  find(name) {
    return this.adapters.find((adapter) => adapter.name === name);
  }

  log(actor, action, target, from, to, reason = null, details = null, at = this.now()) {
    const entry = { seq: this.journal.length + 1, time: new Date(at).toISOString(), actor, action, target, from, to, reason, request_id: `req-${sha(`${this.journal.length}${action}`).slice(0, 20)}`, details, prev: this.journal.at(-1)?.hash ?? '0'.repeat(64) };
    entry.hash = sha(JSON.stringify(entry));
    this.journal.push(entry);
    return entry;
  }

  upload(name, content, rank, actor, reason, at = this.now(), release = true) {
    const digest = digestOf(content);
    let adapter = this.find(name);
    const bytes = rank * 0.62 * MB;
    if (!adapter) {
      adapter = { name, digest: null, generation: 0, tier: 'disk', bytes, disk_bytes: bytes * 0.55, rank, kind: 'LoRA', leases: 0, pinned: false, priority: 'normal', last_used: null, requests: 0, tokens: 0, tokens_per_second: 0, load_ms: 12 + rank * 1.3, problem: null, is_default: false, route: 'fixed', release: null, created: new Date(at).toISOString(), created_by: actor, versions: [] };
      this.adapters.push(adapter);
    }
    const known = adapter.versions.find((version) => version.digest === digest);
    const before = adapter.digest;
    if (!known) {
      adapter.versions.unshift({ digest, created: new Date(at).toISOString(), created_by: actor, reason, bytes, disk_bytes: bytes * 0.55, rank, tier: 'disk', leases: 0, is_current: false, probe: { outcome: 'passed', checks: 3, detail: null }, note: null });
      this.log(actor, 'adapter.upload', name, null, digest, reason, { bytes: Math.round(bytes), rank }, at);
    }
    const releases = release || !adapter.digest;
    if (releases && adapter.digest !== digest) this.setVersion(adapter, digest, actor, reason, 'adapter.release', at);
    return { name, digest, generation: adapter.generation, previous_digest: before, released: releases, is_new: !known, bytes, rank, probe: { outcome: 'passed', checks: 3, detail: '3 of 3 probe questions answered as expected' }, warnings: [], load_ms: 31.5 };
  }

  setVersion(adapter, digest, actor, reason, action, at = this.now()) {
    const before = adapter.digest;
    adapter.digest = digest;
    adapter.generation++;
    for (const version of adapter.versions) version.is_current = version.digest === digest;
    if (before) this.log(actor, action, adapter.name, before, digest, reason, { generation: adapter.generation }, at);
    return { name: adapter.name, digest, generation: adapter.generation, previous_digest: before, switch_ms: 0.04 };
  }

  switch(name, actor, at = this.now()) {
    const before = this.default.name;
    this.default = { name, generation: this.default.generation + 1 };
    for (const adapter of this.adapters) adapter.is_default = adapter.name === name;
    this.log(actor, 'default.switch', name ?? 'base', this.find(before)?.digest ?? null, this.find(name)?.digest ?? null, null, { from: before, to: name }, at);
  }

  start(body, actor, at = this.now()) {
    const adapter = this.find(body.alias);
    const time = new Date(at).toISOString();
    const weight = body.steps[0].weight;
    const arm = (name, digest, share) => ({ name, digest, weight: share, requests: 0, errors: 0, refusals: 0, tokens: 0, ttft_ms: { p50: null, p95: null }, tpot_ms: { p50: null, p95: null }, stop_reasons: {}, feedback: { count: 0, mean: null }, judges: [], probe: 'passed', series: [] });
    const release = {
      id: `rel-${this.releases.length + 10}`, alias: body.alias, kind: body.kind, state: 'running', stable: adapter.versions.find((version) => version.digest !== body.candidate && version.is_current)?.digest ?? adapter.versions.find((version) => version.digest !== body.candidate).digest,
      candidate: body.candidate, step: 0, steps: body.steps, weight, started: time, started_by: actor, step_started: time, step_ends: new Date(at + (body.steps[0].hold_seconds ?? 0) * 1000).toISOString(), ended: null, end_reason: null, auto_promote: body.auto_promote,
      guards: body.guards.map((guard) => ({ ...guard, status: 'waiting', value: null, samples: 0, sentence: `No sample yet; at least ${guard.min_samples ?? 1} are needed.` })),
      arms: [], comparisons: [], history: [{ time, event: 'started', detail: body.reason ?? null, actor }],
    };
    release.arms = [arm('stable', release.stable, 100 - weight), arm('canary', release.candidate, weight)];
    release.judgeNames = (body.judges ?? []).map((judge) => judge.name);
    adapter.release = release.id;
    adapter.route = body.kind === 'ab' ? 'ab' : 'weighted';
    this.releases.unshift(release);
    this.log(actor, 'release.start', body.alias, release.stable, release.candidate, body.reason ?? null, { release: release.id, kind: body.kind }, at);
    return release;
  }

  #warm(release, buckets) {
    for (let i = buckets; i > 0; i--) this.#measure(release, this.now() - i * 5000);
  }

  // Five seconds of traffic on both arms, and what follows from the sums.
  #measure(release, at) {
    const t = Math.floor(at / 5000) * 5;
    release.arms.forEach((arm, index) => {
      if (arm.series.at(-1)?.t === t) return;
      const wave = 1 + 0.35 * Math.sin(t / 47 + index);
      const requests = Math.round(((arm.weight / 100) * 70 + 1) * wave * (0.8 + 0.4 * this.random()));
      const errors = this.random() < (index ? 0.1 : 0.06) && requests > 2 ? 1 : 0;
      const ttft = (index ? 196 : 188) * wave * (0.85 + 0.3 * this.random());
      const tpot = (index ? 24.5 : 23.8) * (0.92 + 0.16 * this.random());
      const score = Math.min(1, (index ? 0.87 : 0.79) + 0.1 * (this.random() - 0.5));
      arm.series.push({ t, requests, errors, ttft_ms: ttft, tpot_ms: tpot, score });
      if (arm.series.length > 120) arm.series.shift();
      arm.requests += requests;
      arm.errors += errors;
      arm.refusals += this.random() < 0.04 ? 1 : 0;
      arm.tokens += requests * 128;
      arm.ttft_ms = { p50: ttft * 0.92, p95: ttft * 1.9 };
      arm.tpot_ms = { p50: tpot, p95: tpot * 1.3 };
      arm.stop_reasons = { stop: Math.round(arm.requests * 0.93), length: arm.requests - Math.round(arm.requests * 0.93) };
      arm.feedback = { count: Math.round(arm.requests * 0.07), mean: index ? 0.84 : 0.78 };
      arm.judges = (release.judgeNames ?? []).map((name) => ({ name, count: Math.round(arm.requests * 0.9), mean: index ? 0.91 : 0.83 }));
    });
    const [stable, canary] = release.arms;
    if (!stable.requests || !canary.requests) return;
    const difference = canary.errors / canary.requests - stable.errors / stable.requests;
    const wide = 1.6 / Math.sqrt(canary.requests);
    const points = (x) => `${x >= 0 ? '+' : ''}${(x * 100).toFixed(1)}`;
    release.comparisons = [
      { metric: 'error_rate', difference, low: difference - wide * 0.25, high: difference + wide * 0.25, p_value: 0.42, significant: false, sentence: `No difference in errors so far: between ${points(difference - wide * 0.25)} and ${points(difference + wide * 0.25)} points (95 %, may be looked at any time).` },
      { metric: 'ttft', difference: 0.041, low: -0.06, high: 0.14, p_value: 0.31, significant: false, sentence: 'No clear difference in the time to the first token: between 6 % faster and 14 % slower (95 %, may be looked at any time).' },
      { metric: 'judge_score', difference: 0.08, low: 0.03, high: 0.13, p_value: 0.004, significant: true, sentence: 'Judges score the canary higher: by 0.03 to 0.13 (95 %, may be looked at any time).' },
    ];
    for (const guard of release.guards) {
      guard.samples = canary.requests;
      if (canary.requests < (guard.min_samples ?? 1)) continue;
      guard.status = 'ok';
      guard.value = { error_rate: canary.errors / canary.requests, ttft_p95_ratio: canary.ttft_ms.p95 / stable.ttft_ms.p95, tpot_p95_ratio: 1.03, judge_score: 0.91, feedback: 0.84, probe: 1 }[guard.metric] ?? null;
      const value = guard.value === null ? '' : guard.metric === 'error_rate' ? `${(guard.value * 100).toFixed(1)} %` : guard.value.toFixed(2);
      guard.sentence = guard.metric === 'probe' ? 'The candidate answered all of its probe questions.' : `${value} after ${guard.samples} answers; ${guard.max !== undefined ? `at most ${guard.metric === 'error_rate' ? `${guard.max * 100} %` : guard.max}` : `at least ${guard.min}`} is allowed.`;
    }
  }

  tick(at = this.now()) {
    const t = Math.floor(at / 1000);
    if (this.series.at(-1)?.t === t) return;
    const wave = 1 + 0.45 * Math.sin(t / 23) + 0.2 * Math.sin(t / 7);
    const jitter = () => 0.85 + 0.3 * this.random();
    const load = this.adapters.length ? wave : 0;
    this.series.push({ t, rps: 6.2 * load * jitter(), tps: 410 * load * jitter(), running: Math.round(7 * load * jitter()), waiting: load > 1.35 ? Math.round(4 * this.random()) : 0, ttft_p95: load ? 330 * jitter() * (0.6 + 0.5 * wave) : null, tpot_p95: load ? 31 * jitter() : null });
    if (this.series.length > 120) this.series.shift();
    this.adapters.forEach((adapter, i) => {
      const isBusy = adapter.tier === 'ready';
      adapter.tokens_per_second = isBusy ? (160 / (i + 1)) * load * jitter() : 0;
      adapter.leases = isBusy ? Math.round((4 / (i + 1)) * load * jitter()) : 0;
      if (isBusy && adapter.leases) {
        adapter.requests += 1;
        adapter.tokens += Math.round(adapter.tokens_per_second);
        adapter.last_used = new Date(at).toISOString();
      }
      for (const version of adapter.versions) Object.assign(version, { tier: version.is_current ? adapter.tier : 'disk', leases: version.is_current ? adapter.leases : 0 });
    });
    this.cache.queried += Math.round(900 * load);
    this.cache.hit += Math.round(590 * load);
    for (const release of this.releases) {
      if (release.state !== 'running') continue;
      this.#measure(release, at);
      this.#advance(release, at);
    }
  }

  #advance(release, at) {
    const step = release.steps[release.step];
    const isLast = release.step === release.steps.length - 1;
    if (release.kind === 'ab' || at < Date.parse(release.step_ends) || release.arms[1].requests < (step.min_requests ?? 0)) return;
    if (isLast) {
      if (release.auto_promote) this.end(release, 'promoted', 'patchbay', 'All steps were passed and every guard was satisfied.', at);
      return;
    }
    release.step++;
    release.weight = release.steps[release.step].weight;
    release.arms[0].weight = 100 - release.weight;
    release.arms[1].weight = release.weight;
    release.step_started = new Date(at).toISOString();
    release.step_ends = new Date(at + (release.steps[release.step].hold_seconds ?? 0) * 1000).toISOString();
    release.history.push({ time: release.step_started, event: 'step', detail: `→ ${release.weight} %`, actor: 'patchbay' });
    this.log('patchbay', 'release.step', release.alias, release.stable, release.candidate, null, { release: release.id, weight: release.weight }, at);
  }

  end(release, state, actor, reason, at = this.now()) {
    release.state = state;
    release.ended = new Date(at).toISOString();
    release.end_reason = reason;
    release.history.push({ time: release.ended, event: state.replace('_', ' '), detail: reason, actor });
    const adapter = this.find(release.alias);
    adapter.release = null;
    adapter.route = 'fixed';
    if (state === 'promoted') {
      release.weight = 100;
      this.setVersion(adapter, release.candidate, actor, reason, 'adapter.release', at);
    }
    this.log(actor, { promoted: 'release.promote', aborted: 'release.abort', rolled_back: 'release.rollback' }[state], release.alias, release.stable, state === 'promoted' ? release.candidate : release.stable, reason, { release: release.id }, at);
  }

  memory() {
    const ready = this.adapters.filter((adapter) => adapter.tier === 'ready').reduce((sum, adapter) => sum + adapter.bytes, 0);
    const mapped = this.adapters.filter((adapter) => adapter.tier === 'mapped').reduce((sum, adapter) => sum + adapter.disk_bytes, 0);
    return { budget_bytes: 256 * MB, ready_bytes: ready, mapped_bytes: mapped, weights_bytes: 144 * MB, kv_bytes: 96 * MB, kv_used_bytes: 21 * MB, resident_set_bytes: 144 * MB + ready + mapped + 140 * MB };
  }

  traffic() {
    const last = this.series.at(-1);
    return {
      time: new Date(this.now()).toISOString(), requests_per_second: last.rps, tokens_per_second: last.tps, running: last.running, waiting: last.waiting, queue_limit: 256, rejected: this.rejected,
      latency: { ttft_ms: { p50: last.ttft_p95 && last.ttft_p95 * 0.5, p95: last.ttft_p95, p99: last.ttft_p95 && last.ttft_p95 * 1.6 }, tpot_ms: { p50: last.tpot_p95 && last.tpot_p95 * 0.8, p95: last.tpot_p95, p99: last.tpot_p95 && last.tpot_p95 * 1.25 }, e2e_ms: { p50: last.ttft_p95 && 2870, p95: last.ttft_p95 && 6420, p99: last.ttft_p95 && 9100 } },
      prefix_cache: this.cache, kv: { used_blocks: Math.round(340 + last.running * 22), total_blocks: 2048 }, memory: this.memory(),
      adapters: this.adapters.filter((adapter) => adapter.tier === 'ready').map((adapter, i) => ({ name: adapter.name, requests_per_second: last.rps / (i + 2), tokens_per_second: adapter.tokens_per_second, running: adapter.leases, waiting: i === 0 ? last.waiting : 0 })),
      series: this.series,
    };
  }
}
