//! Points in time, in whatever form they come.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use serde_json::{Number, Value};

use super::decode::Decode;
use super::error::DecodeError;
use super::reader::{Kind, Reader};

/// A point in time as the service wrote it: epoch seconds, or text.
///
/// The received form is kept and sent back; [`to_datetime`](Self::to_datetime) reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Timestamp(Form);

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Seconds(i64),
    Number(Number),
    Text(Box<str>),
    Other(Box<Value>),
}

impl Timestamp {
    /// A time in epoch seconds.
    pub fn from_unix(seconds: i64) -> Self {
        Self(Form::Seconds(seconds))
    }

    /// A time as text in the form of RFC 3339, in UTC.
    pub fn from_rfc3339(time: DateTime<Utc>) -> Self {
        Self(Form::Text(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true).into()))
    }

    /// The time in epoch seconds, if that is how it was received.
    pub fn as_unix(&self) -> Option<i64> {
        match &self.0 {
            Form::Seconds(seconds) => Some(*seconds),
            Form::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The text, if that is how it was received.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The time, if the received form can be read: epoch seconds (integer or fraction), RFC 3339,
    /// a date and time without an offset (taken as UTC), or `month/day/year hour:minute:second`.
    pub fn to_datetime(&self) -> Option<DateTime<Utc>> {
        match &self.0 {
            Form::Seconds(seconds) => DateTime::from_timestamp(*seconds, 0),
            Form::Number(number) => {
                let seconds = number.as_f64()?;
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "`as` clamps, and chrono refuses what is out of range"
                )]
                let microseconds = (seconds * 1e6).round() as i64;
                DateTime::from_timestamp_micros(microseconds)
            }
            Form::Text(text) => parse(text),
            Form::Other(_) => None,
        }
    }
}

fn parse(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|time| time.and_utc())
}

/// A time for a property that holds text.
#[allow(dead_code, reason = "not every API sends both kinds of times")]
pub(crate) fn text_time(time: impl Into<Timestamp>) -> Timestamp {
    let time = time.into();
    match (&time.0, time.to_datetime()) {
        (Form::Seconds(_) | Form::Number(_), Some(read)) => Timestamp::from_rfc3339(read),
        _ => time,
    }
}

/// A time for a property that holds seconds.
#[allow(dead_code, reason = "not every API sends both kinds of times")]
pub(crate) fn unix_time(time: impl Into<Timestamp>) -> Timestamp {
    let time = time.into();
    match (&time.0, time.to_datetime()) {
        (Form::Text(_), Some(read)) => Timestamp::from_unix(read.timestamp()),
        _ => time,
    }
}

impl From<DateTime<Utc>> for Timestamp {
    /// Epoch seconds, which is how times stand in threads, messages and runs. Constructors and setters of
    /// properties that hold text make text of it.
    fn from(time: DateTime<Utc>) -> Self {
        Self::from_unix(time.timestamp())
    }
}

impl Decode for Timestamp {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let form = match reader.kind()? {
            Kind::Number => match reader.integer_or_number()? {
                Ok(seconds) => Form::Seconds(seconds),
                Err(number) => Form::Number(number),
            },
            Kind::String => Form::Text(reader.str_with(|text| text.into())?),
            _ => Form::Other(Box::new(reader.value()?)),
        };
        let timestamp = Self(form);
        reader.note(None, |report, _, place| {
            if timestamp.to_datetime().is_none() {
                report.unrecognized.push(place);
            }
        });
        Ok(timestamp)
    }

    fn empty() -> Self {
        Self(Form::Seconds(0))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Seconds(seconds) => serializer.serialize_i64(*seconds),
            Form::Number(number) => number.serialize(serializer),
            Form::Text(text) => serializer.serialize_str(text),
            Form::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::decode::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::from_str;
    use super::*;

    #[test]
    fn every_form_is_kept_and_those_with_a_meaning_are_read() {
        let cases = [
            ("1752587659", Some("2025-07-15T13:54:19+00:00")),
            ("1752587659.0", Some("2025-07-15T13:54:19+00:00")),
            ("1752587659.25", Some("2025-07-15T13:54:19.250+00:00")),
            ("\"2025-03-21T18:23:41.1234567+00:00\"", Some("2025-03-21T18:23:41.123456700+00:00")),
            ("\"2025-03-21T18:23:41Z\"", Some("2025-03-21T18:23:41+00:00")),
            ("\"2025-03-21T18:23:41\"", Some("2025-03-21T18:23:41+00:00")),
            ("\"10/11/2025 05:02:21\"", Some("2025-10-11T05:02:21+00:00")),
            ("\"soon\"", None),
            ("1e300", None),
            ("9223372036854775807", None),
            ("18446744073709551615", None),
            ("{\"seconds\":1}", None),
            ("true", None),
        ];
        for (text, expected) in cases {
            let time: Timestamp = from_str(text).unwrap();
            let sent = serde_json::to_value(&time).unwrap();
            assert_eq!(sent, serde_json::from_str::<Value>(text).unwrap(), "{text}");
            assert_eq!(time.to_datetime().map(|time| time.to_rfc3339()).as_deref(), expected, "{text}");
        }
    }
    #[test]
    fn a_time_that_can_be_read_takes_the_form_of_its_property() {
        for (given, as_text, as_seconds) in [
            ("1752587659", "\"2025-07-15T13:54:19Z\"", "1752587659"),
            ("1752587659.25", "\"2025-07-15T13:54:19.250Z\"", "1752587659.25"),
            ("\"2025-03-21T18:23:41+01:00\"", "\"2025-03-21T18:23:41+01:00\"", "1742577821"),
            ("\"soon\"", "\"soon\"", "\"soon\""),
            ("true", "true", "true"),
        ] {
            let time: Timestamp = from_str(given).unwrap();
            assert_eq!(serde_json::to_string(&text_time(time.clone())).unwrap(), as_text, "{given}");
            assert_eq!(serde_json::to_string(&unix_time(time)).unwrap(), as_seconds, "{given}");
        }
        let time = DateTime::from_timestamp(1_752_587_659, 0).unwrap();
        assert_eq!(text_time(time).as_str(), Some("2025-07-15T13:54:19Z"));
        assert_eq!(unix_time(time).as_unix(), Some(1_752_587_659));
    }
}
