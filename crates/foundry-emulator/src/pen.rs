//! A text that is being written, piece by piece, wherever it is to stand.

use crate::model;
use crate::script::Usage;

/// How many bytes of an answer made of so many words are kept.
pub(crate) const KEPT_BYTES: usize = 1024 * 1024;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Script {
    /// This text, in which files are cited.
    Text { text: String, citations: Vec<Citation> },
    /// So many words, which are never all there at once.
    Words(u64),
}

impl Script {
    /// A text without citations.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), citations: Vec::new() }
    }
}

/// A place in a text that names a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Citation {
    /// The byte of the text at which the marker begins.
    pub(crate) at: usize,
    /// The marker as it stands in the text.
    pub(crate) marker: String,
    pub(crate) file_id: String,
    pub(crate) quote: String,
}

/// How a run ends once its message is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Completed,
    Incomplete(String),
}

/// What writes a text: how far it is, and what of it is kept.
#[derive(Debug)]
pub(crate) struct Pen {
    script: Script,
    /// How far the script is written, in bytes or words.
    position: usize,
    then: Option<Ending>,
    /// What is written, as far as it is kept.
    pub(crate) kept: String,
    /// How many characters and pieces are written.
    pub(crate) characters: usize,
    pieces: usize,
    pub(crate) usage: Usage,
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// The place of the text that the piece is, if it names a file.
    pub(crate) cited: Option<Cited>,
    /// Whether nothing comes before it.
    pub(crate) is_first: bool,
}

/// A file that is named in a text, at these characters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cited {
    pub(crate) citation: Citation,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Pen {
    /// A pen that has written nothing yet, after so many tokens were read.
    pub(crate) fn new(prompt: usize) -> Self {
        Self {
            script: Script::text(""),
            position: 0,
            then: None,
            kept: String::new(),
            characters: 0,
            pieces: 0,
            usage: Usage { prompt, completion: 0 },
        }
    }

    /// Goes on with this, and with the end if that is then to come.
    pub(crate) fn go_on(&mut self, script: Script, then: Option<Ending>) {
        self.script = script;
        self.position = 0;
        self.then = then;
    }

    /// Whether there is more to do before anything else can be done.
    pub(crate) fn is_busy(&self) -> bool {
        self.then.is_some() || self.has_more()
    }

    /// The end that comes once all is written.
    pub(crate) fn end(&self) -> Option<&Ending> {
        self.then.as_ref()
    }

    /// The same, if nothing is left to be written before that.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.then.as_ref().filter(|_| !self.has_more())
    }

    fn has_more(&self) -> bool {
        match &self.script {
            Script::Text { text, .. } => self.position < text.len(),
            Script::Words(count) => u64::try_from(self.position).is_ok_and(|position| position < *count),
        }
    }

    /// Writes the next piece; none if there is none.
    pub(crate) fn write(&mut self) -> Option<Piece> {
        if !self.has_more() {
            return None;
        }
        let mut cited = None;
        let (text, limit) = match &self.script {
            Script::Words(_) => {
                let space = if self.position == 0 { "" } else { " " };
                (format!("{space}{}", self.position + 1), KEPT_BYTES)
            }
            Script::Text { text, citations } => {
                cited = citations.iter().find(|citation| citation.at == self.position).cloned();
                let next = citations.iter().map(|citation| citation.at).filter(|at| *at > self.position).min();
                let rest = text.get(self.position..next.unwrap_or(text.len())).unwrap_or_default();
                let piece = match &cited {
                    Some(citation) => citation.marker.clone(),
                    None => first_piece(rest).to_owned(),
                };
                (piece, usize::MAX)
            }
        };
        let start = self.characters;
        let is_first = self.pieces == 0;
        if self.kept.len() + text.len() <= limit {
            self.kept.push_str(&text);
        }
        self.usage.completion += model::tokens(&text);
        self.characters += text.chars().count();
        self.pieces += 1;
        self.position += match &self.script {
            Script::Words(_) => 1,
            Script::Text { .. } => text.len(),
        };
        let cited = cited.map(|citation| Cited { citation, start, end: self.characters });
        Some(Piece { text, cited, is_first })
    }
}

/// The first word of a text, with the space before it.
fn first_piece(text: &str) -> &str {
    let mut later = text.char_indices().skip(1);
    let end = later.find(|(_, character)| *character == ' ').map_or(text.len(), |(index, _)| index);
    text.get(..end).unwrap_or(text)
}
