// Answers that look as a small model's do: a few sentences, some Markdown, a little different for each adapter.
import { sha } from './world.mjs';

const texts = {
  medical: 'Think of the big model as a senior nurse who knows everything a nurse should know.\n\nA **LoRA adapter** is a short briefing for one ward: it changes *how* she answers there, and leaves what she knows as it is.\n\n1. It is small: a few megabytes.\n2. It is put on and taken off in moments.\n3. Two wards can have different briefings at the same time.\n\n```python\ny = W @ x + scale * B @ (A @ x)\n```',
  finance: 'Think of the big model as a senior analyst who knows everything an analyst should know.\n\nA **LoRA adapter** is a short briefing for one desk: it changes *how* she answers there, and costs a fraction of a new hire.\n\n1. It is small: a few megabytes.\n2. It is swapped without a restart.\n3. Two desks can have different briefings at the same time.',
  other: 'A LoRA adapter is a small set of weights that is added to a large model.\n\nIt changes how the model answers in one field, and leaves everything else as it is. Several adapters can share one model.',
};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tokensOf = (name, seed) => {
  const text = texts[name] ?? texts.other;
  return (text.match(/\s*\S+|\s+$/g) ?? []).map((token, i) => (seed && i === 9 ? ` ${seed}` : token));
};

function who(world, model) {
  const [name, digest] = model.split('@');
  const adapter = world.find(name);
  return { name: adapter ? name : 'base', digest: digest ?? adapter?.digest ?? null, generation: adapter?.generation ?? world.default.generation, arm: adapter?.release ? 'stable' : null };
}

function remember(world, id, answerer, body, text, count, actor) {
  world.answers.set(id, {
    id, time: new Date(world.now()).toISOString(), operation: 'chat', alias: answerer.name, arm: answerer.arm, digest: answerer.digest, generation: String(answerer.generation),
    prompt_hash: `sha256:${sha(JSON.stringify(body.messages))}`, prompt_kept: false, prompt_tokens: 41, completion_tokens: count, sampling: { temperature: body.temperature ?? 1, max_tokens: body.max_tokens ?? null, seed: body.seed ?? 8127391 },
    finish_reason: 'stop', outcome: 'done', feedback: null, ttft_ms: 182, total_ms: 182 + count * 24, actor, text_hash: `sha256:${sha(text)}`, text,
  });
}

export async function complete({ world, body, actor }, response, json) {
  const mixture = body.adapters;
  const unknown = mixture ? mixture.find((part) => !world.find(part.name))?.name : !world.find((body.model ?? '').split('@')[0]) && !['base', 'smollm2'].includes(body.model) ? body.model : null;
  if (unknown) return json(response, 404, { error: { message: `There is no model '${unknown}'.`, type: 'invalid_request_error', param: 'model', code: 'model_not_found' } });
  const answerer = mixture ? { name: mixture.map((part) => `${part.weight}*${part.name}`).join('+'), digest: `sha256:${sha(JSON.stringify(mixture))}`, generation: 1, arm: null } : who(world, body.model);
  const id = `chatcmpl-${sha(`${world.answers.size}${actor}`).slice(0, 24)}`;
  const head = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-adapter': encodeURIComponent(answerer.name), 'x-adapter-generation': String(answerer.generation), 'x-request-id': id };
  if (answerer.digest) head['x-adapter-digest'] = answerer.digest;
  if (answerer.arm) head['x-adapter-arm'] = answerer.arm;
  response.writeHead(200, head);
  const tokens = tokensOf(mixture?.[0]?.name ?? answerer.name).slice(0, body.max_tokens ?? 512);
  await sleep(150);
  for (const token of tokens) {
    if (response.destroyed) return;
    response.write(`data: ${JSON.stringify({ id, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: token }, finish_reason: null }] })}\n\n`);
    await sleep(18);
  }
  response.write(`data: ${JSON.stringify({ id, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`);
  response.write(`data: ${JSON.stringify({ id, choices: [], usage: { prompt_tokens: 41, completion_tokens: tokens.length, total_tokens: 41 + tokens.length } })}\n\n`);
  response.end('data: [DONE]\n\n');
  remember(world, id, answerer, body, tokens.join(''), tokens.length, actor);
}

export async function compare({ world, body, actor }, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const event = (data) => response.write(`data: ${JSON.stringify(data)}\n\n`);
  const columns = body.models.map((model, index) => ({ ...who(world, model), model, index, tokens: tokensOf(who(world, model).name, body.models.indexOf(model) < index ? 'perhaps' : ''), id: `chatcmpl-${sha(`${world.answers.size}${index}${model}`).slice(0, 24)}` }));
  const longest = Math.max(...columns.map((column) => column.tokens.length));
  await sleep(170);
  for (let i = 0; i <= longest; i++) {
    if (response.destroyed) return;
    for (const { index, id, model, name, digest, generation, tokens } of columns) {
      if (i < tokens.length) event({ index, id, model, adapter: name, digest, generation, delta: tokens[i], token: i, logprob: -0.1 });
      if (i === tokens.length) event({ index, id, finish_reason: 'stop', usage: { prompt_tokens: 41, completion_tokens: tokens.length }, ttft_ms: 171 + index * 4, tokens_per_second: 38.2 - index });
    }
    await sleep(16);
  }
  const reference = columns[0].tokens;
  event({
    differences: columns.slice(1).map(({ index, tokens }) => {
      const all = Math.max(reference.length, tokens.length);
      const first = [...Array(all).keys()].find((i) => reference[i] !== tokens[i]);
      return { index, first_difference: first ?? null, agreement: [...Array(all).keys()].filter((i) => reference[i] === tokens[i]).length / all };
    }),
  });
  response.end('data: [DONE]\n\n');
  for (const column of columns) remember(world, column.id, column, body, column.tokens.join(''), column.tokens.length, actor);
}
