// Texts that tokenizers get wrong, by what they are about; and random ones from a fixed seed.
// Left out, because JavaScript's own rules differ there: U+0085 as white space, single_word tokens.

export const hardTexts = [
  ["empty", ""],
  ["one space", " "],
  ["plain sentence", "The gateway remembers which engine has seen the prompt before."],
  ["leading and trailing space", "  The capital of France is Paris.  "],
  ["contractions", "It's we've we'll I'd I'm they're don't IT'S WE'VE can't'd 'tis o'clock 'S'T'RE'Ve'lL"],
  ["contraction at end", "it'"],
  ["apostrophe before letter and digit", "'a '1 ' s 's1"],
  ["long s after apostrophe", "it'\u017F was'\u017F"],
  ["kelvin sign", "'\u212A 5\u212A"],
  ["digits", "1 12 123 1234 12345 123456 1234567 1,234.56 3.14159 2024-11-20T10:00:00Z 0x1F"],
  ["other numbers", "x² ½ Ⅷ ٣٤٥٦ १२३४ 一二三 ①②③④ 𝟘𝟙𝟚𝟛"],
  ["line breaks", "a\nb\n\nc\r\nd\r\n\r\ne\rf\n \n  g\n\t\nh   \n"],
  ["trailing line breaks", "end.\n\n\n"],
  ["symbols then line breaks", "what?!\n\n...\r\n ***\n"],
  ["tabs and spaces", "a\tb\t\tc   d    \t e"],
  ["odd white space", "a\u00A0b\u2003c\u3000d\u2028f\u1680g\u205Fh\u000Bi\u000Cj"],
  ["odd white space in runs", "a \u00A0\u2003 b\u3000\u3000c  \u2029 \u2028 d"],
  ["not white space", "a\u200Bb\uFEFFc\u2060d\u180Ee"],
  ["code", "int main() { for (int i = 0; i < 10; ++i) { std::printf(\"%d\\n\", i); } }\n\treturn 0;\n"],
  ["python", "def f(x):\n    if x >= 10:\n        return {'a': [1, 2]}\n    return None\n"],
  ["german", "Die Katze schläft auf der Straße; ÄÖÜ äöü ß ẞ."],
  ["french", "Où est l'école? C'est là-bas, près de la forêt — «voilà»."],
  ["greek and russian", "Η γρήγορη αλεπού. Быстрая лиса прыгает."],
  ["chinese", "你好，世界。今天天气很好，我们去公园吧。"],
  ["japanese", "日本語の文章をトークンに分割します。ｶﾀｶﾅ"],
  ["korean", "안녕하세요. 오늘은 날씨가 좋아요."],
  ["decomposed korean", "\u1112\u1161\u11AB\u1100\u1173\u11AF"],
  ["arabic and hebrew", "مرحبا بالعالم ١٢٣ שלום עולם"],
  ["hindi and thai", "नमस्ते दुनिया สวัสดีชาวโลก"],
  ["emoji", "🙂 👍🏽 👨‍👩‍👧 🏳️‍🌈 🇩🇪🇫🇷 🎉🎉 1️⃣"],
  ["combining marks", "e\u0301 a\u0308 n\u0303 o\u0302\u0323 \u0301x Z\u0351\u036B\u0343"],
  ["composes under NFC", "A\u030A \u212B \u00C5 fi\uFB01 \u1E9B\u0323 \u0958"],
  ["mathematical letters", "𝒜𝓑ℂ 𝔡𝕖 ∀x∈ℝ: x²≥0"],
  ["private and unassigned", "\uE000\uF8FF\u0378\u{10FFFF}\u{E0001}"],
  ["control characters", "\u0000\u0001\u001F\u007F\u0080\u009F"],
  ["special tokens of llama", "<|begin_of_text|>hi<|eot_id|> <|start_header_id|>user<|end_header_id|>\n\nhello<|eot_id|>"],
  ["special tokens of qwen", "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n<tool_call>\n{}\n</tool_call>"],
  ["special tokens of gpt", "a <mask> b<mask>c <sep>  d <sep>\n\te<|endoftext|>f<|end|>"],
  ["nearly special", "<|im_start| > <|im_star <|endoftext<|im_end|><|<|im_end|>|>"],
  ["single words", "word words sword word. word-word (word) _word word1 wordé word"],
  ["repeated letters", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
  ["long word", "thecapitaloffrance".repeat(20)],
  ["long spaces", " ".repeat(200) + "x" + " ".repeat(100)],
  ["long line breaks", "\n".repeat(150)],
  ["long symbols", "=".repeat(130) + "\n" + "-=".repeat(70)],
  ["words without merges", " conversation temperature elephant an elephant conversation 🎉🎉 🎉"],
  ["urls", "https://example.com/path?query=value&other=1#top user.name+tag@example.com"],
  ["markdown", "# Title\n\n* item **bold** _em_\n1. one\n\n| a | b |\n|---|---|\n```py\nx = 1\n```\n"],
  ["json", "{\"name\": \"get_weather\", \"arguments\": {\"location\": \"Paris\", \"n\": [1, 2.5, -3e10, null, true]}}"],
];

function* splitMix(seed) {
  let state = BigInt(seed);
  const mask = (1n << 64n) - 1n;
  for (;;) {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let x = state;
    x = ((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    x = ((x ^ (x >> 27n)) * 0x94d049bb133111ebn) & mask;
    yield Number((x ^ (x >> 31n)) >> 11n);
  }
}

/// Mixtures of words, digits, white space, symbols and scripts.
export function randomTexts(count, seed = 7) {
  const parts = ["the", "The", "ing", " capital", "Paris", "'s", "'LL", "'", "12", "3", "4567", " ", "  ", "\n", "\r\n",
    "\t", "\u00A0", "\u3000", ".", "!?", " (", ")", "—", "é", "e\u0301", "ß", "你", "好", "の", "한", "🙂", "👍🏽", "\u0301",
    "α", "Ж", "²", "½", "٣", "<|", "|>", "_", "-", "\"", "http", "://", "\u200D", "𝒜"];
  const random = splitMix(seed);
  const below = (bound) => random.next().value % bound;
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + below(40) }, () => parts[below(parts.length)]).join(""));
}
