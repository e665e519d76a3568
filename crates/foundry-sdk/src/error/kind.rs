//! What to make of an error: its kinds, and what each asks for.

use http::StatusCode;

/// What to make of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What the caller gave cannot be sent; the service has seen nothing.
    ///
    /// # Troubleshooting
    /// The message says what is wrong with it and what to give instead.
    InvalidInput,
    /// A file on this machine, or a stream that was to be uploaded, could not be read, or a file could
    /// not be written; the service has seen nothing, or too little to act.
    ///
    /// # Troubleshooting
    /// The message names the file, and the source has the system's error. Of a download that failed
    /// nothing is left behind.
    LocalFile,
    /// There is no usable credential; the service has seen nothing.
    ///
    /// # Troubleshooting
    /// Give the client a [`Credential`](crate::Credential), or set the variables that
    /// [`ProjectClient::from_env`](crate::ProjectClient::from_env) reads. If one was given, the
    /// message and the source say why it gave no token.
    Credential,
    /// No connection could be made; the service has seen nothing. Tried again, whatever the
    /// operation.
    ///
    /// # Troubleshooting
    /// Check the endpoint's host, the network and its proxy.
    Connect,
    /// No answer in time; the service may have acted.
    ///
    /// # Troubleshooting
    /// Look whether the work was done before asking for it again. A longer time is set with
    /// [`timeout`](crate::Request::timeout).
    Timeout,
    /// The connection broke before the answer was complete; the service may have acted.
    ///
    /// # Troubleshooting
    /// Look whether the work was done before asking for it again.
    Interrupted,
    /// The answer is larger than what is read; the service has acted.
    ///
    /// # Troubleshooting
    /// Ask for smaller pages, or raise
    /// [`answer_limit`](crate::ProjectClientBuilder::answer_limit).
    TooLarge,
    /// 400 or 422: the service refused what was sent, and did nothing.
    ///
    /// # Troubleshooting
    /// 400 is a missing property, malformed JSON or invalid syntax: mend the request and send it
    /// again. 422 is well formed and makes no sense: correct values, or combinations the service
    /// does not support. [`Error::target`](crate::Error::target) and
    /// [`Error::details`](crate::Error::details) name the property where the service says it.
    BadRequest,
    /// 401: the credential is missing, expired or not for this service; nothing was done. A token
    /// that can be asked for again was asked for again once.
    ///
    /// # Troubleshooting
    /// The error says which kind of credential and which scope were used. A token has to be for the
    /// scope `https://ai.azure.com/.default`; a key has to be one of this resource.
    Authentication,
    /// 403: the caller is known and may not do this; nothing was done.
    ///
    /// # Troubleshooting
    /// Check the role assignments on the project and the resource, the scope and the tenant. The
    /// error says which kind of credential and which scope were used.
    Permission,
    /// 403 `preview_feature_required`: the operation, or what was asked of it, is in preview;
    /// nothing was done.
    ///
    /// # Troubleshooting
    /// Opt in with [`features`](crate::Request::features) on the request, or on the client;
    /// [`Error::missing_features`](crate::Error::missing_features) says which.
    PreviewFeatureRequired,
    /// 404: no such resource, or no such route in this api-version; nothing was done.
    ///
    /// # Troubleshooting
    /// Check the URL, the ids, the project in the endpoint, and the api-version; the error says
    /// which surface and api-version were asked.
    NotFound,
    /// 409 or 412: it collides with the state the resource is in; nothing was done.
    ///
    /// # Troubleshooting
    /// Wait until what runs on the resource has ended, read it again, and resolve the conflict.
    Conflict,
    /// 429: too many requests or tokens; nothing was done. Tried again, after exactly the time the
    /// service asked for, unless the quota is used up.
    ///
    /// # Troubleshooting
    /// Wait as long as [`Error::retry_after`](crate::Error::retry_after) says, then send it again;
    /// without it, wait longer each time. [`Error::rate_limits`](crate::Error::rate_limits) shows
    /// what the service told about its limits.
    RateLimited,
    /// 5xx: the service failed. Unless it is a 503 that names a time to come back, it may have
    /// acted.
    ///
    /// # Troubleshooting
    /// Look whether the work was done, then try again with growing pauses; give support the ids of
    /// [`Error::support_line`](crate::Error::support_line). 503 is passing: try later, and not in a
    /// tight loop.
    Server,
    /// Any other status that is no success.
    ///
    /// # Troubleshooting
    /// Something between here and the service may have answered: look at
    /// [`Error::body`](crate::Error::body).
    UnexpectedStatus,
    /// The answer is a success, but its body is not what the API's description says; the service
    /// has acted.
    ///
    /// # Troubleshooting
    /// The message names the place. [`Error::body`](crate::Error::body) holds the whole answer.
    Decode,
    /// What was waited for did not end in time; it may still go on.
    ///
    /// # Troubleshooting
    /// [`Error::last_state`](crate::Error::last_state) has what was last seen: get it again, cancel it,
    /// or wait longer.
    Deadline,
    /// What was waited for waits for its caller, who has not said how to answer it. Nothing was
    /// handed in, nothing canceled.
    ///
    /// # Troubleshooting
    /// [`Error::needs_action`](crate::Error::needs_action) has the run, the outputs that are ready
    /// and what is unanswered: hand the answers in, or cancel the run. Register the function, or
    /// set an approval policy, and it is answered by itself.
    NeedsAction,
    /// What ran on the service has ended, and not by completing: it failed, expired, was canceled or
    /// ended incomplete.
    ///
    /// # Troubleshooting
    /// [`Error::run_failed`](crate::Error::run_failed) says how, with the service's code and
    /// message; of a response [`Error::response_failed`](crate::Error::response_failed) does. A rate limit passes: run again after [`Error::retry_after`](crate::Error::retry_after).
    RunFailed,
    /// A job on the service has ended, and not by completing: it failed or was canceled.
    ///
    /// # Troubleshooting
    /// [`Error::job_failed`](crate::Error::job_failed) says why, as far as the service does;
    /// [`Error::last_state`](crate::Error::last_state) has the whole status.
    JobFailed,
    /// What was made ready on the service has ended, and is not ready: a file that cannot be processed, a
    /// vector store that has failed or expired, or is completed without some of its files.
    ///
    /// # Troubleshooting
    /// [`Error::last_state`](crate::Error::last_state) has what was last seen. Of a vector store
    /// [`Error::not_ready`](crate::Error::not_ready) says how many of its files are missing.
    NotReady,
}

impl ErrorKind {
    /// The kind of an answer with this status.
    pub(super) fn of_status(status: StatusCode, code: Option<&str>) -> Self {
        match status.as_u16() {
            400 | 422 => Self::BadRequest,
            401 => Self::Authentication,
            403 if code == Some("preview_feature_required") => Self::PreviewFeatureRequired,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 => Self::Timeout,
            409 | 412 => Self::Conflict,
            429 => Self::RateLimited,
            500..=599 => Self::Server,
            _ => Self::UnexpectedStatus,
        }
    }
}
