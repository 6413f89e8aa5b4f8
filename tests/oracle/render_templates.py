"""Renders the templates and snippets with Jinja2, set up as chat models' tokenizers set it up.

Reads conversations.json and snippets.json; writes tests/fixtures/tokens/template_cases.json: one
case per template and conversation, with the text, or null where rendering fails.
"""

import datetime
import json
import pathlib

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

here = pathlib.Path(__file__).parent
fixtures = here.parent / "fixtures" / "tokens"


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_keep"), [], [], body).set_lineno(line)

    def _keep(self, caller):
        return caller()


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def render(source, variables, now):
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = raise_exception
    if now:
        date = datetime.datetime(now["year"], now["month"], now["day"])
        environment.globals["strftime_now"] = date.strftime
    try:
        return environment.from_string(source).render(**variables)
    except (jinja2.exceptions.TemplateError, TypeError, ZeroDivisionError, ValueError):
        return None


def main():
    conversations = json.loads((here / "conversations.json").read_text())
    cases = []
    for path in sorted((fixtures / "templates").glob("*.jinja")):
        for conversation in conversations:
            variables = {"bos_token": "<s>", "eos_token": "</s>", "tools": None, **conversation["variables"]}
            case = {"template": path.name, "about": conversation["about"], "variables": variables,
                    "now": conversation.get("now"),
                    "text": render(path.read_text(), variables, conversation.get("now"))}
            cases.append(case)
    for snippet in json.loads((here / "snippets.json").read_text()):
        source, variables = snippet[0], snippet[1] if len(snippet) > 1 else {}
        cases.append({"source": source, "variables": variables, "now": None, "text": render(source, variables, None)})
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (fixtures / "template_cases.json").write_text(f"[\n{lines}\n]\n")
    failing = sum(case["text"] is None for case in cases)
    print(f"{len(cases)} template cases, {failing} of them fail as they must")


main()
