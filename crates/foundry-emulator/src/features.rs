//! Previews: the header that opts into them, and the service's refusal without it.

use axum::http::HeaderMap;

use crate::documents::{FEATURES, Operation};
use crate::error::ServiceError;

/// Refuses an operation that is a preview unless the request names one of its features.
///
/// Whatever edition of a feature the request names will do: clients older and newer than this
/// document send others.
pub(crate) fn check(operation: &Operation, headers: &HeaderMap) -> Result<(), ServiceError> {
    let is_named = || operation.features.iter().any(|feature| names(headers, feature));
    if !operation.needs_features || is_named() {
        return Ok(());
    }
    Err(ServiceError::preview_feature_required(&operation.features))
}

/// Refuses what only a preview has unless the request names its feature.
pub(crate) fn require(headers: &HeaderMap, feature: &str) -> Result<(), ServiceError> {
    if names(headers, feature) {
        return Ok(());
    }
    Err(ServiceError::preview_feature_required(&[feature.to_owned()]))
}

/// Whether a request names a feature.
fn names(headers: &HeaderMap, feature: &str) -> bool {
    let values = headers.get_all(FEATURES).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| name(value).eq_ignore_ascii_case(name(feature)))
}

/// What comes before the edition.
fn name(feature: &str) -> &str {
    feature.split('=').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_feature_is_named_whatever_its_edition_and_its_neighbours() {
        for (values, is_named) in [
            (&["Skills=V1Preview"][..], true),
            (&["Models=V1Preview, skills=V7"], true),
            (&["Models=V1Preview", "Skills"], true),
            (&["SkillSets=V1Preview"], false),
            (&["=Skills"], false),
            (&[""], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(FEATURES, HeaderValue::from_static(value));
            }
            assert_eq!(names(&headers, "Skills=V1Preview"), is_named, "{values:?}");
        }
    }
}
