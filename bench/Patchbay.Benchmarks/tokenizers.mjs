// The other side of the tokenizer comparison: Hugging Face's tokenizers (Rust) through npm.
// node tokenizers.mjs MODULE_DIR TOKENIZER_JSON TEXT_FILE  ->  {"loadMs","encodeMs","tokens"}; documents are split at U+0000.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [moduleDir, tokenizerPath, textPath] = process.argv.slice(2);
const { Tokenizer } = createRequire(moduleDir + '/')('tokenizers');
const documents = readFileSync(textPath, 'utf8').split('\0');
const started = performance.now();
const tokenizer = Tokenizer.fromFile(tokenizerPath);
const loaded = performance.now();
let tokens = 0;
for (const document of documents) {
  tokens += (await tokenizer.encode(document, null, { addSpecialTokens: false })).getLength();
}
console.log(JSON.stringify({ loadMs: loaded - started, encodeMs: performance.now() - loaded, tokens }));
