import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, phone, until } from './console.mjs';
import { isMissing } from './program.mjs';
import { enter } from './visitor.mjs';

test('A plan with rules, arms and a shadow is written, tried and applied; every problem stands at its field', async (t) => {
  const { page, world } = await open(t, { path: 'adapters/legal' });
  const [newer] = world.find('legal').versions.map((version) => version.digest);
  await page.getByRole('link', { name: 'Edit plan' }).click();
  const form = page.getByRole('dialog', { name: 'Plan of legal' });
  const everybody = form.getByRole('group', { name: 'All requests' });
  await everybody.getByText('Shadow', { exact: true }).click();
  await form.getByLabel('All requests: Is tried beside it').selectOption(world.find('medical').digest);
  await form.getByLabel('All requests: Requests that are copied').fill('25');

  await form.getByRole('button', { name: 'Add a rule' }).click();
  const rule = form.getByRole('group', { name: 'Rule 1' });
  await rule.getByText('Weighted arms', { exact: true }).click();
  await form.getByLabel('Rule 1: Name of arm 1').fill('not a name');
  await form.getByLabel('Rule 1: Share of arm, % 2').fill('40');
  await rule.getByText('130 % of 100 %').waitFor();
  await form.getByRole('button', { name: 'Apply' }).click();
  await rule.getByText('weights must sum to 100; found 130').waitFor();
  await rule.getByText('must have 1 to 64 of the characters').waitFor();
  await rule.getByText("must have at least one of 'header', 'user', 'key', 'tenant'").waitFor();
  assert.equal(await form.getByLabel('Rule 1: Name of arm 1').getAttribute('aria-invalid'), 'true');
  assert.equal(await form.getByRole('alert').last().getByRole('listitem').count(), 3);
  assert.equal(world.routes.size, 0);

  await form.getByLabel('Rule 1: Tenant').fill('Acme');
  await form.getByLabel('Rule 1: Name of arm 1').fill('stable');
  await form.getByLabel('Rule 1: Share of arm, % 1').fill('60');
  await form.getByLabel('Rule 1: Version of arm 2').selectOption(newer);
  await form.getByLabel('Try it: Tenant').fill('Acme');
  await form.getByRole('button', { name: 'Explain' }).click();
  await form.getByText('rule 1 matched').waitFor();
  await form.getByLabel('Try it: Tenant').fill('Other');
  await form.getByRole('button', { name: 'Explain' }).click();
  await form.getByText("no rule matched: 'otherwise' decides").waitFor();
  await form.getByText(/A copy goes to medical@[0-9a-f]{8}/).waitFor();
  await form.getByText('The same as an API call').click();
  await form.getByText('"match":{"tenant":"Acme"}').waitFor();
  await form.getByRole('button', { name: 'Apply' }).click();
  await page.getByText('The plan of legal is applied.').waitFor();
  assert.deepEqual(world.routes.get('legal').plan, {
    kind: 'rules',
    rules: [{ match: { tenant: 'Acme' }, plan: { kind: 'weighted', arms: [{ name: 'stable', digest: 'current', weight: 60 }, { name: 'trial', digest: newer, weight: 40 }], sticky: 'user' } }],
    otherwise: { kind: 'shadow', digest: 'current', shadow: { digest: world.find('medical').digest, share: 0.25 } },
  });

  // Opened again, it is what was applied; two rules change places, and one goes.
  await page.getByRole('link', { name: 'Edit plan' }).click();
  assert.equal(await form.getByLabel('Rule 1: Tenant').inputValue(), 'Acme');
  await form.getByRole('button', { name: 'Add a rule' }).click();
  await form.getByLabel('Rule 2: Header').fill('x-beta');
  await form.getByLabel('Rule 2: Its value').fill('yes');
  await form.getByRole('button', { name: 'Move rule 2 up' }).click();
  await form.getByRole('button', { name: 'Apply' }).click();
  await until(() => world.routes.get('legal').plan.rules[0].match.header?.value === 'yes', 'the order has changed');
  await page.getByRole('link', { name: 'Edit plan' }).click();
  await form.getByRole('button', { name: 'Remove rule 2' }).click();
  await form.getByRole('button', { name: 'Remove rule 1' }).click();
  await form.getByRole('group', { name: 'All requests' }).getByText('One version', { exact: true }).click();
  await form.getByRole('button', { name: 'Apply' }).click();
  await until(() => world.routes.get('legal').plan.kind === 'fixed', 'the plan is plain again');
});

