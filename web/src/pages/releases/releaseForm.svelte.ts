import type { Guard, Judge, Plan, StartRelease, Step, Sticky } from '../../api/contract';

export type Pace = 'quick' | 'careful' | 'own';

const paces: Record<'quick' | 'careful', Step[]> = {
  quick: [
    { weight: 10, min_requests: 20, hold_seconds: 30 },
    { weight: 50, min_requests: 50, hold_seconds: 30 },
    { weight: 100 },
  ],
  careful: [
    { weight: 1, min_requests: 20, hold_seconds: 60 },
    { weight: 10, min_requests: 100, hold_seconds: 300 },
    { weight: 50, min_requests: 500, hold_seconds: 600 },
    { weight: 100 },
  ],
};

/** What the form holds until it is sent; its defaults work as they are. */
export class ReleaseForm {
  alias = $state('');
  candidate = $state('');
  kind = $state<'canary' | 'ab'>('canary');
  pace = $state<Pace>('quick');
  steps = $state<Step[]>(paces.quick.map((step) => ({ ...step })));
  guards = $state({
    errors: { isOn: true, limit: 5 },
    ttft: { isOn: true, limit: 2 },
    tpot: { isOn: true, limit: 1.5 },
    feedback: { isOn: false, limit: 0.5 },
    judge: { isOn: true, limit: 0.7 },
    probe: { isOn: true, limit: 0 },
  });
  judge = $state<'none' | Judge['kind']>('none');
  pattern = $state('');
  schema = $state('{"type":"object"}');
  url = $state('');
  sticky = $state<Sticky>('user');
  isAutomatic = $state(true);
  reason = $state('');

  choosePace(pace: Pace): void {
    this.pace = pace;
    if (pace !== 'own') this.steps = paces[pace].map((step) => ({ ...step }));
  }

  addStep(): void {
    const before = this.steps.at(-2)?.weight ?? 0;
    this.steps.splice(Math.max(0, this.steps.length - 1), 0, { weight: Math.round((before + 100) / 2), min_requests: 50, hold_seconds: 60 });
  }

  get hasFittingSteps(): boolean {
    return (
      this.kind === 'ab' ||
      (this.steps.length > 0 &&
        this.steps.every((step, i) => step.weight > (this.steps[i - 1]?.weight ?? 0) && step.weight <= 100))
    );
  }

  get hasFittingJudge(): boolean {
    if (this.judge === 'regex') return this.pattern.trim() !== '';
    if (this.judge === 'http') return /^https?:\/\/\S+$/.test(this.url.trim());
    return this.judge !== 'json_schema' || this.parsedSchema !== undefined;
  }

  get parsedSchema(): unknown {
    try {
      return JSON.parse(this.schema);
    } catch {
      return undefined;
    }
  }

  get firstShare(): number {
    return this.kind === 'ab' ? 50 : (this.steps[0]?.weight ?? 0);
  }

  get body(): StartRelease {
    const reason = this.reason.trim();
    return {
      alias: this.alias,
      candidate: this.candidate,
      kind: this.kind,
      steps: this.kind === 'ab' ? [{ weight: 50 }] : this.steps.map((step) => ({ ...step })),
      guards: this.#guardList(),
      judges: this.#judgeList(),
      sticky: this.sticky,
      auto_promote: this.kind === 'canary' && this.isAutomatic,
      ...(reason ? { reason } : {}),
    };
  }

  /** The plan of the first step, to ask who would get which version. */
  get plan(): Plan {
    const share = this.firstShare;
    return {
      kind: this.kind === 'ab' ? 'ab' : 'weighted',
      arms: [
        { name: 'stable', digest: 'current', weight: 100 - share },
        { name: 'canary', digest: this.candidate, weight: share },
      ],
      sticky: this.sticky,
    };
  }

  #guardList(): Guard[] {
    const { errors, ttft, tpot, feedback, judge, probe } = this.guards;
    const list: Guard[] = [];
    if (errors.isOn) list.push({ metric: 'error_rate', max: errors.limit / 100, min_samples: 20 });
    if (ttft.isOn) list.push({ metric: 'ttft_p95_ratio', max: ttft.limit, min_samples: 20 });
    if (tpot.isOn) list.push({ metric: 'tpot_p95_ratio', max: tpot.limit, min_samples: 20 });
    if (feedback.isOn) list.push({ metric: 'feedback', min: feedback.limit, min_samples: 10 });
    if (judge.isOn && this.judge !== 'none') list.push({ metric: 'judge_score', min: judge.limit, min_samples: 10 });
    if (probe.isOn) list.push({ metric: 'probe' });
    return list;
  }

  #judgeList(): Judge[] {
    if (this.judge === 'regex') return [{ kind: 'regex', name: 'pattern', pattern: this.pattern }];
    if (this.judge === 'json_schema') return [{ kind: 'json_schema', name: 'schema', schema: this.parsedSchema }];
    if (this.judge === 'http') return [{ kind: 'http', name: 'service', url: this.url.trim(), timeout_seconds: 5 }];
    return [];
  }
}
