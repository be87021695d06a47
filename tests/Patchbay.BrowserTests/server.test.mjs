import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAt } from './console.mjs';
import { isMissing, serve } from './program.mjs';

test('The real program serves the console: the demo answers and its traffic is seen', { skip: isMissing }, async (t) => {
  const address = await serve(t);
  const { page } = await openAt(t, `${address}playground?model=medical`);
  await page.getByLabel('Your message').fill('My throat hurts when I swallow.');
  await page.keyboard.press('Enter');
  const answer = page.getByRole('article', { name: 'medical' });
  await answer.getByText(/tokens\/s/).waitFor({ timeout: 60_000 });
  assert.match(await answer.locator('header code').getAttribute('title'), /^sha256:[0-9a-f]{64}$/);
  assert.match(await answer.locator('.id').textContent(), /^chatcmpl-/);

  await page.getByRole('link', { name: 'Traffic' }).click();
  await page.getByText('By adapter').waitFor();
  await page.getByRole('heading', { name: 'Latency' }).waitFor();
});
