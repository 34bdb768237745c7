//! The one codec for values whose JSON type depends on how Perl last touched them.
//!
//! `memory` arrives as `"8192"`, `cores` as `2`, `nextid` as `"100"`, booleans as `1`, `"1"` or
//! `true`, and an unset value is absent or null (recordings `03-clone.json`, `07-config-normalisation.json`).
//! Everything goes through [`Scalar`], so that no response struct needs an untagged enum.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::{Malformed, bool01};

/// The text of a JSON string, number or boolean; booleans become `1` and `0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scalar(pub String);

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string, a number or a boolean")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(bool01::print(value).to_owned()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Scalar, E> {
        Ok(Scalar(value))
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Reads a required value of any type that parses from text.
pub fn value<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    Scalar::deserialize(deserializer)?
        .0
        .parse()
        .map_err(de::Error::custom)
}

/// Reads a value that may be absent or null; combine with `#[serde(default)]`.
pub fn maybe<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    match Option::<Scalar>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Scalar(text)) => text.parse().map(Some).map_err(de::Error::custom),
    }
}

/// Reads a text that Perl may print as a number, such as the name `123`; absent and null mean empty.
/// Combine with `#[serde(default)]`.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<Scalar>::deserialize(deserializer)?
        .map(|scalar| scalar.0)
        .unwrap_or_default())
}

/// Reads a boolean; absent and null mean false. Combine with `#[serde(default)]`.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Option::<Scalar>::deserialize(deserializer)? {
        None => Ok(false),
        Some(Scalar(text)) if text.is_empty() => Ok(false),
        Some(Scalar(text)) => bool01::parse(&text).map_err(de::Error::custom),
    }
}

/// A whole number, also when Perl printed it as `1.0` or `4.5e+10`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Whole(pub u64);

/// The first number above those that a double holds exactly.
const EXACT_DOUBLES: f64 = 9_007_199_254_740_992.0;

impl FromStr for Whole {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if let Ok(number) = text.parse() {
            return Ok(Self(number));
        }
        match text.parse::<f64>() {
            Ok(number) if number.fract() == 0.0 && (0.0..=EXACT_DOUBLES).contains(&number) => {
                Ok(Self(exact(number)))
            }
            _ => Err(Malformed::new(
                "a whole number",
                text,
                "expected 0 or more, without a fraction",
            )),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller has checked that the number is whole and within what a double holds exactly"
)]
fn exact(number: f64) -> u64 {
    number as u64
}

/// Reads a count or a number of bytes; absent and null mean 0. Combine with `#[serde(default)]`.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(maybe::<D, Whole>(deserializer)?.unwrap_or_default().0)
}

/// Reads a count or a number of bytes that may be absent. Combine with `#[serde(default)]`.
pub fn maybe_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(maybe::<D, Whole>(deserializer)?.map(|whole| whole.0))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Sample {
        #[serde(deserialize_with = "value")]
        cores: u32,
        #[serde(default, deserialize_with = "maybe")]
        balloon: Option<u32>,
        #[serde(default, deserialize_with = "flag")]
        template: bool,
        #[serde(default, deserialize_with = "whole")]
        maxmem: u64,
        #[serde(default, deserialize_with = "text")]
        name: String,
    }

    fn read(json: &str) -> Result<Sample, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_strings_and_booleans_are_the_same_value() {
        let expected = Sample {
            cores: 2,
            balloon: Some(0),
            template: true,
            maxmem: 2_147_483_648,
            name: "12".to_owned(),
        };
        for json in [
            r#"{"cores":2,"balloon":0,"template":1,"maxmem":2147483648,"name":12}"#,
            r#"{"cores":"2","balloon":"0","template":"1","maxmem":"2147483648","name":"12"}"#,
            r#"{"cores":2,"balloon":0,"template":true,"maxmem":2147483648.0,"name":"12"}"#,
        ] {
            assert_eq!(read(json).as_ref(), Ok(&expected), "{json}");
        }
    }

    #[test]
    fn absent_and_null_are_unset() {
        let expected = Sample {
            cores: 1,
            balloon: None,
            template: false,
            maxmem: 0,
            name: String::new(),
        };
        assert_eq!(read(r#"{"cores":1}"#).as_ref(), Ok(&expected));
        let nulls = r#"{"cores":1,"balloon":null,"template":null,"maxmem":null,"name":null}"#;
        assert_eq!(read(nulls).as_ref(), Ok(&expected));
    }

    #[test]
    fn other_shapes_are_refused() {
        for json in [
            r#"{"cores":[2]}"#,
            r#"{"cores":"two"}"#,
            r#"{"cores":1,"template":"maybe"}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
        assert!(read(r#"{"cores":1,"maxmem":1.5}"#).is_err());
        assert!(read(r#"{"cores":1,"maxmem":-1}"#).is_err());
    }
}
