import { query, segment } from '../../api/client';
import type { Adapter, AdapterList, Priority, Version } from '../../api/contract';
import { actions } from '../../state/action.svelte';
import { text } from '../../text';
import { bytes, nameAt, whole } from '../../text/format';

/** Every change of an adapter, as a confirmation that says what changes and for whom, and the call behind it. */
export class AdapterActions {
  readonly #list: () => AdapterList | null;
  readonly #refresh: () => Promise<void>;

  constructor(list: () => AdapterList | null, refresh: () => Promise<void>) {
    this.#list = list;
    this.#refresh = refresh;
  }

  /** Makes an adapter, or the base model, answer requests that name none. */
  switchTo(adapter: Adapter | null): void {
    const list = this.#list();
    if (!list) return;
    const words = text().adapters.confirm;
    const { name: before, generation } = list.default;
    const leaving = list.data.find((each) => each.name === before);
    const target = adapter ? nameAt(adapter.name, adapter.digest) : list.base.name;
    actions.open({
      title: words.switchTitle(adapter?.name ?? list.base.name),
      effects: [
        words.switchEffect(target, whole(generation), whole(generation + 1)),
        ...(leaving ? [words.runningFinish(leaving.leases, leaving.name)] : []),
        words.namedStay,
      ],
      confirm: text().adapters.switch,
      takesReason: false,
      call: () => ({ method: 'POST', path: '/switch-lora', body: { adapter_name: adapter?.name ?? null, expected_generation: generation } }),
      done: () => words.switchDone(adapter?.name ?? list.base.name),
      after: this.#refresh,
    });
  }

  release(adapter: Adapter, version: Version): void {
    const words = text().adapters.confirm;
    const target = nameAt(adapter.name, version.digest);
    actions.open({
      title: words.releaseTitle(target),
      effects: [
        words.releaseEffect(adapter.name, nameAt(adapter.name, adapter.digest), target, whole(adapter.generation), whole(adapter.generation + 1)),
        ...(adapter.is_default ? [words.releaseDefault(adapter.name)] : []),
        words.runningFinish(adapter.leases, nameAt(adapter.name, adapter.digest)),
      ],
      confirm: text().adapters.release,
      call: (reason) => ({
        method: 'POST',
        path: `/admin/adapters/${segment(adapter.name)}/release`,
        body: { digest: version.digest, expected_generation: adapter.generation, ...(reason ? { reason } : {}) },
      }),
      done: () => words.releaseDone(target),
      after: this.#refresh,
    });
  }

  rollBack(adapter: Adapter, to: Version | undefined): void {
    const words = text().adapters.confirm;
    actions.open({
      title: words.rollBackTitle(adapter.name),
      effects: [
        words.rollBackEffect(adapter.name, to ? nameAt(adapter.name, to.digest) : '…', whole(adapter.generation), whole(adapter.generation + 1)),
        ...(adapter.is_default ? [words.releaseDefault(adapter.name)] : []),
        words.runningFinish(adapter.leases, nameAt(adapter.name, adapter.digest)),
      ],
      confirm: text().adapters.rollBack,
      isDangerous: true,
      call: (reason) => ({
        method: 'POST',
        path: `/admin/adapters/${segment(adapter.name)}/rollback`,
        body: { ...(to ? { digest: to.digest } : {}), expected_generation: adapter.generation, ...(reason ? { reason } : {}) },
      }),
      done: () => words.releaseDone(to ? nameAt(adapter.name, to.digest) : adapter.name),
      after: this.#refresh,
    });
  }

  pin(adapter: Adapter): void {
    const words = text().adapters.confirm;
    const pins = !adapter.pinned;
    actions.open({
      title: pins ? words.pinTitle(adapter.name) : words.unpinTitle(adapter.name),
      effects: [pins ? words.pinEffect(adapter.name, bytes(adapter.bytes)) : words.unpinEffect(adapter.name)],
      confirm: pins ? text().adapters.pin : text().adapters.unpin,
      call: (reason) => this.#patch(adapter, { pinned: pins }, reason),
      done: () => (pins ? words.pinDone(adapter.name) : words.unpinDone(adapter.name)),
      after: this.#refresh,
    });
  }

  setPriority(adapter: Adapter, priority: Priority): void {
    const words = text().adapters.confirm;
    const names = text().adapters.priorities;
    const to = names[priority] ?? priority;
    actions.open({
      title: words.priorityTitle(adapter.name, to),
      effects: [words.priorityEffect(adapter.name, names[adapter.priority] ?? adapter.priority, to)],
      confirm: text().adapters.setPriority(to),
      call: (reason) => this.#patch(adapter, { priority }, reason),
      done: () => words.priorityDone(adapter.name, to),
      after: this.#refresh,
    });
  }

  load(adapter: Adapter): void {
    const words = text().adapters.confirm;
    actions.open({
      title: words.loadTitle(adapter.name),
      effects: [words.loadEffect(adapter.name, bytes(adapter.bytes || adapter.disk_bytes))],
      confirm: text().adapters.load,
      takesReason: false,
      call: () => ({ method: 'POST', path: `/admin/adapters/${segment(adapter.name)}/load`, body: {} }),
      done: () => words.loadDone(adapter.name),
      after: this.#refresh,
    });
  }

  unload(adapter: Adapter): void {
    const words = text().adapters.confirm;
    actions.open({
      title: words.unloadTitle(adapter.name),
      effects: [words.unloadEffect(adapter.name), words.runningFinish(adapter.leases, adapter.name)],
      confirm: text().adapters.unload,
      takesReason: false,
      call: () => ({ method: 'POST', path: `/admin/adapters/${segment(adapter.name)}/unload`, body: {} }),
      done: () => words.unloadDone(adapter.name),
      after: this.#refresh,
    });
  }

  remove(adapter: Adapter, after: () => void): void {
    const words = text().adapters.confirm;
    actions.open({
      title: words.removeTitle(adapter.name),
      effects: [words.removeEffect(adapter.name), words.runningFinish(adapter.leases, adapter.name), words.removeKept],
      confirm: text().adapters.remove,
      isDangerous: true,
      call: (reason) => ({
        method: 'DELETE',
        path: `/admin/adapters/${segment(adapter.name)}${query({ expected_generation: adapter.generation, reason })}`,
      }),
      done: () => words.removeDone(adapter.name),
      after: async (result) => {
        if (result !== undefined) after();
        await this.#refresh();
      },
    });
  }

  removeVersion(adapter: Adapter, version: Version): void {
    const words = text().adapters.confirm;
    const target = nameAt(adapter.name, version.digest);
    actions.open({
      title: words.removeVersionTitle(target),
      effects: [words.removeVersionEffect(target), words.removeKept],
      confirm: text().adapters.remove,
      isDangerous: true,
      takesReason: false,
      call: () => ({ method: 'DELETE', path: `/admin/adapters/${segment(adapter.name)}/versions/${segment(version.digest)}` }),
      done: () => words.removeVersionDone(target),
      after: this.#refresh,
    });
  }

  #patch(adapter: Adapter, change: { pinned?: boolean; priority?: Priority }, reason: string) {
    return { method: 'PATCH' as const, path: `/admin/adapters/${segment(adapter.name)}`, body: { ...change, ...(reason ? { reason } : {}) } };
  }
}

/** The version that answered before the current one: what a roll back without a digest returns to. */
export function versionBefore(adapter: Adapter): Version | undefined {
  const at = adapter.versions.findIndex((version) => version.is_current);
  return adapter.versions[at + 1] ?? adapter.versions.find((version) => !version.is_current);
}
