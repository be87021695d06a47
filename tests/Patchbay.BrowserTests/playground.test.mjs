import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { open } from './console.mjs';

async function ask(page, question) {
  await page.getByLabel('Your message').fill(question);
  await page.keyboard.press('Enter');
}

test('An answer streams, says who gave it and how fast, and can be rated', async (t) => {
  const { page, world } = await open(t, { path: 'playground?model=medical' });
  await ask(page, 'What is a LoRA adapter?');
  const answer = page.getByRole('article', { name: 'medical' });
  await answer.getByText(/tokens\/s/).waitFor();
  await answer.getByText('LoRA adapter', { exact: true }).waitFor();
  await answer.getByText(world.find('medical').digest.slice(7, 15)).waitFor();
  await answer.getByText('generation 2').waitFor();
  await answer.getByText('arm stable').waitFor();
  await answer.getByRole('button', { name: 'Good answer' }).click();
  await page.getByText('the score is with the answer’s version').waitFor();
});

test('Two adapters answer side by side and their differences are marked', async (t) => {
  const { page } = await open(t, { path: 'playground?model=finance' });
  await page.getByRole('button', { name: 'Add a column' }).click();
  await page.getByLabel('Who answers in column 2').selectOption('medical');
  await ask(page, 'What is a LoRA adapter?');
  const second = page.getByRole('article', { name: 'medical' });
  await second.getByText(/the same tokens, differs from token \d+ on/).waitFor();
  await second.locator('mark').nth(3).waitFor();
  await page.getByRole('button', { name: 'Differences' }).click();
  await second.locator('mark').first().waitFor({ state: 'detached' });
  await second.getByRole('button', { name: 'Go on with this answer' }).click();
  await second.getByRole('button', { name: 'Keep as a dataset row' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Dataset (1)' }).click()]);
  const row = JSON.parse(await readFile(await download.path(), 'utf8'));
  assert.deepEqual(row.messages.map((message) => message.role), ['user', 'assistant']);
  assert.match(row.messages[1].content, /senior nurse/);
});

test('A question that is asked before the list of adapters has come goes to the adapter of the address', async (t) => {
  const { page, url } = await open(t, { path: 'adapters' });
  let isHeld = true;
  await page.route('**/admin/adapters', async (route) => {
    while (isHeld) await new Promise((resolve) => setTimeout(resolve, 20));
    await route.continue();
  });
  await page.goto(`${url}/console/playground?model=medical`);
  await ask(page, 'What is a LoRA adapter?');
  await page.waitForTimeout(300);
  isHeld = false;
  await page.getByRole('article', { name: 'medical' }).getByText(/tokens\/s/).waitFor();
});

test('Stop ends an answer and keeps what there is', async (t) => {
  const { page } = await open(t, { path: 'playground?model=medical' });
  await ask(page, 'What is a LoRA adapter?');
  await page.getByText('Think of').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('stopped').waitFor();
  await page.getByRole('button', { name: 'Send' }).waitFor();
});

test('A mixture is sent as adapters with weights', async (t) => {
  const { page } = await open(t, { path: 'playground?model=medical' });
  await page.getByLabel('Who answers in column 1').selectOption({ label: 'Mixture …' });
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Add an adapter').selectOption('finance');
  await dialog.getByRole('spinbutton', { name: 'Weight of finance' }).fill('0.3');
  await dialog.getByRole('button', { name: 'Done' }).click();
  const [request] = await Promise.all([page.waitForRequest('**/v1/chat/completions'), ask(page, 'Hello')]);
  assert.deepEqual(request.postDataJSON().adapters, [{ name: 'medical', weight: 1 }, { name: 'finance', weight: 0.3 }]);
  await page.getByRole('article', { name: '1 medical + 0.3 finance' }).getByText(/tokens\/s/).waitFor();
});

test('Sampling settings are sent, and a refused model is explained', async (t) => {
  const { page, world } = await open(t, { path: 'playground?model=legal' });
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('spinbutton', { name: 'Temperature' }).fill('0');
  await page.getByLabel('Seed').fill('42');
  const [request] = await Promise.all([page.waitForRequest('**/v1/chat/completions'), ask(page, 'Hello')]);
  assert.equal(request.postDataJSON().temperature, 0);
  assert.equal(request.postDataJSON().seed, 42);
  await page.getByText(/tokens\/s/).waitFor();
  world.adapters = world.adapters.filter((adapter) => adapter.name !== 'legal');
  await ask(page, 'And now?');
  await page.getByRole('alert').getByText("There is no model 'legal'.").waitFor();
});

test('Markup in an answer stays text', async (t) => {
  const { page } = await open(t, { path: 'playground?model=medical' });
  await page.route('**/v1/chat/completions', (route) => route.fulfill({
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: `data: ${JSON.stringify({ id: 'chatcmpl-x', choices: [{ delta: { content: '<img src=x onerror=alert(1)> **bold** [l](javascript:alert(2))' } }] })}\n\ndata: [DONE]\n\n`,
  }));
  await ask(page, 'Hello');
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();
  assert.equal(await page.locator('article img, article a').count(), 0);
});
