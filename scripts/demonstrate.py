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
CONVERSATIONS = [
    (GUIDE, "When does the evening show begin?"),
    (GUIDE, "May I bring my dog?"),
    (MENU, "What is there on Fridays?"),
    (GUIDE, "What does a ticket for a child of five cost?"),
    (MENU, "And on Mondays?"),
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


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def chat(gateway, model, system, question):
    """Streams one answer: (seconds to the first token, usage, request id)."""
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
    return first or time.monotonic() - start, usage, answer.getheader("x-request-id")
