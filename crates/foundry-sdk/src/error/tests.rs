//! What errors say of answers.

use super::*;

fn answered(status: u16, body: &str) -> Error {
    let mut headers = HeaderMap::new();
    headers.insert("x-request-id", "req-1".parse().unwrap());
    Error::from_answer(StatusCode::from_u16(status).unwrap(), headers, Bytes::copy_from_slice(body.as_bytes()))
}

#[test]
fn bodies_of_all_kinds_are_read() {
    for (status, body, kind, code, message, target) in [
        (
            400,
            r#"{"error":{"code":"invalid_payload","message":"No name.","target":"name","details":[]}}"#,
            ErrorKind::BadRequest,
            Some("invalid_payload"),
            "No name.",
            Some("name"),
        ),
        (
            401,
            r#"{"error":{"code":"Unauthorized","message":"No."}}"#,
            ErrorKind::Authentication,
            Some("Unauthorized"),
            "No.",
            None,
        ),
        (
            404,
            r#"{"type":"https://tools.example/404","title":"Not Found","status":404}"#,
            ErrorKind::NotFound,
            Some("https://tools.example/404"),
            "Not Found",
            None,
        ),
        (
            429,
            r#"{"error":{"code":"429","message":"Slower.","param":null}}"#,
            ErrorKind::RateLimited,
            Some("429"),
            "Slower.",
            None,
        ),
        (409, r#"{"error":"busy"}"#, ErrorKind::Conflict, None, "busy", None),
        (409, r#""busy""#, ErrorKind::Conflict, None, "busy", None),
        (502, "<html><H1>Bad Gateway </H1></html>", ErrorKind::Server, None, "Bad Gateway", None),
        (504, "<!doctype html><title>Took\ntoo long</title>", ErrorKind::Server, None, "Took too long", None),
        (500, "<html>", ErrorKind::Server, None, "Internal Server Error", None),
        (408, "", ErrorKind::Timeout, None, "Request Timeout", None),
        (
            403,
            r#"{"error":{"code":"preview_feature_required","message":"Preview."}}"#,
            ErrorKind::PreviewFeatureRequired,
            Some("preview_feature_required"),
            "Preview.",
            None,
        ),
        (
            400,
            r#"{"error":{"code":"UserError","message":"{\"error\":{\"code\":\"inner\",\"message\":\"The reason.\",\"param\":\"tools\"}}"}}"#,
            ErrorKind::BadRequest,
            Some("inner"),
            "The reason.",
            Some("tools"),
        ),
        (503, "", ErrorKind::Server, None, "Service Unavailable", None),
        (500, "upstream failed", ErrorKind::Server, None, "upstream failed", None),
        (418, r#"{"error":{"code":"#, ErrorKind::UnexpectedStatus, None, r#"{"error":{"code":"#, None),
        (302, "[1]", ErrorKind::UnexpectedStatus, None, "Found", None),
    ] {
        let error = answered(status, body);
        assert_eq!(error.kind(), kind, "{body}");
        assert_eq!(error.code(), code, "{body}");
        assert_eq!(error.message(), message, "{body}");
        assert_eq!(error.target(), target, "{body}");
        assert_eq!(error.request_id(), Some("req-1"));
        assert_eq!(error.body().unwrap(), body);
    }
}

#[test]
fn details_of_both_forms_are_listed() {
    let envelope = r#"{"error":{"code":"a","message":"b","details":[{"code":"c","message":"d","target":"e"},{}],
        "innererror":{"code":"f"},"additionalInfo":{"request_id":"req-2"}}}"#;
    let error = answered(422, envelope);
    let [detail] = error.details() else { panic!("{:?}", error.details()) };
    assert_eq!(
        (detail.code.as_deref(), detail.message.as_deref(), detail.target.as_deref()),
        (Some("c"), Some("d"), Some("e"))
    );
    assert_eq!(error.inner_error().unwrap()["code"], "f");
    assert_eq!(error.additional_info().unwrap()["request_id"], "req-2");
    let error = Error::from_answer(
        StatusCode::BAD_REQUEST,
        HeaderMap::new(),
        Bytes::from_static(
            br#"{"title":"Bad.","status":400,"errors":{"$.name":["Too long.","Too odd."],"x":"Missing."}}"#,
        ),
    );
    let details: Vec<_> =
        error.details().iter().map(|detail| (detail.target.as_deref(), detail.message.as_deref())).collect();
    assert_eq!(
        details,
        [(Some("$.name"), Some("Too long.")), (Some("$.name"), Some("Too odd.")), (Some("x"), Some("Missing."))]
    );
}

#[test]
fn a_request_id_in_the_body_counts_where_there_is_no_header() {
    let body = br#"{"error":{"message":"b","additionalInfo":{"request_id":"req-2"}}}"#;
    let error = Error::from_answer(StatusCode::BAD_REQUEST, HeaderMap::new(), Bytes::from_static(body));
    assert_eq!(error.request_id(), Some("req-2"));
}

#[test]
fn what_may_have_been_done_and_what_may_be_tried_again() {
    let post = |error: Error| error.of_method(&Method::POST);
    let with_wait = |error: Error| error.with_retry_after(Some(Duration::from_secs(1)));
    let quota = r#"{"error":{"type":"insufficient_quota","code":"429"}}"#;
    for (error, acted, retryable) in [
        (post(answered(400, "")), false, false),
        (post(answered(401, "")), false, false),
        (post(answered(409, "")), false, false),
        (post(answered(408, "")), true, true),
        (post(answered(429, "")), false, true),
        (post(answered(429, quota)), false, false),
        (post(answered(500, "")), true, true),
        (post(answered(501, "")), true, false),
        (post(answered(503, "")), true, true),
        (with_wait(post(answered(503, ""))), false, true),
        (with_wait(post(answered(500, ""))), true, true),
        (post(answered(302, "")), false, false),
        (answered(500, "").of_method(&Method::GET), false, true),
        (post(Error::new(ErrorKind::Connect, "")), false, true),
        (post(Error::new(ErrorKind::Interrupted, "")), true, true),
        (post(Error::new(ErrorKind::Timeout, "")), true, true),
        (post(Error::new(ErrorKind::TooLarge, "")), true, false),
        (post(Error::new(ErrorKind::InvalidInput, "")), false, false),
    ] {
        assert_eq!(error.server_may_have_acted(), acted, "{error:?}");
        assert_eq!(error.is_retryable(), retryable, "{error:?}");
    }
}

#[test]
fn a_support_line_has_what_support_asks_for() {
    let url = Url::parse("https://r.example/api/projects/p/files?sig=planted").unwrap();
    let error = answered(404, r#"{"error":{"code":"not_found"}}"#)
        .of_call("Files_get", Some(&url), "our-id")
        .of_method(&Method::GET);
    assert_eq!(
        error.support_line(),
        "operation=Files_get url=GET https://r.example/api/projects/p/files?sig=REDACTED status=404 \
         code=not_found x-request-id=req-1 x-ms-client-request-id=our-id"
    );
    assert_eq!(
        Error::new(ErrorKind::Credential, "none").support_line(),
        "operation=- url=- status=- code=- x-request-id=- x-ms-client-request-id=-"
    );
}

#[test]
fn one_line_says_what_happened() {
    let url = Url::parse("https://u:p@r.example/api/projects/p/files?sig=planted&api-version=v1").unwrap();
    let error = answered(404, r#"{"error":{"code":"not_found","message":"No such file."}}"#).of_call(
        "Files_get",
        Some(&url),
        "our-id",
    );
    assert_eq!(error.to_string(), "Files_get: 404 not_found - No such file. (x-request-id req-1)");
    assert_eq!(error.client_request_id(), Some("our-id"));
    assert_eq!(error.url().unwrap().as_str(), "https://r.example/api/projects/p/files?sig=REDACTED&api-version=v1");
    assert!(!format!("{error:?}").contains("planted"));
}
