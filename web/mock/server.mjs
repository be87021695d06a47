// A stand-in for Patchbay's HTTP API, so that the console can be built and looked at without a model.
//   node mock/server.mjs [--port 8090] [--root DIR] [--keys] [--many] [--empty] [--names]
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compare, complete } from './answers.mjs';
import { sha, World } from './world.mjs';

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };
const roles = { 'admin-key': ['alice', 'admin'], 'viewer-key': ['vera', 'viewer'], 'inference-key': ['app', 'inference'] };

// The same headers as src/Patchbay.Server/Endpoints/ConsoleEndpoint.cs, so that what breaks there breaks here.
const security = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** Starts a mock; `port: 0` takes a free one. */
export async function start({ port = 0, root, keys = false, ...scene } = {}) {
  const world = new World(scene);
  const server = createServer((request, response) => handle(world, { root, keys }, request, response).catch((error) => problem(response, 500, 'internal', String(error))));
  const timer = setInterval(() => world.tick(), 1000);
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    world,
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => { clearInterval(timer); server.closeAllConnections(); server.close(resolve); }),
  };
}

function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function problem(response, status, code, detail, extra = {}) {
  if (response.headersSent) return response.end();
  json(response, status, { type: 'about:blank', title: code, status, detail, code, ...extra });
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function handle(world, { root, keys }, request, response) {
  const url = new URL(request.url, 'http://mock');
  const path = url.pathname;
  if (root && (path === '/' || path.startsWith('/console'))) return serveFile(root, path, response);
  const who = keys ? roles[(request.headers.authorization ?? '').replace(/^Bearer /, '')] : ['local', 'admin'];
  if (!who) return problem(response, 401, 'invalid_key', 'This server asks for a key.');
  const [actor, role] = who;
  const isAdmin = (path.startsWith('/admin') && path !== '/admin/session') || path === '/switch-lora';
  if (isAdmin && (role === 'inference' || (role === 'viewer' && request.method !== 'GET' && path !== '/admin/audit/verify'))) return problem(response, 403, 'forbidden', `The role '${role}' may not do this.`);
  if (path.startsWith('/v1') && path !== '/v1/models' && role === 'viewer') return problem(response, 403, 'forbidden', "The role 'viewer' may not ask models.");
  const isUpload = request.method === 'PUT' && path.startsWith('/admin/adapters/');
  const raw = request.method === 'GET' ? null : await readBody(request);
  const body = isUpload || !raw?.length ? {} : JSON.parse(raw);
  const call = { world, url, path, actor, role, keys, raw, body, parts: path.split('/').slice(1).map(decodeURIComponent), method: request.method };
  if (path === '/v1/chat/completions') return complete(call, response, json);
  if (path === '/v1/compare') return compare(call, response);
  const answer = route(call);
  if (!answer) return problem(response, 404, 'unknown_url', 'Nothing is at this address.');
  const [status, result] = answer;
  if (status >= 400) problem(response, status, result.code, result.detail, result);
  else json(response, status, result);
}

async function serveFile(root, path, response) {
  const inside = normalize(path.replace(/^\/console\/?/, '/'));
  const name = extname(inside) ? inside : '/index.html';
  try {
    const content = await readFile(join(root, name));
    response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream', ...security });
    response.end(content);
  } catch {
    response.writeHead(404, security).end();
  }
}

const mismatch = (generation) => [409, { code: 'generation_mismatch', detail: `The generation is ${generation}.`, generation }];
const missing = (name) => [404, { code: 'adapter_not_found', detail: `There is no adapter '${name}'.` }];

function route(call) {
  const [first, second] = call.parts;
  if (first === 'switch-lora') return switchDefault(call);
  if (first === 'v1') return models(call);
  if (first !== 'admin') return null;
  return { session, adapters, audit, answers, releases, routes, traffic: ({ world }) => [200, world.traffic()] }[second]?.(call);
}

function session({ actor, role, keys }) {
  return [200, { actor, role, keys_required: keys, version: '0.1.0', base: { name: 'smollm2', architecture: 'llama', context_length: 8192, weights: 'q8' }, features: { feedback: true, compare: true, prompts_kept: false } }];
}

function switchDefault({ world, body, actor }) {
  if (body.expected_generation !== undefined && body.expected_generation !== world.default.generation) return mismatch(world.default.generation);
  const previous = world.default;
  world.switch(body.adapter_name, actor);
  return [200, { adapter_name: world.default.name, generation: world.default.generation, previous: { adapter_name: previous.name, generation: previous.generation } }];
}

function models({ world, path, body }) {
  if (path === '/v1/models') return [200, { object: 'list', data: [{ id: 'smollm2', parent: null }, ...world.adapters.map(({ name }) => ({ id: name, parent: 'smollm2' }))] }];
  if (path === '/v1/feedback') return world.answers.has(body.id) ? [202, { id: body.id, accepted: true }] : [404, { code: 'unknown_answer', detail: 'No answer has this id.' }];
  return null;
}

function adapters({ world, url, method, parts, body, raw, actor }) {
  const [, , name, verb, digest] = parts;
  if (!name) return [200, { object: 'list', base: { name: 'smollm2' }, default: world.default, memory: world.memory(), data: world.adapters }];
  const adapter = world.find(name);
  if (method === 'PUT') return put(world, url, name, adapter, raw, actor);
  if (!adapter) return missing(name);
  const expected = body.expected_generation ?? (url.searchParams.has('expected_generation') ? Number(url.searchParams.get('expected_generation')) : undefined);
  if (expected !== undefined && expected !== adapter.generation) return mismatch(adapter.generation);
  const reason = body.reason ?? url.searchParams.get('reason');
  if (verb === 'history') return [200, { object: 'list', data: world.journal.filter((entry) => entry.target === name).toReversed() }];
  if (verb === 'release' || verb === 'rollback') {
    const to = body.digest ?? adapter.versions[adapter.versions.findIndex((version) => version.is_current) + 1]?.digest;
    if (!adapter.versions.some((version) => version.digest === to)) return [404, { code: 'version_not_found', detail: `'${name}' has no such version.` }];
    return [200, world.setVersion(adapter, to, actor, reason ?? null, `adapter.${verb}`)];
  }
  if (verb === 'load' || verb === 'unload') {
    adapter.tier = verb === 'load' ? 'loading' : 'disk';
    if (verb === 'load') setTimeout(() => (adapter.tier = 'ready'), 1500);
    world.log(actor, `adapter.${verb}`, name, adapter.digest, adapter.digest);
    return [202, { tier: adapter.tier }];
  }
  if (verb === 'versions') {
    adapter.versions = adapter.versions.filter((version) => version.digest !== digest);
    world.log(actor, 'version.remove', name, digest, null, reason);
    return [200, adapter];
  }
  if (method === 'PATCH') {
    if (body.pinned !== undefined) world.log(actor, 'adapter.pin', name, null, null, reason ?? null, { pinned: (adapter.pinned = body.pinned) });
    if (body.priority) world.log(actor, 'adapter.priority', name, null, null, reason ?? null, { priority: (adapter.priority = body.priority) });
  }
  if (method === 'DELETE') {
    world.adapters = world.adapters.filter((other) => other !== adapter);
    world.log(actor, 'adapter.remove', name, adapter.digest, null, reason);
    return [200, { name, removed: true }];
  }
  return [200, adapter];
}

function put(world, url, name, adapter, raw, actor) {
  const expected = url.searchParams.get('expected_generation');
  if (expected !== null && adapter && Number(expected) !== adapter.generation) return mismatch(adapter.generation);
  const text = raw.toString('latin1');
  if (!/^[\w.-]{1,128}$/.test(name)) return [422, { code: 'adapter_refused', detail: `The name '${name}' is not allowed.`, errors: [{ field: 'name', message: 'expected letters, digits, dot, underscore or hyphen' }] }];
  if (!text.includes('adapter_config.json') && !text.includes('ustar')) {
    return [422, { code: 'adapter_refused', detail: 'The adapter cannot be served as it is.', errors: [{ field: 'adapter_config.json', message: 'is missing; expected the file that PEFT saves beside the weights' }, { field: "tensor 'base_model.model.layers.0.self_attn.q_proj.lora_A.weight'", message: 'has shape (16, 512), expected (16, 576)' }] }];
  }
  return [201, world.upload(name, sha(text), 16, actor, url.searchParams.get('reason'), undefined, url.searchParams.get('release') === 'true')];
}

function audit({ world, url, parts }) {
  if (parts[2] === 'verify') return [200, { valid: true, entries: world.journal.length, head: world.journal.at(-1)?.hash ?? '0'.repeat(64), problem: null, at_seq: null }];
  const [before, limit] = [Number(url.searchParams.get('before') ?? Infinity), Number(url.searchParams.get('limit') ?? 100)];
  const wanted = ['actor', 'action', 'target'].map((field) => [field, url.searchParams.get(field)]).filter(([, value]) => value);
  const found = world.journal.filter((entry) => entry.seq < before && wanted.every(([field, value]) => entry[field] === value)).toReversed();
  return [200, { object: 'list', data: found.slice(0, limit), has_more: found.length > limit }];
}

function answers({ world, parts, body }) {
  const [, , id, verb] = parts;
  if (!id) return [200, { object: 'list', data: [...world.answers.values()].toReversed().slice(0, 10) }];
  const answer = world.answers.get(id);
  if (!answer) return [404, { code: 'answer_not_found', detail: 'No answer of this id is in the journal; answers are kept for 30 days.' }];
  if (verb !== 'replay') return [200, answer];
  if (!body.messages) return [400, { code: 'prompt_needed', detail: "The prompt was not kept; send its 'messages'." }];
  return [200, { same: true, text: answer.text, texts: [answer.text], text_hash: answer.text_hash, expected_hash: answer.text_hash }];
}

function releases({ world, parts, method, body, actor }) {
  const [, , id, verb] = parts;
  if (!id && method === 'POST') {
    const adapter = world.find(body.alias);
    if (!adapter) return missing(body.alias);
    if (adapter.release) return [409, { code: 'release_running', detail: `'${body.alias}' is in release ${adapter.release} already.` }];
    return [201, world.start(body, actor)];
  }
  if (!id) return [200, { object: 'list', data: world.releases }];
  const release = world.releases.find((each) => each.id === id);
  if (!release) return [404, { code: 'release_not_found', detail: `There is no release '${id}'.` }];
  if (verb === 'promote') world.end(release, 'promoted', actor, body.reason ?? 'Promoted by hand.');
  if (verb === 'abort') world.end(release, 'aborted', actor, body.reason ?? 'Aborted by hand.');
  if (verb === 'pause' || verb === 'resume') {
    release.state = verb === 'pause' ? 'paused' : 'running';
    release.history.push({ time: new Date(world.now()).toISOString(), event: `${verb}d`, detail: body.reason ?? null, actor });
    world.log(actor, `release.${verb}`, release.alias, null, null, body.reason ?? null, { release: id });
  }
  return [200, release];
}

function routes({ world, parts, body, method, actor }) {
  if (parts[2] === 'explain') return explain(world, body);
  const adapter = world.find(parts[2]);
  if (!adapter) return missing(parts[2]);
  const now = world.routes.get(adapter.name) ?? { alias: adapter.name, generation: 0, plan: { kind: 'fixed', digest: 'current' } };
  if (method === 'GET') return [200, now];
  if (body.expected_generation !== now.generation) return mismatch(now.generation);
  const errors = problemsOf(body.plan);
  if (errors.length) return refusedPlan(errors);
  const set = { alias: adapter.name, generation: now.generation + 1, plan: body.plan };
  world.routes.set(adapter.name, set);
  adapter.route = body.plan.kind;
  world.log(actor, 'route.set', adapter.name, null, null, body.reason ?? null, body.plan);
  return [200, set];
}

const refusedPlan = (errors) => [422, { code: 'plan_refused', detail: 'The plan cannot be used.', errors }];

function problemsOf(plan, path = 'plan') {
  if (plan.kind === 'rules') {
    const inner = plan.rules.flatMap(({ match, plan: each }, i) => [
      ...(Object.keys(match).length ? [] : [{ field: `${path}.rules[${i}].match`, message: "must have at least one of 'header', 'user', 'key', 'tenant'; what holds for all others is 'otherwise'" }]),
      ...problemsOf(each, `${path}.rules[${i}].plan`),
    ]);
    return [...inner, ...problemsOf(plan.otherwise, `${path}.otherwise`)];
  }
  if (plan.kind === 'fixed') return [];
  if (plan.kind === 'shadow') return plan.digest === plan.shadow.digest ? [{ field: `${path}.shadow.digest`, message: 'must be another version than the one that answers' }] : [];
  const sum = plan.arms.reduce((all, arm) => all + arm.weight, 0);
  const names = plan.arms.flatMap((arm, i) => (/^[\w.-]{1,64}$/.test(arm.name) ? [] : [{ field: `${path}.arms[${i}].name`, message: 'must have 1 to 64 of the characters A-Z a-z 0-9 . _ -' }]));
  return sum === 100 ? names : [...names, { field: `${path}.arms`, message: `weights must sum to 100; found ${sum}` }];
}

function explain(world, body) {
  const adapter = world.find(body.model);
  if (!adapter) return missing(body.model);
  const errors = problemsOf(body.plan);
  if (errors.length) return refusedPlan(errors);
  const why = [];
  const { arm, digest, shadow } = choose(body.plan, body, why);
  const real = (each) => (each === 'current' ? adapter.digest : (each ?? null));
  return [200, { alias: body.model, arm, digest: real(digest), generation: adapter.generation, shadow: real(shadow), why }];
}

function choose(plan, request, why) {
  if (plan.kind === 'fixed') return { arm: null, digest: plan.digest };
  if (plan.kind === 'shadow') return { arm: 'live', digest: plan.digest, shadow: plan.shadow.digest };
  if (plan.kind === 'rules') {
    const found = plan.rules.findIndex(({ match }) => ['user', 'tenant', 'key'].every((field) => match[field] === undefined || match[field] === request[field]) && (!match.header || request.headers?.[match.header.name] === match.header.value));
    why.push(found < 0 ? "no rule matched: 'otherwise' decides" : `rule ${found + 1} matched`);
    return choose(found < 0 ? plan.otherwise : plan.rules[found].plan, request, why);
  }
  const point = parseInt(sha(`user:${request.user}`).slice(0, 8), 16) / 2 ** 32;
  let from = 0;
  for (const arm of plan.arms.toReversed()) {
    const to = from + arm.weight / 100;
    if (point < to) {
      why.push(`key 'user:${request.user}' falls on ${point.toFixed(4)}, arm ${arm.name} covers ${from.toFixed(2)}-${to.toFixed(2)}`);
      return { arm: arm.name, digest: arm.digest };
    }
    from = to;
  }
  return { arm: plan.arms[0].name, digest: plan.arms[0].digest };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8090' }, root: { type: 'string' }, keys: { type: 'boolean' }, many: { type: 'boolean' }, empty: { type: 'boolean' }, names: { type: 'boolean' } } });
  const { url } = await start({ ...values, port: Number(values.port) });
  console.log(`${url}/console/`);
}
