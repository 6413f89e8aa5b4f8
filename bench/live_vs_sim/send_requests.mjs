// Sends the lines of `ringmaster trace requests` to a server when they are due, and says what came back.
//
//     node send_requests.mjs http://127.0.0.1:8080 requests.jsonl SPEED
//
// SPEED: seconds of the trace in a real one. Open loop: nothing waits for an answer. Prints one JSON
// object a request, in order: {index, status, late_s, ttft_s, e2e_s, cached_tokens}, in seconds of the
// trace since the request was due; ttft_s and cached_tokens are null where there was none.

import { readFileSync } from 'node:fs';
import http from 'node:http';

const [url, file, speedText] = process.argv.slice(2);
const speed = Number(speedText);
if (!url || !file || !(speed > 0)) {
  console.error('expected: send_requests.mjs URL FILE SPEED');
  process.exit(2);
}
const requests = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => {
  const { at_seconds, body } = JSON.parse(line);
  return { at_seconds, body: Buffer.from(JSON.stringify(body)) };
});
const agent = new http.Agent({ keepAlive: true });
const now = () => performance.now() / 1000;
const start = now() + 1;

const USAGE_BYTES = 2000; // The end of an answer that surely holds its last event with the usage.

function send({ at_seconds, body }) {
  const due = start + at_seconds / speed;
  const late_s = (now() - due) * speed;
  return new Promise((resolve, reject) => {
    let ttft_s = null;
    let tail = '';
    const request = http.request(`${url}/v1/completions`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    });
    request.on('error', reject);
    request.on('response', (answer) => {
      answer.setEncoding('latin1');
      answer.on('data', (text) => {
        if (answer.statusCode === 200) ttft_s ??= (now() - due) * speed;
        tail = (tail + text).slice(-USAGE_BYTES);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const cached = /"cached_tokens":\s*(\d+)/.exec(tail);
        resolve({
          status: answer.statusCode,
          late_s,
          ttft_s,
          e2e_s: (now() - due) * speed,
          cached_tokens: cached ? Number(cached[1]) : null,
        });
      });
    });
    request.end(body);
  });
}

const answers = requests.map((request, index) => new Promise((resolve) => {
  setTimeout(() => {
    send(request).then(
      (answer) => resolve({ index, ...answer }),
      (error) => resolve({ index, status: 0, error: String(error) }),
    );
  }, (start + request.at_seconds / speed - now()) * 1000);
}));
for (const answer of await Promise.all(answers)) console.log(JSON.stringify(answer));
agent.destroy();
