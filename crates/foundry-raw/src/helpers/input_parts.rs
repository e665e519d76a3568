//! Parts of what is said in the input of a response: texts, images, files.

use crate::v1::types::{
    OpenAiEasyInputMessageParamContent, OpenAiResponseInputFileParam, OpenAiResponseInputImageDetail,
    OpenAiResponseInputImageParam, OpenAiResponseInputPartParam as InputPart, OpenAiResponseInputTextParam,
};

/// Short ways to write parts of what is said; each kind has a type of its own for all else there is to
/// say, which becomes a part by `into()`.
impl InputPart {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        OpenAiResponseInputTextParam::new(text).into()
    }

    /// The image at this URL; a `data:` URL holds the image itself.
    pub fn image_url(url: impl Into<String>) -> Self {
        image().image_url(url).into()
    }

    /// An image that was uploaded as a file.
    pub fn image_file(file_id: impl Into<String>) -> Self {
        image().file_id(file_id).into()
    }

    /// A file that was uploaded.
    pub fn file(file_id: impl Into<String>) -> Self {
        OpenAiResponseInputFileParam::new().file_id(file_id).into()
    }

    /// The file at this URL.
    pub fn file_url(url: impl Into<String>) -> Self {
        OpenAiResponseInputFileParam::new().file_url(url).into()
    }
}

/// An image in the detail that the model takes to be right.
fn image() -> OpenAiResponseInputImageParam {
    OpenAiResponseInputImageParam::new(OpenAiResponseInputImageDetail::Auto)
}

impl From<&str> for InputPart {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for InputPart {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&String> for InputPart {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

/// One part.
impl From<InputPart> for OpenAiEasyInputMessageParamContent {
    fn from(part: InputPart) -> Self {
        Self::Array(vec![part])
    }
}

impl FromIterator<InputPart> for OpenAiEasyInputMessageParamContent {
    fn from_iter<I: IntoIterator<Item = InputPart>>(parts: I) -> Self {
        Self::Array(parts.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::v1::types::OpenAiResponseInputItemParam;

    fn content(message: &OpenAiResponseInputItemParam) -> Value {
        serde_json::to_value(message).unwrap()["content"].clone()
    }

    #[test]
    fn each_kind_is_what_the_document_says() {
        for (part, expected) in [
            (InputPart::text("Hi."), json!({ "type": "input_text", "text": "Hi." })),
            (
                InputPart::image_url("https://e.example/a.png"),
                json!({ "type": "input_image", "detail": "auto", "image_url": "https://e.example/a.png" }),
            ),
            (InputPart::image_file("file_1"), json!({ "type": "input_image", "detail": "auto", "file_id": "file_1" })),
            (InputPart::file("file_1"), json!({ "type": "input_file", "file_id": "file_1" })),
            (
                InputPart::file_url("https://e.example/a.pdf"),
                json!({ "type": "input_file", "file_url": "https://e.example/a.pdf" }),
            ),
        ] {
            assert_eq!(serde_json::to_value(&part).unwrap(), expected);
            // It is read as what it was written as.
            assert_eq!(crate::from_str::<InputPart>(&expected.to_string()).unwrap(), part);
        }
    }

    #[test]
    fn a_message_is_said_in_parts() {
        let [what, file] = [
            json!({ "type": "input_text", "text": "What is this?" }),
            json!({ "type": "input_file", "file_id": "file_1" }),
        ];
        let text = "What is this?".to_owned();
        for (message, expected) in [
            (OpenAiResponseInputItemParam::user([(&text).into(), InputPart::file("file_1")]), json!([what, file])),
            (OpenAiResponseInputItemParam::user(InputPart::from(text.as_str())), json!([what])),
            (OpenAiResponseInputItemParam::user(vec![InputPart::from(text.clone())]), json!([what])),
            (
                OpenAiResponseInputItemParam::user(OpenAiEasyInputMessageParamContent::from_iter([
                    InputPart::text(&text),
                    InputPart::file("file_1"),
                ])),
                json!([what, file]),
            ),
            (OpenAiResponseInputItemParam::user(&text), json!("What is this?")),
        ] {
            assert_eq!(content(&message), expected);
        }
    }
}
