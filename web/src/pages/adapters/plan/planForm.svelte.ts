import type { Arm, Match, Plan, SplitKind, Sticky } from '../../../api/contract';

export type Shape = 'fixed' | 'split' | 'shadow';

/** What answers a group of requests, with the fields of all shapes, so that going back and forth loses nothing. */
export class PlanNode {
  shape = $state<Shape>('fixed');
  digest = $state('current');
  arms = $state<Arm[]>([]);
  sticky = $state<Sticky>('user');
  shadow = $state('');
  /** In percent, as people say it; the API wants a share of 1. */
  share = $state(10);
  #split: SplitKind = 'weighted';
  #salt: string | undefined;

  constructor(plan: Plan, other: string) {
    this.arms = [
      { name: 'stable', digest: 'current', weight: 90 },
      { name: 'trial', digest: other, weight: 10 },
    ];
    this.shadow = other;
    if (plan.kind === 'fixed') this.digest = plan.digest;
    if (plan.kind === 'weighted' || plan.kind === 'ab') {
      this.shape = 'split';
      this.arms = plan.arms.map(({ name, digest, weight }) => ({ name, digest, weight }));
      this.sticky = plan.sticky ?? 'user';
      this.#split = plan.kind;
      this.#salt = plan.salt;
    }
    if (plan.kind === 'shadow') {
      this.shape = 'shadow';
      this.digest = plan.digest;
      this.shadow = plan.shadow.digest;
      this.share = rounded(plan.shadow.share * 100);
    }
  }

  get sum(): number {
    return rounded(this.arms.reduce((sum, arm) => sum + (arm.weight || 0), 0));
  }

  addArm(digest: string): void {
    let n = this.arms.length + 1;
    while (this.arms.some((arm) => arm.name === `arm-${n}`)) n++;
    this.arms.push({ name: `arm-${n}`, digest, weight: Math.max(0, rounded(100 - this.sum)) });
  }

  get plan(): Plan {
    if (this.shape === 'split') {
      return { kind: this.#split, arms: this.arms.map((arm) => ({ ...arm, weight: arm.weight ?? 0 })), sticky: this.sticky, ...(this.#salt ? { salt: this.#salt } : {}) };
    }
    if (this.shape === 'shadow') return { kind: 'shadow', digest: this.digest, shadow: { digest: this.shadow, share: rounded((this.share ?? 0) / 100) } };
    return { kind: 'fixed', digest: this.digest };
  }
}

/** A rule as it is written: an empty field asks nothing. */
export class RuleForm {
  tenant = $state('');
  user = $state('');
  key = $state('');
  header = $state('');
  value = $state('');
  node: PlanNode;

  constructor(match: Match, node: PlanNode) {
    this.tenant = match.tenant ?? '';
    this.user = match.user ?? '';
    this.key = match.key ?? '';
    this.header = match.header?.name ?? '';
    this.value = match.header?.value ?? '';
    this.node = node;
  }

  get match(): Match {
    return {
      ...(this.header.trim() || this.value ? { header: { name: this.header.trim(), value: this.value } } : {}),
      ...(this.user ? { user: this.user } : {}),
      ...(this.key ? { key: this.key } : {}),
      ...(this.tenant ? { tenant: this.tenant } : {}),
    };
  }

  get conditions(): string[] {
    const { header, ...rest } = this.match;
    return [...Object.entries(rest).map(([field, value]) => `${field} = ${value}`), ...(header ? [`${header.name}: ${header.value}`] : [])];
  }
}

/** The plan of one alias while it is edited: rules in their order, and what answers everybody else. */
export class PlanForm {
  rules = $state<RuleForm[]>([]);
  otherwise: PlanNode;
  reason = $state('');
  readonly #other: string;

  constructor(plan: Plan, other: string) {
    this.#other = other;
    this.otherwise = new PlanNode(plan.kind === 'rules' ? plan.otherwise : plan, other);
    if (plan.kind === 'rules') this.rules = plan.rules.map(({ match, plan: inner }) => new RuleForm(match, new PlanNode(inner, other)));
  }

  addRule(): void {
    this.rules.push(new RuleForm({}, new PlanNode({ kind: 'fixed', digest: this.#other }, this.#other)));
  }

  move(index: number, by: number): void {
    const [rule] = this.rules.splice(index, 1);
    if (rule) this.rules.splice(index + by, 0, rule);
  }

  get plan(): Plan {
    if (!this.rules.length) return this.otherwise.plan;
    return { kind: 'rules', rules: this.rules.map((rule) => ({ match: rule.match, plan: rule.node.plan })), otherwise: this.otherwise.plan };
  }

  /** Where the API names a field of what answers everybody else. */
  get path(): string {
    return this.rules.length ? 'plan.otherwise' : 'plan';
  }
}

/** Whether a plan has no rules within rules, which this form does not show. */
export function isEditable(plan: Plan): boolean {
  return plan.kind !== 'rules' || (plan.otherwise.kind !== 'rules' && plan.rules.every((rule) => rule.plan.kind !== 'rules'));
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
