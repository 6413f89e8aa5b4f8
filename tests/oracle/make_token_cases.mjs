// Writes the tokens of hard and random texts as @huggingface/tokenizers makes them.
import { readFileSync, writeFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import { hardTexts, randomTexts } from "./hard_texts.mjs";

const fixtures = new URL("../fixtures/tokens/", import.meta.url);
const texts = [...hardTexts, ...randomTexts(150).map((text, i) => [`random ${i}`, text])];
const cases = [];
for (const name of ["llama3", "qwen2", "gpt2"]) {
  const json = JSON.parse(readFileSync(new URL(`${name}_tokenizer.json`, fixtures), "utf8"));
  const tokenizer = new Tokenizer(json, {});
  for (const [about, text] of texts) {
    const { ids } = tokenizer.encode(text, { add_special_tokens: true });
    cases.push({ tokenizer: name, about, text, ids, decoded: ids.length ? tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false }) : "" });
  }
}
const lines = cases.map((c) => JSON.stringify(c)).join(",\n");
writeFileSync(new URL("token_cases.json", fixtures), `[\n${lines}\n]\n`);
console.log(cases.length, "token cases");
