import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, until } from './console.mjs';

test('A canary starts from the form as it is, is explained, watched, paused and promoted', async (t) => {
  const { page, world } = await open(t, { path: 'releases' });
  await page.getByRole('link', { name: 'Start a release' }).click();
  const form = page.getByRole('dialog', { name: 'Start a release' });
  await form.getByLabel('Adapter', { exact: false }).first().selectOption('legal');
  await form.getByRole('button', { name: 'Explain' }).click();
  await form.getByText(/key 'user:alice' falls on 0\.\d{4}/).waitFor();
  await form.getByText(/10% of the requests for legal go to legal@/).waitFor();
  await form.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText(/Release rel-\d+ has started/).waitFor();
  const release = world.releases[0];
  assert.equal(release.alias, 'legal');
  assert.deepEqual(release.steps.map((step) => step.weight), [10, 50, 100]);
  assert.ok(release.guards.some((guard) => guard.metric === 'error_rate' && guard.max === 0.05));

  const view = page.getByRole('article');
  await view.getByRole('heading', { name: 'legal' }).waitFor();
  await view.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await until(() => release.state === 'paused', 'it is paused');
  await view.getByRole('button', { name: 'Promote' }).click();
  const confirm = page.getByRole('dialog');
  await confirm.getByText(/All requests for legal will be answered by legal@[0-9a-f]{8} instead of legal@[0-9a-f]{8}/).waitFor();
  await confirm.getByRole('button', { name: 'Promote' }).click();
  await view.getByText('promoted', { exact: true }).first().waitFor();
  assert.equal(world.find('legal').digest, release.candidate);
});

test('A running canary shows both arms, the interval of the difference and its guards, and can be aborted', async (t) => {
  const { page, world } = await open(t, { path: 'releases/rel-12' });
  const view = page.getByRole('article');
  await view.getByText('No difference in errors so far', { exact: false }).waitFor();
  await view.getByText(/is allowed/).first().waitFor();
  await view.getByRole('img', { name: /Time to first token: stable .* canary/ }).waitFor();
  await view.locator('canvas').nth(3).waitFor();
  await view.getByRole('button', { name: 'Abort' }).click();
  await page.getByRole('dialog').getByLabel(/Reason/).fill('wrong doses');
  await page.getByRole('dialog').getByRole('button', { name: 'Abort' }).click();
  await view.getByText('wrong doses').first().waitFor();
  assert.equal(world.releases.find((release) => release.id === 'rel-12').state, 'aborted');
});

test('A release that guards took back says why', async (t) => {
  const { page } = await open(t, { path: 'releases/rel-11' });
  await page.getByRole('article').getByText('more than the 5 % that were allowed', { exact: false }).first().waitFor();
});

test('Steps that do not grow cannot be started', async (t) => {
  const { page } = await open(t, { path: 'releases?start=legal' });
  const form = page.getByRole('dialog');
  await form.getByLabel('Share, % 2').fill('5');
  await form.getByText('Shares must grow from step to step').waitFor();
  await form.getByRole('button', { name: 'Start', exact: true, disabled: true }).waitFor();
  await form.getByRole('radio', { name: 'My own', checked: true }).waitFor();
});
