//! Helpers on what messages refer to: citations, made files, images, attachments.

use std::ops::Range;

use crate::classic_types::{MessageContent, MessageTextAnnotation, MessageTextDetails, ThreadMessage};

/// What stands between the text parts of a message in its whole text.
pub(super) const BETWEEN: &str = "\n\n";

/// A stretch of a text that refers to something; made by [`ThreadMessage::citations`], and by
/// `citations` of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Citation<'a> {
    /// What it refers to.
    pub source: CitationSource<'a>,
    /// The stretch of text, as the service gives it, such as `【4:0†manual.pdf】`.
    pub text: &'a str,
    /// Where it stands in the whole text ([`ThreadMessage::text`], `output_text` of a response), in
    /// bytes. `None` if it is not found there.
    pub span: Option<Range<usize>>,
}

/// What a citation refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CitationSource<'a> {
    /// A file that was found by file search.
    File {
        /// Its id.
        file_id: &'a str,
        /// The cited passage; empty if the service gives none.
        quote: &'a str,
    },
    /// A file that code has made: the text is a path in its sandbox.
    MadeFile {
        /// Its id, to download it by.
        file_id: &'a str,
    },
    /// A file that code has made in a container, of a response.
    ContainerFile {
        /// Id of the container.
        container_id: &'a str,
        /// Id of the file in it.
        file_id: &'a str,
        /// Its name.
        filename: &'a str,
    },
    /// A web page, or something else that has a URL.
    Url {
        /// The URL.
        url: &'a str,
        /// Its title, if the service gives one.
        title: Option<&'a str>,
    },
}

impl<'a> CitationSource<'a> {
    /// The id of the file, if it is one.
    pub fn file_id(&self) -> Option<&'a str> {
        match *self {
            Self::File { file_id, .. } | Self::MadeFile { file_id } | Self::ContainerFile { file_id, .. } => {
                Some(file_id)
            }
            Self::Url { .. } => None,
        }
    }

    /// The URL, if it is one.
    pub fn url(&self) -> Option<&'a str> {
        match *self {
            Self::Url { url, .. } => Some(url),
            Self::File { .. } | Self::MadeFile { .. } | Self::ContainerFile { .. } => None,
        }
    }
}

impl ThreadMessage {
    /// What the text of the message refers to, in the order of its annotations.
    ///
    /// Annotations of kinds that this version does not know are left out; they are in `content`.
    ///
    /// ```
    /// use foundry_raw::v2025_05_01::types::ThreadMessage;
    ///
    /// let message: ThreadMessage = foundry_raw::from_str(
    ///     r#"{"id":"msg_1","content":[{"type":"text","text":{"value":"Press it twice【1†a.md】.","annotations":[
    ///         {"type":"file_citation","text":"【1†a.md】","start_index":14,"end_index":22,
    ///          "file_citation":{"file_id":"assistant-1","quote":"twice"}}]}}]}"#,
    /// )?;
    /// let citation = message.citations().next().unwrap();
    /// assert_eq!(citation.source.file_id(), Some("assistant-1"));
    /// assert_eq!(&message.text()[citation.span.unwrap()], "【1†a.md】");
    /// # Ok::<(), foundry_raw::DecodeError>(())
    /// ```
    pub fn citations(&self) -> impl Iterator<Item = Citation<'_>> {
        let mut start = 0;
        self.content.iter().filter_map(text_of).flat_map(move |details| {
            let offset = start;
            start += details.value.len() + BETWEEN.len();
            details.annotations.iter().filter_map(move |annotation| citation(annotation, &details.value, offset))
        })
    }

    /// The ids of all files that the message refers to, each once: those it cites, those that code has
    /// made for it, its images, and its attachments.
    pub fn file_ids(&self) -> impl Iterator<Item = &str> {
        let mut ids: Vec<&str> = Vec::new();
        let cited = self.citations().filter_map(|citation| citation.source.file_id());
        let images = self.content.iter().filter_map(|part| match part {
            MessageContent::ImageFile(image) => Some(image.image_file.file_id.as_str()),
            _ => None,
        });
        let attached = self.attachments.iter().flatten().filter_map(|attachment| attachment.file_id.as_deref());
        for id in cited.chain(images).chain(attached) {
            if !id.is_empty() && !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.into_iter()
    }
}

fn text_of(part: &MessageContent) -> Option<&MessageTextDetails> {
    match part {
        MessageContent::Text(part) => Some(&part.text),
        _ => None,
    }
}

fn citation<'a>(annotation: &'a MessageTextAnnotation, text: &str, offset: usize) -> Option<Citation<'a>> {
    let (source, stretch, start) = match annotation {
        MessageTextAnnotation::FileCitation(cited) => {
            let details = &cited.file_citation;
            let source = CitationSource::File { file_id: &details.file_id, quote: &details.quote };
            (source, &cited.text, cited.start_index)
        }
        MessageTextAnnotation::FilePath(made) => {
            (CitationSource::MadeFile { file_id: &made.file_path.file_id }, &made.text, made.start_index)
        }
        MessageTextAnnotation::UrlCitation(cited) => {
            let details = &cited.url_citation;
            let source = CitationSource::Url { url: &details.url, title: details.title.as_deref() };
            (source, &cited.text, cited.start_index)
        }
        _ => return None,
    };
    let span = span(text, stretch, start).map(|start| start + offset..start + offset + stretch.len());
    Some(Citation { source, text: stretch, span })
}

