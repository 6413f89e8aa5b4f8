#!/usr/bin/env python3
"""A live fleet on one device: `ringmaster up` with two engines, seen by a client. The standard library is all it needs.

What the end-to-end tests (tests/e2e) check with the official client, for a machine that has no Node: chats and
completions, streamed and not; the prefix cache; errors in the form of the API; a client that leaves; many streams at
once; conversations that stay where they are cached; an engine that dies in mid-stream; a drain that lets a stream end.

Usage: fleet_check.py BINARY [--device cpu|cuda] [--streams N] [-- FLAG...]   (a line per check; exits 1 if one failed)

The FLAGs are further ones of `ringmaster up`.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

START_SECONDS, STOP_SECONDS, ANSWER_SECONDS = 120, 30, 60


class Failed(Exception):
    """A check that did not hold."""


def expect(holds, what):
    if not holds:
        raise Failed(what)


def until(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"still not so after {seconds} s: {what}")
        time.sleep(0.05)


def call(url, body=None):
    """(status, headers, text) of a GET, or of a POST of `body`: an object or bytes."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_SECONDS)
    try:
        if body is None:
            connection.request("GET", parts.path)
        else:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request("POST", parts.path, data, {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def events_of(text):
    return [event.removeprefix("data: ") for event in text.split("\n\n") if event.startswith("data: ")]


class Stream:
    """A completion in mid-stream: its first bytes have come."""

    def __init__(self, fleet, prompt, max_tokens):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(fleet.gateway).netloc, timeout=ANSWER_SECONDS)
        body = {"model": fleet.model, "prompt": prompt, "max_tokens": max_tokens, "stream": True, "ignore_eos": True}
        self.connection.request("POST", "/v1/completions", json.dumps(body), {"content-type": "application/json"})
        self.answer = self.connection.getresponse()
        expect(self.answer.status == 200, f"a stream: {self.answer.status}")
        self.first = self.answer.read1(16)
        expect(self.first, "a stream without a byte")

    def leave(self):
        self.answer.close()
        self.connection.close()

    def rest(self):
        """All its text."""
        text = (self.first + self.answer.read()).decode()
        self.leave()
        return text


class Fleet:
    """A gateway and its engines, from start to stop."""

    def __init__(self, binary, device, flags=(), engines=2, policy="dualmap"):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [binary, "up", "--engines", str(engines), "--device", device, "--policy", policy, "--port", "0",
             "--admin-port", "0", "--json", *flags], stdout=subprocess.PIPE, stderr=self.log, text=True)
        watchdog = time.monotonic() + START_SECONDS
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise Failed(f"the fleet did not start: {self.log.read().strip()}")
        expect(time.monotonic() < watchdog, f"the fleet took more than {START_SECONDS} s to start")
        ready = json.loads(line)
        self.gateway, self.admin, self.engines = ready["gateway"], ready["admin"], ready["engines"]
        self.model = json.loads(call(f"{self.gateway}/v1/models")[2])["data"][0]["id"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def post(self, path, **body):
        return call(f"{self.gateway}/v1/{path}", {"model": self.model, "temperature": 0, **body})

    def answer(self, path, **body):
        status, _, text = self.post(path, **body)
        expect(status == 200, f"{path}: {status} {text}")
        return json.loads(text)

    def running(self):
        loads = [json.loads(call(f"{engine['url']}/load")[2]) for engine in self.engines]
        return sum(load["running"] + load["waiting"] for load in loads)


def chat(text):
    return [{"role": "system", "content": "You answer in one word."}, {"role": "user", "content": text}]


def check_chat(fleet):
    whole = fleet.answer("chat/completions", messages=chat("Which animal barks?"), max_tokens=12)
    usage, choice = whole["usage"], whole["choices"][0]
    expect(choice["finish_reason"] in ("stop", "length"), choice)
    expect(usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"], usage)
    _, _, text = fleet.post("chat/completions", messages=chat("Which animal barks?"), max_tokens=12, stream=True)
    events = events_of(text)
    expect(events[-1] == "[DONE]", events[-1])
    pieces = [c["delta"].get("content") or "" for event in events[:-1] for c in json.loads(event)["choices"]]
    expect("".join(pieces) == choice["message"]["content"], "a streamed chat has another text")


def check_completion(fleet):
    whole = fleet.answer("completions", prompt="Once upon a time", max_tokens=9)
    expect(whole["object"] == "text_completion", whole["object"])
    _, _, text = fleet.post("completions", prompt="Once upon a time", max_tokens=9, stream=True)
    pieces = [c["text"] for event in events_of(text)[:-1] for c in json.loads(event)["choices"]]
    expect("".join(pieces) == whole["choices"][0]["text"], "a streamed completion has another text")


def check_prefix_cache(fleet):
    prompt = "One two three four five six seven eight. " * 8
    first = fleet.answer("completions", prompt=prompt, max_tokens=8)
    second = fleet.answer("completions", prompt=prompt, max_tokens=8)
    expect(second["usage"]["prompt_tokens_details"]["cached_tokens"] > 0, second["usage"])
    expect(first["usage"]["prompt_tokens"] == second["usage"]["prompt_tokens"], "the prompts differ")


def check_errors(fleet):
    status, _, text = call(f"{fleet.gateway}/v1/chat/completions", {"model": "no-such-model", "messages": chat("Hm?")})
    expect(status == 404 and "no-such-model" in json.loads(text)["error"]["message"], text)
    status, _, text = call(f"{fleet.gateway}/v1/chat/completions", b'{"model": ')
    expect(status == 400 and "JSON" in json.loads(text)["error"]["message"], text)
    status, _, text = fleet.post("completions", prompt="word " * 40_000)
    expect(status == 400, f"a prompt that is too long: {status} {text[:200]}")


def check_leaving_client(fleet):
    Stream(fleet, "Tell me everything", 1000).leave()
    until("no engine runs a request", lambda: fleet.running() == 0)


def check_many_streams(fleet, count):
    def one(index):
        _, _, text = fleet.post("chat/completions", messages=chat(f"Question {index % 10}: what now?"), max_tokens=6,
                                stream=True, temperature=1, seed=index, stream_options={"include_usage": True})
        events = events_of(text)
        expect(events and events[-1] == "[DONE]", f"stream {index} was cut: {text[-200:]}")
        tokens = json.loads(events[-2])["usage"]["completion_tokens"]
        expect(1 <= tokens <= 6, f"stream {index} has {tokens} tokens")

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))
    expect(fleet.running() == 0, "a request is left")


