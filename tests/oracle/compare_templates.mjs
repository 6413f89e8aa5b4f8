// Renders the cases of template_cases.json with @huggingface/jinja too, and lists where it differs.
// The snippets probe corners of Jinja2 that it does not follow, so only the templates must agree; of
// these, macros.jinja uses chained filter blocks, and "missing content" trims what is undefined.
import { readFileSync } from "node:fs";
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

/// As "%d %b %Y" gives it, the one format that the templates use.
function date({ year, month, day }) {
  const name = new Date(Date.UTC(year, month - 1, day)).toLocaleString("en", { month: "short", timeZone: "UTC" });
  return `${String(day).padStart(2, "0")} ${name} ${year}`;
}

const fixtures = new URL("../fixtures/tokens/", import.meta.url);
const cases = JSON.parse(readFileSync(new URL("template_cases.json", fixtures), "utf8"));
let same = 0;
const different = [];
for (const { template, source, about, variables, now, text } of cases) {
  const whole = source ?? readFileSync(new URL(`templates/${template}`, fixtures), "utf8");
  let rendered = null;
  try {
    const environment = new Environment();
    environment.set("true", true);
    environment.set("false", false);
    environment.set("none", null);
    environment.set("raise_exception", (message) => { throw new Error(message); });
    for (const [name, value] of Object.entries(variables)) environment.set(name, value);
    if (now) environment.set("strftime_now", () => date(now));
    const program = parse(tokenize(whole, { lstrip_blocks: true, trim_blocks: true }));
    rendered = new Interpreter(environment).run(program).value;
  } catch {
    // Stays null: it fails.
  }
  if (rendered === text) ++same;
  else different.push({ case: template ? `${template}: ${about}` : source, expected: text, rendered });
}
console.log(same, "cases agree,", different.length, "differ");
for (const entry of different) console.log(JSON.stringify(entry.case), "\n  jinja2:", JSON.stringify(entry.expected), "\n  here:  ", JSON.stringify(entry.rendered));
const isKnown = ({ case: name }) => !name.includes(".jinja:") || name.startsWith("macros.jinja:") || name.endsWith(": missing content");

process.exit(different.every(isKnown) ? 0 : 1);
