#include "engine/tiny_corpus.h"

namespace ringmaster::engine {

std::string_view tiny_corpus() {
  return R"text(The harbour wakes before the town does. At four in the morning the first boats come home, their
lamps still burning, and the men on the quay begin to sort the catch by size and by kind. Nobody speaks much. The
work is old and everyone knows where to stand. By six the ice has been carried down from the cold store, the boxes
are stacked in rows, and the small white van of the fish market is waiting with its doors open.

My grandmother used to say that a village is a long conversation. Each house answers the next one. When a new wall
was built too high, people walked past it more slowly, as if they were trying to understand what had been said.
When an old roof fell in, there was a pause, and then somebody would plant a pear tree in the empty room. In this
way the street kept talking, although the people who had begun the talk were gone.

A river does not take the shortest way to the sea. It looks for the easiest step, again and again, and the sum of
these steps is a curve that no engineer would have drawn. Where the ground is soft it swings from side to side; where
the rock is hard it waits, deepens, and cuts. Over ten thousand years it moves its whole bed across the valley and
leaves behind lakes in the shape of a new moon. Maps of such a river are always a little out of date.

How does bread rise? Flour and water make a net of protein. Yeast eats sugar and breathes out gas, the net catches the
gas, and the dough grows. Salt makes the net stronger and the yeast slower. Heat does the rest: first the gas expands,
then the starch sets, and at last the crust turns brown. Take 500 grams of flour, 350 grams of water, 10 grams of
salt and 5 grams of yeast. Mix, wait 30 minutes, fold, wait 2 hours, shape, wait again, and bake at 230 degrees for
40 minutes. Let it cool before you cut it, although this is the hardest part.

The first computers filled rooms and were named like ships. They were fed with cards, they were cooled with fans, and
they were kept by people in white coats who knew the sound of each relay. A program was a thing that you could drop
on the floor. Today a machine of the same power is thrown away with the birthday card that played a song. What has
not changed is the shape of the work: someone has a question, someone writes down the steps, and something patient
follows them without asking why.

Memory is the slow part. A processor can add two numbers in less than a nanosecond, but to fetch them from far away
takes a hundred times as long. So we keep copies close by, in caches, and we hope that what was used a moment ago
will be used again. A large language model lives by the same hope. It reads a prompt token by token, it stores a key
and a value for each of them in every layer, and when the next request begins with the same words, the stored keys
and values can be used once more. The longer the shared prefix, the less there is to compute, and the sooner the
first token of the answer arrives.

A scheduler is a polite host. Guests arrive in no order; some want a glass of water, some want dinner for twelve. If
you serve strictly by arrival, the glass of water waits behind the dinner. If you always serve the smallest wish
first, the dinner may never come. A good host looks at the whole table, remembers who has waited, knows which pans
are already hot, and sends each new guest to the room where the right soup is on the stove, unless that room is full.

You are a helpful assistant. Answer the question of the user in a few short sentences. If you do not know the answer,
say so. Do not make things up. The system message comes first, then the user writes, then the assistant answers, and
so on, turn after turn, until one of them has nothing more to add. Please write a short story about a lighthouse. Could
you explain how a heat pump works? What is the capital of France? Translate this sentence into German. Summarise the
following text in three points. Write a function that returns the largest element of a list.

def largest(values):
    best = values[0]
    for value in values[1:]:
        if value > best:
            best = value
    return best

for (int i = 0; i < count; ++i) { total += weights[i] * inputs[i]; } return total / count;
{"model": "tiny", "messages": [{"role": "user", "content": "Hello, how are you?"}], "max_tokens": 64, "stream": true}
{"id": 1, "name": "north", "open": true, "price": 12.50, "tags": ["sea", "wind", "stone"], "next": null}

There was once a clockmaker who had never been late. People set their clocks by the moment when she crossed the
bridge. One winter morning the bridge was gone; the ice had taken it in the night. She stood at the bank with her
bag and looked at the water, and for the first time in forty years she did not know what to do with the next minute.
On the other side a child waved. She waved back. Then she sat down on a stone, took out her bread, and watched the ice
go by, piece after piece, each with its own speed, none of them in a hurry. When the ferry came at noon, she was
sorry to leave. In the town every clock was wrong, and nobody had noticed yet.

The garden in the north of the island is small, but it holds more than three hundred kinds of plants. In spring the
almond trees bloom before their leaves come out. In summer the lavender is full of bees from early morning until the
light fades. Autumn brings quinces, late roses, and the smell of wet earth. In winter only the ivy is green, and the
gardener repairs the walls. Visitors are asked to close the gate, because the goats know the way.

On the second day we climbed through the forest. The path was narrow and wet, and the branches touched our shoulders.
After three hours the trees became shorter, then there were only bushes, then grass, then nothing but stones and the
sky. From the top we could see both coasts. The wind was so strong that we could not hear each other, so we pointed:
there is the lake, there is the road, there is the village where we slept. Nobody wanted to go down.

Light takes eight minutes from the sun to the earth, and about four years from the nearest star. To look far away is
to look into the past. Some of the points that we see at night are not stars but whole galaxies, with a hundred billion
suns in each of them, and the light that reaches us tonight began its way before there were any people to see it.

Measure before you change anything. Write down what you expect, then look. If the numbers agree with you, be careful,
for you may have measured your own hope. If they do not, be glad, for you have learned something. A fast program that
gives a wrong result is only a fast way to be wrong. Make it right, make it clear, and then make it fast; and when it
is fast enough, stop, and go for a walk.

Guten Morgen, wie geht es dir heute? Das Wetter ist schön, und wir gehen später über die Brücke zum Bäcker. Où est la
gare, s il vous plaît? La bibliothèque est fermée le dimanche. ¿Dónde está el mercado? Mañana por la mañana saldrá el
sol. Καλημέρα, τι κάνεις; Доброе утро, как дела? 你好，世界。今日はいい天気ですね。 안녕하세요. Emoji are text too: 🙂 🚀 🌊

Numbers: 0 1 2 3 4 5 6 7 8 9 10 12 16 24 32 48 64 100 128 256 365 512 1000 1024 2048 4096 1999 2000 2024 2025. The sum of
17 and 25 is 42. One half is 0.5, one third is about 0.333, and the square root of two is near 1.41421. Today is Monday,
tomorrow is Tuesday; January, February, March, April, May, June, July, August, September, October, November, December.
)text";
}

}  // namespace ringmaster::engine
