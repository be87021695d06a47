// Comparing, finding, replaying and verifying, against the real program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phone } from './console.mjs';
import { isMissing } from './program.mjs';
import { enter, patience, question, upload, viewerKey } from './visitor.mjs';

test('Four versions answer one prompt side by side; one is rated, found, and made again bit for bit', { skip: isMissing }, async (t) => {
  const { page, caller } = await enter(t);
  await upload(page, 'medical-v2');
  const { digest, versions } = await caller.get('/admin/adapters/medical');
  const newer = versions.find((version) => !version.is_current).digest;
  const models = ['medical', `medical@${newer}`, 'medical-bad', 'pirate'];

  await page.getByRole('link', { name: 'Playground' }).click();
  for (const [i, model] of models.entries()) {
    if (i > 0) await page.getByRole('button', { name: 'Add a column' }).click();
    await page.getByLabel(`Who answers in column ${i + 1}`).selectOption(model);
  }
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('slider', { name: 'Temperature' }).fill('0');
  await page.getByLabel('Your message').fill(question);
  const [response] = await Promise.all([page.waitForResponse('**/v1/compare'), page.keyboard.press('Enter')]);
  assert.match(response.headers()['content-type'], /^text\/event-stream/);
  const cards = page.getByRole('article');
  await cards.getByText(/tokens\/s/).nth(3).waitFor(patience);
  assert.equal(await cards.count(), 4);
  await cards.nth(1).getByText(newer.slice(7, 15)).first().waitFor();
  await cards.nth(0).getByText(digest.slice(7, 15)).first().waitFor();
  await cards.nth(2).getByText(/the same tokens, differs from token \d+ on/).waitFor();
  // What stands in each column is what its version answers alone.
  const ids = await cards.locator('.id').allTextContents();
  for (const [i, model] of models.entries()) {
    const alone = (await caller.ask(model)).text;
    assert.ok((await cards.nth(i).innerText()).replace(/\s+/g, ' ').includes(alone.replace(/\s+/g, ' ').slice(0, 60)), model);
  }
  await cards.nth(1).getByRole('button', { name: 'Good answer' }).click();
  await page.getByText('the score is with the answer’s version').waitFor();

  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByLabel('Find an answer').fill(ids[1]);
  await page.getByRole('button', { name: 'Find' }).click();
  const dialog = page.getByRole('dialog', { name: 'Answer' });
  await dialog.getByText(`medical@${newer.slice(7, 15)}`).waitFor();
  await dialog.getByText('whole · stop').or(dialog.getByText('whole · length')).waitFor();
  await dialog.getByText('100%').waitFor();
  await dialog.getByLabel(/^Messages/).fill('Something else');
  await dialog.getByRole('button', { name: 'Replay' }).click();
  await dialog.getByRole('alert').getByText(/The prompt differs/).waitFor();
  await dialog.getByLabel(/^Messages/).fill(question);
  await dialog.getByRole('button', { name: 'Replay' }).click();
  await dialog.getByText('The same, bit for bit.').waitFor(patience);
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await page.getByRole('button', { name: 'Verify the chain' }).click();
  const { entries } = await caller.send('/admin/audit/verify', {});
  await page.getByText(`The chain is whole: ${entries} entries.`).waitFor();
  await page.getByText('answer replayed', { exact: true }).locator('visible=true').first().waitFor();
});

test('A viewer finds answers and verifies the chain, and is offered no replay', { skip: isMissing }, async (t) => {
  const { page, caller } = await enter(t, { viewport: phone });
  const { choices: _, id } = await caller.send('/v1/chat/completions', { model: 'pirate', messages: [{ role: 'user', content: question }], max_tokens: 4 });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Key').fill(viewerKey);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByRole('button', { name: 'Verify the chain' }).click();
  await page.getByText(/The chain is whole: \d+ entries/).waitFor();
  await page.getByLabel('Find an answer').fill(id);
  await page.getByRole('button', { name: 'Find' }).click();
  const dialog = page.getByRole('dialog', { name: 'Answer' });
  await dialog.getByText(/^pirate@/).waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Replay' }).count(), 0);
});
