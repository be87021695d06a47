import { segment } from '../../api/client';
import type { Release } from '../../api/contract';
import { actions } from '../../state/action.svelte';
import { text } from '../../text';
import { nameAt, percent } from '../../text/format';

type Verb = 'promote' | 'pause' | 'resume' | 'abort';

/** Asks for a change of a running release, with its consequences in words. */
export function change(release: Release, verb: Verb, refresh: () => Promise<void>): void {
  const words = text().releases.confirm;
  const stable = nameAt(release.alias, release.stable);
  const candidate = nameAt(release.alias, release.candidate);
  const share = percent(release.weight / 100);
  const told = {
    promote: { title: words.promoteTitle(candidate), effects: [words.promoteEffect(release.alias, candidate, stable), words.abortRunning], done: words.promoteDone(candidate) },
    pause: { title: words.pauseTitle, effects: [words.pauseEffect(share, candidate)], done: words.pauseDone },
    resume: { title: words.resumeTitle, effects: [words.resumeEffect(share)], done: words.resumeDone },
    abort: { title: words.abortTitle, effects: [words.abortEffect(release.alias, stable), words.abortRunning], done: words.abortDone },
  }[verb];
  actions.open({
    title: told.title,
    effects: told.effects,
    confirm: text().releases[verb],
    isDangerous: verb === 'abort',
    call: (reason) => ({ method: 'POST', path: `/admin/releases/${segment(release.id)}/${verb}`, body: reason ? { reason } : {} }),
    done: () => told.done,
    after: refresh,
  });
}
