//! The query of a request.

use url::form_urlencoded;

/// The pairs of a query, decoded, in the order sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the part of a URL after the question mark.
    pub(crate) fn parse(raw: &str) -> Self {
        let pairs = form_urlencoded::parse(raw.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self { pairs }
    }

    /// The first value given for a name. An empty value counts as none, as with the service's
    /// cursors.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// All pairs.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The query with one parameter replaced, encoded.
    pub(crate) fn encode_with(&self, name: &str, value: &str) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.pairs.iter().filter(|(key, _)| key != name))
            .append_pair(name, value)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_empty_ones_count_as_missing() {
        let query = Query::parse("api-version=v1&after=&name=a%20b+c&name=second");
        assert_eq!(query.first("api-version"), Some("v1"));
        assert_eq!(query.first("after"), None);
        assert_eq!(query.first("name"), Some("a b c"));
    }

    #[test]
    fn one_parameter_is_replaced_and_the_others_stay() {
        let query = Query::parse("a=1&token=old&b=x%26y");
        assert_eq!(query.encode_with("token", "new"), "a=1&b=x%26y&token=new");
    }
}