def check_affinity(fleet):
    """Turns of some conversations: each finds its earlier turns cached, wherever it began."""
    conversations, turns = 3, 3
    histories = [[{"role": "user", "content": f"Topic {seed * 7919}: " + "word " * 24}] for seed in range(conversations)]
    prompt = cached = 0
    for turn in range(turns):
        for history in histories:
            answer = fleet.answer("chat/completions", messages=history, max_tokens=8)
            if turn > 0:
                prompt += answer["usage"]["prompt_tokens"]
                cached += answer["usage"]["prompt_tokens_details"]["cached_tokens"]
            history.append({"role": "assistant", "content": answer["choices"][0]["message"]["content"]})
            history.append({"role": "user", "content": f"And then, for the {turn}th time?"})
    expect(cached > prompt / 2, f"only {cached} of {prompt} prompt tokens of later turns were cached")


def check_dying_engine(fleet):
    """An engine is killed while both stream: no stream ends silently, and the fleet goes on."""
    streams = [Stream(fleet, f"Number {index * 7919}", 200) for index in range(8)]
    os.kill(fleet.engines.pop()["pid"], signal.SIGKILL)
    for stream in streams:
        last = events_of(stream.rest())[-1]
        expect(last == "[DONE]" or last.startswith('{"error"'), f"a stream was cut: {last[-200:]}")
    for index in range(4):
        fleet.answer("completions", prompt=f"After that, {index}", max_tokens=4)


def check_drain(fleet):
    """SIGTERM lets a stream end whole; the exit code is 0."""
    stream = Stream(fleet, "On and on", 200)
    fleet.process.send_signal(signal.SIGTERM)
    text = stream.rest()
    expect(events_of(text)[-1] == "[DONE]", f"the stream was cut: {text[-200:]}")
    code = fleet.process.wait(STOP_SECONDS)
    expect(code == 0, f"exit code {code}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary", help="the program ringmaster")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--streams", type=int, default=64, help="so many at once (64)")
    own_end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments, flags = parser.parse_args(sys.argv[1:own_end]), sys.argv[own_end + 1:]
    checks = [check_chat, check_completion, check_prefix_cache, check_errors, check_leaving_client,
              lambda fleet: check_many_streams(fleet, arguments.streams), check_affinity, check_dying_engine, check_drain]
    names = ["chats, streamed and whole", "completions, streamed and whole", "the prefix cache", "errors of the API",
             "a client that leaves", f"{arguments.streams} streams at once", "conversations stay cached",
             "an engine that dies", "a drain"]
    failed = 0
    with Fleet(arguments.binary, arguments.device, flags) as fleet:
        for check, name in zip(checks, names):
            begin = time.monotonic()
            try:
                check(fleet)
                verdict = "ok"
            except (Failed, OSError, ValueError, KeyError, http.client.HTTPException) as problem:
                verdict, failed = "FAIL", failed + 1
                name = f"{name}: {type(problem).__name__}: {problem}"
            print(f"{verdict:4} {name} ({time.monotonic() - begin:.1f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as problem:
        sys.exit(f"fleet_check: {problem}")