/// Where a stretch begins in a text, in bytes.
///
/// The service does not say what it counts: where the stretch stands when characters are counted, or
/// UTF-16 units, or bytes, it is that. Else it is where it stands if that is one place.
fn span(text: &str, stretch: &str, start: Option<i64>) -> Option<usize> {
    if stretch.is_empty() {
        return None;
    }
    let stands_at = |place: &usize| text.get(*place..).is_some_and(|rest| rest.starts_with(stretch));
    if let Some(start) = start.and_then(|start| usize::try_from(start).ok()) {
        let by_characters = text.char_indices().nth(start).map(|(place, _)| place);
        let mut units = 0;
        let by_units = text.char_indices().find_map(|(place, character)| {
            let is_there = units == start;
            units += character.len_utf16();
            is_there.then_some(place)
        });
        let place = [by_characters, by_units, Some(start)].into_iter().flatten().find(stands_at);
        if place.is_some() {
            return place;
        }
    }
    let mut places = text.match_indices(stretch).map(|(place, _)| place);
    let place = places.next();
    place.filter(|_| places.next().is_none())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(content: Value, attachments: Value) -> ThreadMessage {
        let message = json!({ "id": "msg_1", "content": content, "attachments": attachments });
        crate::from_str(&message.to_string()).unwrap()
    }

    fn text(value: &str, annotations: Value) -> Value {
        json!({ "type": "text", "text": { "value": value, "annotations": annotations } })
    }

    fn cited(file_id: &str, text: &str, start: Value) -> Value {
        let citation = json!({ "file_id": file_id, "quote": "q" });
        json!({ "type": "file_citation", "text": text, "start_index": start, "file_citation": citation })
    }

    #[test]
    fn every_kind_of_annotation_is_resolved() {
        let message = message(
            json!([
                text("One [a].", json!([cited("f1", "[a]", 4.into())])),
                { "type": "image_file", "image_file": { "file_id": "f2" } },
                text(
                    "Two sandbox:/x.csv and [b].",
                    json!([
                        { "type": "file_path", "text": "sandbox:/x.csv", "start_index": 4, "end_index": 18,
                          "file_path": { "file_id": "f3" } },
                        { "type": "hologram", "text": "[b]" },
                        { "type": "url_citation", "text": "[b]", "url_citation": { "url": "https://u.example", "title": "U" } },
                    ])
                ),
            ]),
            json!([{ "file_id": "f1", "tools": [null] }, { "file_id": "f4", "tools": [] }, { "tools": [] }]),
        );
        let citations: Vec<Citation<'_>> = message.citations().collect();
        let sources: Vec<CitationSource<'_>> = citations.iter().map(|citation| citation.source).collect();
        assert_eq!(
            sources,
            [
                CitationSource::File { file_id: "f1", quote: "q" },
                CitationSource::MadeFile { file_id: "f3" },
                CitationSource::Url { url: "https://u.example", title: Some("U") },
            ]
        );
        // Spans count in the whole text, over all parts.
        let whole = message.text();
        let spans: Vec<&str> = citations.iter().map(|citation| &whole[citation.span.clone().unwrap()]).collect();
        assert_eq!(spans, ["[a]", "sandbox:/x.csv", "[b]"]);
        let ids: Vec<Option<&str>> = sources.iter().map(CitationSource::file_id).collect();
        assert_eq!(ids, [Some("f1"), Some("f3"), None]);
        assert_eq!(sources[2].url(), Some("https://u.example"));
        assert_eq!(message.file_ids().collect::<Vec<_>>(), ["f1", "f3", "f2", "f4"]);
    }

    #[test]
    fn a_stretch_is_found_however_its_start_is_counted() {
        // Each mark stands twice, so that only the start tells which one is meant.
        let text = "é🎉[1] [1]";
        let [first, second] = [6, 10];
        for (start, expected) in [
            (Some(2), Some(first)),   // characters
            (Some(3), Some(first)),   // UTF-16 units
            (Some(7), Some(second)),  // UTF-16 units
            (Some(10), Some(second)), // bytes
            (Some(99), None),
            (Some(-1), None),
            (None, None),
        ] {
            assert_eq!(span(text, "[1]", start), expected, "{start:?}");
        }
        // By characters first, which the service's own examples count by.
        assert_eq!(span("éa[1][1][1]", "[1]", Some(5)), Some(6));
        assert_eq!(span("only [1] one", "[1]", Some(0)), Some(5));
        assert_eq!(span("none", "[1]", Some(0)), None);
        assert_eq!(span("none", "", Some(0)), None);
    }
}
