//! What goes wrong, as the service says it: a status and the error envelope.

use std::fmt::Display;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::validate::Violation;

/// The `type` of errors that the caller caused.
const INVALID_REQUEST: &str = "invalid_request_error";

/// The `code` of a request body that does not fit its schema.
const INVALID_PAYLOAD: &str = "invalid_payload";

/// An unsuccessful answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServiceError {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The methods that the path has, for a 405.
    pub(crate) allow: Option<String>,
    error: Map<String, Value>,
}

impl ServiceError {
    fn new(status: StatusCode, code: &str, message: impl Display) -> Self {
        let mut error = Map::new();
        error.insert("code".to_owned(), code.into());
        error.insert("message".to_owned(), message.to_string().into());
        Self { status, allow: None, error }
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.error.insert(name.to_owned(), value.into());
        self
    }

    /// The envelope.
    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.error })
    }

    /// 401: no credential.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "The access token or key is missing, invalid or expired.")
    }

    /// 400: the query has no `api-version`.
    pub(crate) fn missing_api_version(supported: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MissingApiVersionParameter",
            format_args!(
                "The query parameter 'api-version' is required. \
                 The supported versions are '{supported}'."
            ),
        )
        .with("target", "api-version")
    }

    /// 400: an `api-version` that is not served.
    pub(crate) fn unsupported_api_version(given: &str, supported: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "UnsupportedApiVersionValue",
            format_args!(
                "The api-version '{given}' is not supported. \
                 The supported versions are '{supported}'."
            ),
        )
        .with("target", "api-version")
    }

    /// 404: no operation has this path.
    pub(crate) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "404", "Resource not found")
    }

    /// 405: the path exists with other methods.
    pub(crate) fn wrong_method(method: &str, allowed: String) -> Self {
        let mut error = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            format_args!("The method {method} is not allowed here; allowed: {allowed}."),
        );
        error.allow = Some(allowed);
        error
    }

    /// 404: nothing of this kind has this id.
    pub(crate) fn not_found(noun: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format_args!("No {noun} found with id '{id}'."))
            .with("type", INVALID_REQUEST)
            .with("param", Value::Null)
    }

    /// 400: the response to go on from is not there.
    pub(crate) fn no_previous_response(id: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "previous_response_not_found",
            format_args!("Previous response with id '{id}' not found."),
        )
        .with("type", INVALID_REQUEST)
        .with("param", "previous_response_id")
    }

    /// 400: another response is being made in the conversation.
    pub(crate) fn conversation_locked(id: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "conversation_locked",
            format_args!("A response is still being made in the conversation '{id}'. Try again when it has ended."),
        )
        .with("type", INVALID_REQUEST)
        .with("param", "conversation")
    }

    /// 400: the request is well formed, but things stand otherwise.
    pub(crate) fn invalid_state(message: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID_REQUEST, message)
            .with("type", INVALID_REQUEST)
            .with("param", Value::Null)
    }

    /// 400: a query parameter has a value that it cannot have.
    pub(crate) fn invalid_parameter(name: &str, message: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_value", format_args!("Invalid '{name}': {message}"))
            .with("type", INVALID_REQUEST)
            .with("param", name)
    }

    /// 400: a query parameter that the operation requires is not there.
    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "missing_required_parameter",
            format_args!("The query parameter '{name}' is required."),
        )
        .with("type", INVALID_REQUEST)
        .with("param", name)
    }

    /// 400: a header that the operation requires is not there.
    pub(crate) fn missing_header(name: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "missing_required_header", format_args!("The header '{name}' is required."))
            .with("type", INVALID_REQUEST)
            .with("param", name)
    }

    /// 403: a preview that the request has not opted into.
    pub(crate) fn preview_feature_required(features: &[String]) -> Self {
        let features = features.join(",");
        Self::new(
            StatusCode::FORBIDDEN,
            "preview_feature_required",
            format_args!(
                "This is a preview. Opt into it by the header 'Foundry-Features' with the value '{features}'."
            ),
        )
        .with("type", INVALID_REQUEST)
        .with("param", "Foundry-Features")
    }

    /// 409: what is there stands in the way.
    pub(crate) fn conflict(message: impl Display) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message).with("type", INVALID_REQUEST).with("param", Value::Null)
    }

    /// 412: the record is not as the request's `If-Match` says.
    pub(crate) fn changed_meanwhile(noun: &str) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            format_args!("The {noun} is not what 'If-Match' names."),
        )
        .with("type", INVALID_REQUEST)
        .with("param", "If-Match")
    }

    /// 400: what the request holds does not go together.
    pub(crate) fn invalid_payload(param: &str, message: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID_PAYLOAD, message)
            .with("type", INVALID_REQUEST)
            .with("param", param)
            .with("details", json!([]))
    }

    /// 400: the body is no JSON.
    pub(crate) fn malformed_json(reason: impl Display) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            INVALID_PAYLOAD,
            format_args!("The request body is not valid JSON: {reason}"),
        )
        .with("type", INVALID_REQUEST)
        .with("param", "/")
        .with("details", json!([]))
    }

    /// 400: the body does not fit the operation's schema.
    pub(crate) fn invalid_body(violations: &[Violation]) -> Self {
        let (place, message) = violations.first().map_or(("/", ""), |first| (first.place(), first.message.as_str()));
        let details: Vec<Value> = violations
            .iter()
            .map(|violation| {
                json!({
                    "code": "ValidationError",
                    "message": violation.message,
                    "param": violation.place(),
                    "type": "error",
                })
            })
            .collect();
        Self::new(
            StatusCode::BAD_REQUEST,
            INVALID_PAYLOAD,
            format_args!("The request body does not fit the schema at '{place}': {message}"),
        )
        .with("type", INVALID_REQUEST)
        .with("param", place)
        .with("details", details)
    }

    /// 400: the body could not be read to its end.
    pub(crate) fn unreadable_body() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", "The request body could not be read.")
    }

    /// 413: the body is longer than the server takes.
    pub(crate) fn body_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PayloadTooLarge",
            format_args!("The request body is larger than {limit} bytes."),
        )
    }

    /// 400: the body is no form, or one that ends too early.
    pub(crate) fn malformed_form(reason: impl Display) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            INVALID_PAYLOAD,
            format_args!("The request body is not valid multipart/form-data: {reason}"),
        )
        .with("type", INVALID_REQUEST)
        .with("param", Value::Null)
    }

    /// 400: a file that cannot be searched.
    pub(crate) fn unsupported_file(message: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unsupported_file", message)
            .with("type", INVALID_REQUEST)
            .with("param", "file_id")
    }

    /// 400: a property that the schema does not require, but the operation does.
    pub(crate) fn missing_property(name: &str) -> Self {
        Self::invalid_body(&[Violation::new(&format!("/{name}"), format!("the property '{name}' is required"))])
    }

    /// 415: the operation does not take this media type.
    pub(crate) fn unsupported_media_type(given: &str, accepted: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            format_args!("The content type '{given}' is not supported; supported: {accepted}."),
        )
        .with("target", "content-type")
    }

    /// What the service would say with this status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status.as_u16() {
            400 => ("BadRequest", "The request is not valid."),
            401 => return Self::unauthorized(),
            403 => ("Forbidden", "The identity has no permission to do this."),
            404 => return Self::no_route(),
            408 => ("RequestTimeout", "The request took too long to arrive."),
            409 => ("Conflict", "Something else changed the resource at the same time."),
            // The service sends the status as the code.
            429 => ("429", "Rate limit is exceeded. Try again later."),
            502 => ("BadGateway", "The service behind the gateway did not answer properly."),
            503 => ("ServiceUnavailable", "The service is not available for the moment."),
            504 => ("GatewayTimeout", "The service behind the gateway did not answer in time."),
            500.. => ("server_error", "The server had an error while processing the request."),
            _ => ("BadRequest", "The request was refused."),
        };
        Self::new(status, code, message)
    }

    /// 500: a record is not what the emulator itself stored.
    pub(crate) fn internal(message: impl Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", message).with("type", "server_error")
    }

    /// 501: the service can do this, the emulator cannot yet.
    pub(crate) fn not_implemented(what: impl Display) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "not_implemented_in_emulator",
            format_args!("The emulator does not serve {what} yet."),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorization_failure_has_code_and_message_only() {
        let body = ServiceError::unauthorized().body();
        let names: Vec<_> = body["error"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "message"]);
    }

    #[test]
    fn an_invalid_body_names_every_place_and_the_first_one_on_top() {
        let violations = [Violation::new("/content", "required"), Violation::new("", "second")];
        let error = ServiceError::invalid_body(&violations).body();
        assert_eq!(error["error"]["param"], "/content");
        assert_eq!(error["error"]["details"][1]["param"], "/");
    }
}
