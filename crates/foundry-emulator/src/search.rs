//! A simple search in texts: chunks, the words that they share with a question, and the rarest count most.

use std::collections::{BTreeSet, HashMap};

/// Words that say nothing about what is looked for.
const COMMON: &[&str] = &[
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "had",
    "has", "have", "how", "i", "in", "is", "it", "its", "me", "my", "of", "on", "or", "please", "say", "so", "tell",
    "that", "the", "their", "there", "these", "they", "this", "those", "to", "was", "we", "were", "what", "when",
    "where", "which", "who", "why", "will", "with", "would", "you", "your",
];

/// How many characters of a sentence are quoted.
const QUOTE_LIMIT: usize = 300;

/// What ends a sentence, if a space comes next or the script knows none.
const ENDS: &[char] = &['.', '!', '?'];
const ENDS_ALONE: &[char] = &['\n', '。', '！', '？'];

/// Cuts a text into chunks of so many words, of which each shares so many with the one before.
pub(crate) fn chunks(text: &str, words: usize, overlap: usize) -> Vec<&str> {
    let words = words.max(1);
    let step = words.saturating_sub(overlap).max(1);
    let start = text.as_ptr().addr();
    let places: Vec<(usize, usize)> = text
        .split_whitespace()
        .map(|word| {
            let begin = word.as_ptr().addr() - start;
            (begin, begin + word.len())
        })
        .collect();
    let mut chunks = Vec::new();
    let mut first = 0;
    while let Some((begin, _)) = places.get(first) {
        let last = (first + words).min(places.len());
        let end = places.get(last - 1).map_or(text.len(), |(_, end)| *end);
        chunks.extend(text.get(*begin..end));
        if last == places.len() {
            break;
        }
        first += step;
    }
    chunks
}

/// A question, with how much each of its words counts among some chunks.
#[derive(Debug)]
pub(crate) struct Question {
    weights: HashMap<String, f64>,
}

impl Question {
    /// What is looked for, among these chunks: a word counts the more, the fewer of them hold it.
    pub(crate) fn new<'a>(query: &str, chunks: impl Iterator<Item = &'a str>) -> Self {
        let mut counts: HashMap<String, usize> = words(query)
            .filter(|word| !COMMON.contains(&word.as_str()) && (word.len() > 1))
            .map(|word| (word, 0))
            .collect();
        let mut total = 0_usize;
        for chunk in chunks {
            total += 1;
            let held: BTreeSet<String> = words(chunk).filter(|word| counts.contains_key(word)).collect();
            for word in held {
                counts.entry(word).and_modify(|count| *count += 1);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "chunks are too few for that")]
        let weigh = |count: usize| (1.0 + total as f64 / count.max(1) as f64).ln();
        Self { weights: counts.into_iter().map(|(word, count)| (word, weigh(count))).collect() }
    }

    /// How well a text fits: 0 if it holds no word that is looked for, 1 if it holds all.
    pub(crate) fn score(&self, text: &str) -> f64 {
        let held: BTreeSet<String> = words(text).filter(|word| self.weights.contains_key(word)).collect();
        // In a fixed order, for sums of floats depend on it.
        let all: BTreeSet<&String> = self.weights.keys().collect();
        let sum =
            |words: &mut dyn Iterator<Item = &String>| -> f64 { words.filter_map(|word| self.weights.get(word)).sum() };
        let total = sum(&mut all.into_iter());
        if held.is_empty() || total <= 0.0 {
            return 0.0;
        }
        // So many digits as anybody looks at.
        (sum(&mut held.iter()) / total * 1e4).round() / 1e4
    }

    /// The sentence of a text that fits best, or the beginning of it if it is long.
    pub(crate) fn quote<'a>(&self, text: &'a str) -> &'a str {
        let mut best = ("", 0.0);
        for sentence in sentences(text) {
            let score = self.score(sentence);
            if score > best.1 {
                best = (sentence, score);
            }
        }
        let end = best.0.char_indices().nth(QUOTE_LIMIT).map_or(best.0.len(), |(index, _)| index);
        best.0.get(..end).unwrap_or_default()
    }
}

/// The words of a text, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|at: char| !at.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The sentences of a text, each with what ends it.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().find_map(|(index, at)| {
            let after = index + at.len_utf8();
            let is_end = ENDS_ALONE.contains(&at)
                || (ENDS.contains(&at) && rest.get(after..).is_some_and(|rest| rest.starts_with(char::is_whitespace)));
            is_end.then_some(after)
        });
        let (sentence, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(sentence.trim())
    })
    .filter(|sentence| !sentence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(query: &str, chunks: &[&str]) -> Vec<f64> {
        let question = Question::new(query, chunks.iter().copied());
        chunks.iter().map(|chunk| question.score(chunk)).collect()
    }

    #[test]
    fn chunks_overlap_and_leave_nothing_out() {
        assert_eq!(chunks("a b c d e", 3, 1), ["a b c", "c d e"]);
        assert_eq!(chunks("a b  c d\ne f", 3, 1), ["a b  c", "c d\ne", "e f"]);
        assert_eq!(chunks(" a b ", 3, 1), ["a b"]);
        assert_eq!(chunks("a b c", 1, 0), ["a", "b", "c"]);
        assert_eq!(chunks("文 – é", 2, 1), ["文 –", "– é"]);
        assert_eq!(chunks(" \n", 3, 1), [""; 0]);
        // Sizes that make no sense end as well.
        assert_eq!(chunks("a b c", 0, 9), ["a", "b", "c"]);
        assert_eq!(chunks("a b c", 2, 2), ["a b", "b c"]);
    }

    #[test]
    fn shared_words_count_and_rare_ones_count_most() {
        let chunks = ["Apples are red.", "Apples and pears.", "Nothing of that."];
        let scores = scores("Which APPLES, which pears?", &chunks);
        assert!(scores[1] > scores[0] && scores[0] > 0.0, "{scores:?}");
        assert_eq!((scores[1], scores[2]), (1.0, 0.0));
        // The rare word alone is worth more than the frequent one alone.
        let chunks = ["apples", "apples", "pears"];
        let scores = self::scores("apples pears", &chunks);
        assert!(scores[2] > scores[0], "{scores:?}");
        // Words that every text has find nothing, and neither do parts of words.
        assert_eq!(self::scores("What is the and of that?", &["What is the and of that?"]), [0.0]);
        assert_eq!(self::scores("pear", &["pears"]), [0.0]);
        assert_eq!(self::scores("", &["pears"]), [0.0]);
    }

    #[test]
    fn the_best_sentence_is_quoted() {
        let text = "Version 1.2 is old. The glasses have a camera!\nThey weigh 30 g. 眼镜很轻。Ende";
        for (query, expected) in [
            ("camera glasses", "The glasses have a camera!"),
            ("version", "Version 1.2 is old."),
            ("weigh", "They weigh 30 g."),
            ("眼镜很轻", "眼镜很轻。"),
            ("Ende", "Ende"),
            ("nothing", ""),
        ] {
            assert_eq!(Question::new(query, [text].into_iter()).quote(text), expected);
        }
        let long = format!("start {}", "é".repeat(10_000));
        assert_eq!(Question::new("start", [long.as_str()].into_iter()).quote(&long).chars().count(), QUOTE_LIMIT);
    }
}
