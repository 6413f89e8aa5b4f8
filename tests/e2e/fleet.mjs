// Starts `ringmaster up` for a test and reads what it says. The binary comes from the environment.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import OpenAI from 'openai';

export const binary = process.env.RINGMASTER_BINARY;

// A fleet that is killed cannot remove its files.
const scratch = mkdtempSync(join(tmpdir(), 'ringmaster-e2e-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Runs the binary to its end: {code, stdout, stderr}. */
export async function run(args, { input = '', env = process.env } = {}) {
  const child = spawn(binary, args, { stdio: 'pipe', env });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => (output.stdout += bytes));
  child.stderr.on('data', (bytes) => (output.stderr += bytes));
  child.stdin.on('error', () => {}); // It may have ended before it read its input.
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

/** A running fleet. `stop()` ends it as Ctrl-C does and returns its exit code. */
export const startFleet = (...args) => startFleetIn({}, ...args);

/** The same with variables of the environment. */
export async function startFleetIn(environment, ...args) {
  const child = spawn(binary, ['up', '--port', '0', '--admin-port', '0', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: scratch, ...environment },
  });
  let log = '';
  child.stderr.on('data', (bytes) => (log = (log + bytes).slice(-20_000)));
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text),
    ended.then((end) => {
      throw new Error(`up ended before it was ready: ${JSON.stringify(end)}\n${log}`);
    }),
  ]);
  const ready = JSON.parse(line);
  const client = new OpenAI({ baseURL: `${ready.gateway}/v1`, apiKey: 'unused', maxRetries: 0 });
  const { data } = await client.models.list();
  return {
    ...ready,
    client,
    model: data[0].id,
    pid: child.pid,
    ended,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      return (await ended).code;
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** Asks again until `condition` holds; every wait in these tests has this bound. */
export async function until(what, condition, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`still not so after ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function getJson(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Whether a process of that id still runs (one that only waits to be reaped does not). */
export function isRunning(pid) {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Words that make a prompt of about `count` tokens which no other seed shares. */
export function words(seed, count) {
  return Array.from({ length: count }, (_, i) => `w${(seed * 7919 + i * 31) % 9973}`).join(' ');
}
