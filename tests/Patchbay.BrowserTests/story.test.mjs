// The stories that people use the console for, against the real program and the embedded demo: nothing is played.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMissing } from './program.mjs';
import { enter, patience, upload } from './visitor.mjs';

/** Starts a canary of medical's waiting version in two short steps, judged by a pattern. */
async function start(page, candidate, pattern) {
  await page.getByRole('link', { name: 'Releases' }).click();
  await page.getByRole('link', { name: 'Start a release' }).first().click();
  const form = page.getByRole('dialog', { name: 'Start a release' });
  await form.getByLabel('New version').selectOption(candidate);
  await form.getByRole('button', { name: 'Remove step 2' }).click();
  await form.getByLabel('Share, % 1').fill('10');
  await form.getByLabel('Seconds 1').fill('1');
  await form.getByLabel('Requests 1').fill('10');
  // Times of a machine that does other things as well say nothing about a version.
  await form.getByRole('checkbox', { name: /its first token takes/ }).uncheck();
  await form.getByRole('checkbox', { name: /its tokens take/ }).uncheck();
  await form.getByLabel('Judge each answer').selectOption('regex');
  await form.getByLabel(/^Pattern/).fill(pattern);
  await form.getByRole('button', { name: 'Explain' }).click();
  await form.getByText(/^(stable|canary) answers: medical@[0-9a-f]{8}$/).waitFor();
  await form.getByText(/10% of the requests for medical go to medical@/).waitFor();
  await form.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText(/Release rel-\d+ has started/).waitFor();
  const view = page.getByRole('article');
  await view.getByRole('heading', { name: 'medical' }).waitFor();
  return view;
}

/** Sends requests for medical until its release has ended; gives every arm's version that was seen. */
async function send(caller) {
  const arms = { stable: new Set(), canary: new Set() };
  const until = Date.now() + patience.timeout;
  while ((await caller.get('/admin/adapters/medical')).release) {
    assert.ok(Date.now() < until, 'The release does not end.');
    for (const { arm, digest } of await Promise.all(Array.from({ length: 4 }, () => caller.ask('medical')))) arms[arm]?.add(digest);
  }
  return { stable: [...arms.stable], canary: [...arms.canary] };
}

const digestOf = async (caller, name) => (await caller.get(`/admin/adapters/${name}`)).digest;
const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function common(first, second) {
  let length = 0;
  while (length < first.length && first[length] === second[length]) length++;
  assert.ok(length > 20, `${first} | ${second}`);
  return first.slice(0, length);
}

test('A second version is uploaded, proves itself as a canary and is promoted; a bad one is rolled back', { skip: isMissing }, async (t) => {
  const { page, caller } = await enter(t);
  const [stable, better, bad] = await Promise.all(['medical', 'medical-v2', 'medical-bad'].map((name) => digestOf(caller, name)));
  // The judge: what both good versions say, and the bad one does not.
  const pattern = `^${literal(common((await caller.ask('medical')).text, (await caller.ask('medical-v2')).text))}`;

  await upload(page, 'medical-v2');
  const view = await start(page, better, pattern);
  const adapter = await caller.get('/admin/adapters/medical');
  assert.equal(adapter.route, 'weighted');
  assert.match(adapter.release, /^rel-\d+$/);
  // Watched: while requests come in, the step, the weight and the figures of both arms are seen.
  await view.getByText('Step 1 of 2').first().waitFor();
  await view.getByText('10%').first().waitFor();
  const figures = view.getByRole('row', { name: /Requests/ });
  const seen = (async () => {
    await figures.filter({ hasText: /[1-9]/ }).first().waitFor(patience);
    await view.getByText(/No difference in errors so far|Too few answers yet to compare errors/).first().waitFor(patience);
  })();
  const [arms] = await Promise.all([send(caller), seen]);
  assert.deepEqual(arms, { stable: [stable], canary: [better] });
  await view.getByText('promoted', { exact: true }).first().waitFor();
  await view.getByText('All steps are done and all guards are well.').first().waitFor();
  assert.equal((await caller.ask('medical')).digest, better);
  assert.equal((await caller.get('/admin/adapters/medical')).route, 'fixed');

  await upload(page, 'medical-bad');
  await start(page, bad, pattern);
  assert.deepEqual((await send(caller)).canary, [bad]);
  await view.getByText('rolled back', { exact: true }).first().waitFor();
  await view.getByText(/pattern/).first().waitFor();
  assert.equal((await caller.ask('medical')).digest, better);

  await page.getByRole('button', { name: '切换到简体中文' }).click();
  await view.getByText('已回滚', { exact: true }).first().waitFor();
  await page.getByRole('link', { name: '审计' }).click();
  await page.getByRole('main').locator(':not(option)').getByText('发布回滚', { exact: true }).first().waitFor();
});

test('A switch in mid-stream: running answers end on the version they began with', { skip: isMissing }, async (t) => {
  const { page, caller } = await enter(t);
  const choose = async (name, whileAsked = async () => {}) => {
    await page.getByRole('button', { name: `Switch ${name}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(new RegExp(`will be answered by ${name}@[0-9a-f]{8} \\(generation \\d+ → \\d+\\)`)).waitFor();
    await whileAsked();
    await dialog.getByRole('button', { name: 'Switch', exact: true }).click();
    await page.getByText(`${name} answers requests that name no adapter.`).waitFor();
  };
  await choose('pirate');
  await page.getByRole('row', { name: /^pirate/ }).getByText('In use').waitFor();

  // As many and as long as fit into the cache of keys and values: the demo writes more than a thousand tokens a second.
  const length = { ignore_eos: true, max_tokens: 1900 };
  let running = [];
  let ended = 0;
  await choose('finance', async () => {
    const responses = await Promise.all(Array.from({ length: 4 }, () => caller.stream(length)));
    running = responses.map(async (response) => {
      const text = await response.text();
      ended++;
      return text;
    });
  });
  assert.equal((await caller.ask(undefined)).adapter, 'finance');
  assert.equal(ended, 0, 'The answers were too short to be switched in their middle.');
  const alone = textOf(await (await caller.stream({ ...length, model: 'pirate' })).text());
  assert.equal(alone.reason, 'length');
  for (const stream of running) assert.deepEqual(textOf(await stream), alone);
  await page.getByRole('row', { name: /^finance/ }).getByText('In use').waitFor();
});

/** The text of a stream of events, and how it ended. */
function textOf(stream) {
  const choices = stream.split('\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)).choices[0]).filter(Boolean);
  return { text: choices.map((choice) => choice.delta.content ?? '').join(''), reason: choices.at(-1).finish_reason };
}
