// What scripts/gpu-check says before it runs anything, with stand-ins for the programs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-'));
after(() => rmSync(folder, { recursive: true }));
const programs = ['ringmaster', 'tests/engine_check'];
mkdirSync(join(folder, 'tests'));
for (const program of programs) symlinkSync('/bin/true', join(folder, program));

async function check(...args) {
  const child = spawn(join(process.env.RINGMASTER_SOURCES, 'scripts/gpu-check'), args, {
    env: { ...process.env, RINGMASTER_BUILD: folder, RINGMASTER_CHECK_OUTPUT: join(folder, 'output') },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => (output.stdout += bytes));
  child.stderr.on('data', (bytes) => (output.stderr += bytes));
  const [code] = await once(child, 'close');
  return { code, ...output };
}

test('programs that are older than the sources are one line that says how to build them', async () => {
  const old = `gpu-check: engine_check and ringmaster in ${folder} are older than the sources: cmake --build ${folder} --target gpu_check_programs\n`;
  assert.deepEqual(await check('--device', 'cpu'), { code: 1, stdout: '', stderr: old });
  writeFileSync(join(folder, 'gpu-check-stamp'), '0123456789abcdef\n');
  assert.deepEqual(await check('--device', 'cpu', 'scheduling'), { code: 1, stdout: '', stderr: old });
});

test('programs that the build has just made are run', async () => {
  assert.equal((await check('--stamp', folder)).code, 0);
  const { code, stdout, stderr } = await check('--device', 'cpu', 'scheduling');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^scheduling +passed/m);
});

test('a part that there is not is answered with those that there are, and the nearest one', async () => {
  const parts =
    'kernels, graphs, sanitize, model, equality, gpus, soak, fleet, scheduling, kv-cache, products, speed, serving, peers, calibrate, pack';
  for (const [found, hint] of [
    ['kernel', " (did you mean 'kernels'?)"],
    ['spede', " (did you mean 'speed'?)"],
    ['sepedd', ''], // Two letters wrong, where a third of speed is one.
    ['soak fleet', ''],
    ['', ''],
  ]) {
    const line = `gpu-check: expected one of ${parts}, found "${found}"${hint}\n`;
    assert.deepEqual(await check('--device', 'cpu', found), { code: 2, stdout: '', stderr: line });
  }
});

test('wrong arguments are one line and exit code 2', async () => {
  for (const [args, line] of [
    [['--device', 'tpu'], 'gpu-check: --device: expected cuda, cpu or emulated, not "tpu"\n'],
    [['--seconds', 'ten'], 'gpu-check: --seconds: expected a whole number, not "ten"\n'],
    [['--kernel'], 'gpu-check: unknown argument --kernel; see --help\n'],
    [['--stamp'], 'gpu-check: --stamp: expected a folder of a build, not ""\n'],
  ]) {
    assert.deepEqual(await check(...args), { code: 2, stdout: '', stderr: line });
  }
});
