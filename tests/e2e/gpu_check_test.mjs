// What scripts/gpu-check says before it runs anything, with stand-ins for the programs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-'));
after(() => rmSync(folder, { recursive: true }));
const programs = ['ringmaster', 'tests/engine_check'];
mkdirSync(join(folder, 'tests'));
for (const program of programs) symlinkSync('/bin/true', join(folder, program));

const check = (...args) => checkIn(process.env.RINGMASTER_SOURCES, { RINGMASTER_BUILD: folder }, ...args);

async function checkIn(sources, environment, ...args) {
  const child = spawn(join(sources, 'scripts/gpu-check'), args, {
    env: { ...process.env, RINGMASTER_CHECK_OUTPUT: join(folder, 'output'), ...environment },
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

/** The folders of the sources without what is in them, and carried programs, each a line of shell: checkIn() for them. */
async function carried(name, gpuCheck, engineCheck) {
  const sources = join(folder, name);
  const carry = join(sources, 'build/gpu-carry');
  mkdirSync(carry, { recursive: true });
  for (const parent of ['.', 'tests']) {
    for (const entry of readdirSync(join(process.env.RINGMASTER_SOURCES, parent), { withFileTypes: true })) {
      if (entry.isDirectory()) mkdirSync(join(sources, parent, entry.name), { recursive: true });
    }
  }
  writeFileSync(join(sources, 'CMakeLists.txt'), '');
  copyFileSync(join(process.env.RINGMASTER_SOURCES, 'scripts/gpu-check'), join(sources, 'scripts/gpu-check'));
  for (const [program, line] of [['gpu_check', gpuCheck], ['engine_check', engineCheck]]) {
    writeFileSync(join(carry, program), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
  const here = (more, ...args) => checkIn(sources, { RINGMASTER_BUILD: '', ...more }, ...args);
  assert.equal((await here({}, '--stamp', carry)).code, 0);
  renameSync(join(carry, 'gpu-check-stamp'), join(carry, 'stamp'));
  return here;
}

test('carried programs on a machine without a GPU are one line and exit code 3', async () => {
  const here = await carried('without', 'echo "gpu_check: no GPU is usable: none" >&2; exit 3', 'exit 0');
  const { code, stdout, stderr } = await here({});
  assert.deepEqual({ code, stdout }, { code: 3, stdout: '' });
  assert.match(stderr, /gpu_check: no GPU is usable: none\n$/);
});

test('the table has our speed beside that of transformers', async () => {
  const ours = 'speed | decode, batch 1, context 1024        |    0.800 |   0.75 | met | of the floor; 5.00 ms';
  const here = await carried('peers', `[ "$1" != speed ] || echo '${ours}'`, 'exit 0');
  mkdirSync(join(folder, 'python'));
  const rates = ['eager, batch 1         |     25.0', 'compiled, batch 1      |    190.0'];
  const lines = rates.map((rate) => `speed | transformers, ${rate} |        |  | tokens/s`).join('\n');
  writeFileSync(join(folder, 'python/python3'), `#!/bin/sh\n[ "$1" = -c ] || echo '${lines}'\n`, { mode: 0o755 });
  const { code, stdout, stderr } = await here({ PATH: `${join(folder, 'python')}:${process.env.PATH}` }, 'speed', 'peers');
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^speed \| ours \/ transformers, eager +\| +8\.00 \| +6\.00 \| met \| times the tokens\/s/m);
  assert.match(stdout, /^speed \| ours \/ transformers, compiled +\| +1\.05 \| +1\.10 \| MISSED \| times the tokens\/s/m);
});

test('carried programs that the machine cannot run are a line that says why', async () => {
  const old = 'echo "libc.so.6: version GLIBC_2.36 not found" >&2; exit 1';
  const nothing = await carried('old', old, old);
  const { code, stdout, stderr } = await nothing({}, 'kernels'); // With nvcc it goes on to build, of which there are no sources here.
  assert.equal(code, 1);
  assert.match(stdout + stderr, /^.*build\/gpu-carry\/gpu_check does not run here: libc\.so\.6: version GLIBC_2\.36 not found.*$/m);
  const { code: failed, stderr: line } = await nothing({}, '--device', 'cpu', 'scheduling');
  assert.equal(failed, 1);
  assert.match(line, /gpu-check: build\/gpu-carry\/engine_check does not run here: libc\.so\.6: version GLIBC_2\.36 not found\n$/);
});
