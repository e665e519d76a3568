//! A model that is no model: its answers show what it was given, and are the same every time.

use crate::script::Turn;

/// How many characters of a message or of the instructions an answer quotes.
const QUOTE_LIMIT: usize = 200;

/// Says what the instructions are, how many user messages the thread holds, and quotes the last,
/// the one before it and the first.
pub(crate) fn answer(turn: &Turn) -> String {
    let questions: Vec<&str> =
        turn.history.iter().filter(|spoken| spoken.role == "user").map(|spoken| spoken.text.as_str()).collect();
    let mut sentences = Vec::new();
    if !turn.instructions.is_empty() {
        sentences.push(format!("My instructions: {}.", quote(&turn.instructions)));
    }
    sentences.push(match questions.len() {
        0 => "This thread holds no user message yet.".to_owned(),
        1 => "This thread holds 1 user message.".to_owned(),
        count => format!("This thread holds {count} user messages."),
    });
    let mut newest_first = questions.iter().rev();
    if let Some(last) = newest_first.next() {
        sentences.push(format!("You now say: {}.", quote(last)));
    }
    if let Some(previous) = newest_first.next() {
        sentences.push(format!("Before that you said: {}.", quote(previous)));
    }
    if let (Some(first), true) = (questions.first(), questions.len() > 2) {
        sentences.push(format!("At first you said: {}.", quote(first)));
    }
    sentences.join(" ")
}

/// How many tokens a text counts for: its words.
pub(crate) fn tokens(text: &str) -> usize {
    text.split_whitespace().count()
}

fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTE_LIMIT).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    format!("\"{quoted}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Spoken;

    fn turn(instructions: &str, questions: &[&str]) -> Turn {
        let mut history = Vec::new();
        for question in questions {
            for (role, text) in [("user", *question), ("assistant", "An answer.")] {
                history.push(Spoken { role: role.to_owned(), text: text.to_owned() });
            }
        }
        Turn { status: "in_progress".to_owned(), instructions: instructions.to_owned(), history }
    }

    #[test]
    fn the_whole_history_is_seen() {
        assert_eq!(
            answer(&turn("Be brief.", &["One?", "Two?", "Three?"])),
            "My instructions: \"Be brief.\". This thread holds 3 user messages. \
             You now say: \"Three?\". Before that you said: \"Two?\". At first you said: \"One?\"."
        );
    }

    #[test]
    fn an_empty_thread_is_answered_too() {
        assert_eq!(answer(&turn("", &[])), "This thread holds no user message yet.");
    }

    #[test]
    fn long_texts_are_quoted_in_part() {
        let long = "é".repeat(10_000);
        let answer = answer(&turn("", &[&long]));
        assert_eq!(answer.matches('é').count(), QUOTE_LIMIT);
        assert!(answer.contains('…'));
    }

    #[test]
    fn tokens_are_words() {
        assert_eq!(tokens("  Why is\nthe sky blue? "), 5);
    }
}