test('A plan that a release moves, or that somebody else changed, is not overwritten', async (t) => {
  const { page, world, url } = await open(t, { path: 'adapters/medical?plan=' });
  const form = page.getByRole('dialog', { name: 'Plan of medical' });
  await form.getByRole('link', { name: 'rel-12' }).waitFor();
  await form.getByRole('button', { name: 'Apply', disabled: true }).waitFor();

  await page.goto(`${url}/console/adapters/legal?plan=`);
  await page.getByRole('dialog', { name: 'Plan of legal' }).getByRole('group', { name: 'All requests' }).waitFor();
  world.routes.set('legal', { alias: 'legal', generation: 7, plan: { kind: 'fixed', digest: 'current' } });
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('alert').getByText('it is at generation 7 now').waitFor();
});

for (const [name, viewport] of [['desktop', undefined], ['phone', phone]]) {
  test(`A plan is applied to the real program, which answers by it (${name})`, { skip: isMissing }, async (t) => {
    const { page, caller } = await enter(t, { viewport });
    const [own, other] = await Promise.all(['medical', 'medical-v2'].map(async (each) => (await caller.get(`/admin/adapters/${each}`)).digest));
    await page.getByRole('link', { name: 'medical', exact: true }).click();
    await page.getByRole('link', { name: 'Edit plan' }).click();
    const form = page.getByRole('dialog', { name: 'Plan of medical' });
    await form.getByRole('button', { name: 'Add a rule' }).click();
    await form.getByLabel('Rule 1: User').fill('tester');
    await form.getByRole('group', { name: 'Rule 1' }).getByText('Weighted arms', { exact: true }).click();
    await form.getByLabel('Rule 1: Version of arm 2').selectOption(other);
    await form.getByLabel('Rule 1: Share of arm, % 1').fill('50');
    await form.getByRole('button', { name: 'Explain' }).click();
    await form.getByRole('group', { name: 'Rule 1' }).getByText('weights must sum to 100; found 60').waitFor();
    await form.getByLabel('Rule 1: Share of arm, % 1').fill('0');
    await form.getByLabel('Rule 1: Share of arm, % 2').fill('100');
    await form.getByRole('group', { name: 'All other requests' }).getByText('Shadow', { exact: true }).click();
    await form.getByLabel('All other requests: Is tried beside it').selectOption(other);
    await form.getByLabel('All other requests: Requests that are copied').fill('100');
    await form.getByLabel('Try it: User').fill('tester');
    await form.getByRole('button', { name: 'Explain' }).click();
    await form.getByText(`Arm trial answers: medical-v2@${other.slice(7, 15)}`).waitFor();
    await form.getByLabel(/^Reason/).fill('try v2');
    await form.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('The plan of medical is applied.').waitFor();

    assert.deepEqual((({ digest, arm }) => ({ digest, arm }))(await caller.ask('medical', 'tester')), { digest: other, arm: 'trial' });
    assert.deepEqual((({ digest, arm }) => ({ digest, arm }))(await caller.ask('medical')), { digest: own, arm: 'live' });
    const until = Date.now() + 20_000;
    while (!(await caller.get('/admin/routes/medical')).shadow?.compared) assert.ok(Date.now() < until, 'The shadow compares nothing.');
    await page.getByRole('dialog', { name: 'medical' }).getByText('History').click();
    await page.getByText(/by admin: try v2/).waitFor();
  });
}
