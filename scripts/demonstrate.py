#!/usr/bin/env python3
"""Starts a fleet, sends a few chat requests that share prefixes, and shows where each went and why.

Usage: demonstrate.py BINARY [--once] [flags of `ringmaster up`]
"""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

GUIDE = ("You are the front desk of the Grand Circus. Shows are at three and at eight. Children under six are free "
         "of charge. Dogs may come, lions may not. ") * 4
MENU = "You are the cook of the winter quarters. There is soup on Mondays, stew on Tuesdays, and fish on Fridays. " * 4
TENT = "You are the tent master. The big top takes nine hours to raise and four to strike, with forty hands. " * 5
PREFIXES = {GUIDE: "guide", MENU: "menu", TENT: "tent"}
CONVERSATIONS = [
    (GUIDE, "When does the evening show begin?"),
    (GUIDE, "May I bring my dog?"),
    (MENU, "What is there on Fridays?"),
    (TENT, "How long does it take to raise?"),
    (GUIDE, "What does a child of five pay?"),
    (MENU, "And on Mondays?"),
    (TENT, "How many hands do we need?"),
    (GUIDE, "May I bring my lion?"),
]


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def with_ports(flags):
    """Adds the usual ports where none is given, or free ones where the usual ones are taken."""
    for flag, port in (("--port", 8080), ("--admin-port", 8081)):
        if not any(given == flag or given.startswith(flag + "=") for given in flags):
            flags = [*flags, flag, str(port if is_free(port) else 0)]
    return flags




def chat(gateway, model, system, question):
    """Streams one answer: (seconds to the first token, usage, head of the answer)."""
    host = urllib.parse.urlsplit(gateway).netloc
    body = json.dumps({"model": model, "stream": True, "stream_options": {"include_usage": True}, "max_tokens": 16,
                       "temperature": 0, "messages": [{"role": "system", "content": system},
                                                      {"role": "user", "content": question}]})
    connection = http.client.HTTPConnection(host, timeout=120)
    start, first, usage = time.monotonic(), None, {}
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {answer.read().decode()}")
    for line in answer:
        if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
            continue
        event = json.loads(line[6:])
        if "error" in event:
            raise RuntimeError(event["error"]["message"])
        if first is None and any(choice["delta"].get("content") for choice in event["choices"]):
            first = time.monotonic() - start
        usage = event.get("usage") or usage
    connection.close()
    return first or time.monotonic() - start, usage, answer


def show_requests(ready):
    with urllib.request.urlopen(ready["gateway"] + "/v1/models", timeout=30) as answer:
        model = json.load(answer)["data"][0]["id"]
    # The first request of a process pays for what is made at first use: not what is shown here.
    for url in [ready["gateway"], *(engine["url"] for engine in ready["engines"])]:
        chat(url, model, "", "Hello")
    print(f"{'prefix':7} {'question':34} {'instance':10} {'reason':22} {'cached':>12} {'TTFT':>9}")
    for system, question in CONVERSATIONS:
        seconds, usage, head = chat(ready["gateway"], model, system, question)
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        print(f"{PREFIXES[system]:7} {question:34} "
              f"{head.getheader('x-ringmaster-instance', '?'):10} {head.getheader('x-ringmaster-reason', '?'):22} "
              f"{cached:>5} of {usage.get('prompt_tokens', 0):>3} {seconds * 1000:>6.1f} ms", flush=True)
    return model


def show_next_steps(ready, model):
    body = json.dumps({"model": model, "stream": True, "max_tokens": 32,
                       "messages": [{"role": "user", "content": "May I bring my dog?"}]})
    print(f"""
The fleet is running; its model is tiny and its weights are random, so the answers are readable nonsense. Try:

  curl -N {ready['gateway']}/v1/chat/completions -H 'content-type: application/json' -d '{body}'
  curl {ready['admin']}/admin/decisions     # every decision with its inputs
  curl {ready['gateway']}/metrics

Ctrl-C stops all of it.""", flush=True)


def main():
    binary, flags = sys.argv[1], [flag for flag in sys.argv[2:] if flag != "--once"]
    once = "--once" in sys.argv[2:]
    command = [binary, "up", "--json", *with_ports(flags)]
    # Ctrl-C on a terminal reaches both of us; the fleet then ends by itself and we wait for it.
    fleet = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    signal.signal(signal.SIGTERM, lambda *_: fleet.terminate())
    try:
        line = fleet.stdout.readline()
        if not line:
            return fleet.wait() or 1  # it has said why
        ready = json.loads(line)
        print(f"gateway {ready['gateway']}, admin {ready['admin']}, {len(ready['engines'])} engines\n")
        model = show_requests(ready)
        if once:
            fleet.terminate()
        else:
            show_next_steps(ready, model)
        return fleet.wait()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one is the fleet's to obey
        return fleet.wait()
    except (OSError, RuntimeError, ValueError, KeyError) as problem:
        print(f"up: the demonstration failed: {problem}", file=sys.stderr)
        fleet.terminate()
        fleet.wait()
        return 1


sys.exit(main())
