// Starts the real program with the embedded demo, for the stories that need an engine behind the console.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { atEnd } from './console.mjs';

const program = fileURLToPath(new URL('../../artifacts/bin/Patchbay/release/patchbay.dll', import.meta.url));

/** For a test's options: why it cannot run; false where it can. */
export const isMissing = !existsSync(program) && 'src/Patchbay is not built';

/** Serves until the test ends; gives the console's address, which the program prints. */
export async function serve(t, environment = {}) {
  const server = spawn('dotnet', [program, 'serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
  atEnd(t, async () => server.kill('SIGTERM'));
  let printed = '';
  const address = await new Promise((resolve, reject) => {
    // Read to the end: a pipe that nobody empties would stop the server.
    server.stdout.on('data', (chunk) => {
      printed += chunk;
      const found = /console +(\S+\/console\/)/.exec(printed);
      if (found) resolve(found[1]);
    });
    server.on('exit', () => reject(new assert.AssertionError({ message: `The server ended: ${printed}` })));
  });
  return address;
}
