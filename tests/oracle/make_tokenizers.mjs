// Trains small byte-level vocabularies on training_text.txt and writes them as tokenizer.json files
// of the same form as those of Llama-3, Qwen2.5/Qwen3 and GPT-2. Deterministic.
import { readFileSync, writeFileSync } from "node:fs";

const fixtures = new URL("../fixtures/tokens/", import.meta.url);
const text = readFileSync(new URL("training_text.txt", import.meta.url), "utf8");

const letters = [];
for (let byte = 0, next = 256; byte < 256; ++byte) {
  const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  letters.push(String.fromCodePoint(isPrintable ? byte : next++));
}
const alphabet = [...letters].sort((a, b) => a.codePointAt(0) - b.codePointAt(0));

const seven = (digits) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const patterns = {
  llama3: seven("{1,3}"),
  qwen2: seven(""),
  gpt2: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
};

function train(pattern, mergeCount) {
  const regex = new RegExp(pattern.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])"), "gu");
  const counts = new Map();
  for (const [piece] of text.normalize("NFC").matchAll(regex)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  const words = [...counts].map(([piece, count]) => ({ symbols: [...Buffer.from(piece)].map((b) => letters[b]), count }));
  const merges = [];
  const known = new Set(letters);
  while (merges.length < mergeCount) {
    const pairs = new Map();
    for (const { symbols, count } of words) {
      for (let i = 0; i + 1 < symbols.length; ++i) {
        const key = `${symbols[i]} ${symbols[i + 1]}`;
        pairs.set(key, (pairs.get(key) ?? 0) + count);
      }
    }
    // The most frequent pair; of equal ones the first by code unit, so that runs agree.
    const best = [...pairs].filter(([, count]) => count > 1).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
    if (!best) break;
    const [left, right] = best[0].split(" ");
    merges.push([left, right]);
    known.add(left + right);
    for (const word of words) {
      const joined = [];
      for (let i = 0; i < word.symbols.length; ++i) {
        if (word.symbols[i] === left && word.symbols[i + 1] === right) joined.push(left + word.symbols[++i]);
        else joined.push(word.symbols[i]);
      }
      word.symbols = joined;
    }
  }
  return merges;
}

function vocabulary(merges, more = []) {
  const vocab = {};
  let id = 0;
  for (const token of [...alphabet, ...merges.map(([a, b]) => a + b), ...more]) if (!(token in vocab)) vocab[token] = id++;
  return vocab;
}

const spell = (word) => [...Buffer.from(word)].map((b) => letters[b]).join("");

function added(vocab, tokens) {
  let id = Object.keys(vocab).length;
  return tokens.map(([content, flags = {}]) => ({
    id: vocab[content] ?? id++, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...flags,
  }));
}

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
const split = (pattern) => ({ type: "Sequence", pretokenizers: [
  { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false }, byteLevel] });
const model = (vocab, merges, more = {}) => ({ type: "BPE", dropout: null, unk_token: null,
  continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false,
  ignore_merges: false, vocab, merges, ...more });

function write(name, tokenizer) {
  const whole = { version: "1.0", truncation: null, padding: null, ...tokenizer };
  writeFileSync(new URL(`${name}_tokenizer.json`, fixtures), JSON.stringify(whole) + "\n");
  console.log(name, Object.keys(tokenizer.model.vocab).length, "tokens", tokenizer.model.merges.length, "merges");
}

{
  const merges = train(patterns.llama3, 400);
  // Words that no merge leads to: only ignore_merges finds them.
  const vocab = vocabulary(merges, [" conversation", " temperature", " elephant", "🎉🎉"].map(spell));
  const tokens = added(vocab, ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>", "<|eom_id|>", "<|python_tag|>"].map((content) => [content]));
  write("llama3", {
    added_tokens: tokens, normalizer: null, pre_tokenizer: split(patterns.llama3),
    post_processor: { type: "Sequence", processors: [
      { ...byteLevel, use_regex: true },
      { type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "<|begin_of_text|>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
        pair: [{ SpecialToken: { id: "<|begin_of_text|>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } },
               { SpecialToken: { id: "<|begin_of_text|>", type_id: 1 } }, { Sequence: { id: "B", type_id: 1 } }],
        special_tokens: { "<|begin_of_text|>": { id: "<|begin_of_text|>", ids: [tokens[0].id], tokens: ["<|begin_of_text|>"] } } }] },
    decoder: { ...byteLevel, use_regex: true }, model: model(vocab, merges, { ignore_merges: true }),
  });
}
{
  const merges = train(patterns.qwen2, 400);
  const vocab = vocabulary(merges);
  const tokens = added(vocab, [["<|endoftext|>"], ["<|im_start|>"], ["<|im_end|>"],
    ["<tool_call>", { special: false }], ["</tool_call>", { special: false }],
    ["<tool_response>", { special: false }], ["</tool_response>", { special: false }],
    ["<think>", { special: false }], ["</think>", { special: false }]]);
  write("qwen2", {
    added_tokens: tokens, normalizer: { type: "NFC" }, pre_tokenizer: split(patterns.qwen2),
    post_processor: byteLevel, decoder: byteLevel, model: model(vocab, merges.map((pair) => pair.join(" "))),
  });
}
{
  const merges = train(patterns.gpt2, 200);
  const vocab = vocabulary(merges, ["<|endoftext|>"]);
  const tokens = added(vocab, [["<|endoftext|>"], ["<mask>", { lstrip: true }], ["<sep>", { rstrip: true }], ["<|end"]]);
  write("gpt2", {
    added_tokens: tokens, normalizer: null, pre_tokenizer: { ...byteLevel, use_regex: true },
    post_processor: { ...byteLevel, use_regex: true }, decoder: { ...byteLevel, use_regex: true },
    model: model(vocab, merges.map((pair) => pair.join(" "))),
  });
}
