//! Plain data: what an input holds, whoever read it (Terraform, a tfvars file, a test).
//!
//! Numbers keep their decimal text, because Terraform's numbers are wider than any machine type.

use std::collections::BTreeMap;
use std::fmt;

/// One value of an input, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing: the input takes its default.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number of any size.
    Number(Number),
    /// Text.
    String(String),
    /// A list, tuple or set, in its order.
    List(Vec<Self>),
    /// A map or an object.
    Map(BTreeMap<String, Self>),
}

/// The inputs of one environment by name; a name that is missing takes its default.
pub type InputValues = BTreeMap<String, Value>;

impl Value {
    /// The word an operator would use for the type of this value.
    pub fn type_word(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::String(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number of a number value, if it is one and fits.
    pub fn as_whole(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.whole(),
            _ => None,
        }
    }

    /// The elements of a list value.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The entries of a map value.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Reads JSON, keeping every number's text that JSON can hold exactly.
    pub fn from_json(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(bool) => Self::Bool(bool),
            serde_json::Value::Number(number) => Self::Number(Number(number.to_string())),
            serde_json::Value::String(text) => Self::String(text),
            serde_json::Value::Array(elements) => {
                Self::List(elements.into_iter().map(Self::from_json).collect())
            }
            serde_json::Value::Object(entries) => Self::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, Self::from_json(value)))
                    .collect(),
            ),
        }
    }

    /// Writes JSON. A number that JSON cannot hold exactly is written as the nearest one.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(bool) => (*bool).into(),
            Self::Number(number) => number.to_json(),
            Self::String(text) => text.as_str().into(),
            Self::List(elements) => elements.iter().map(Self::to_json).collect(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json()))
                .collect(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(whole: i64) -> Self {
        Self::Number(whole.into())
    }
}

/// A decimal number, kept as the text it was written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// Reads a decimal number such as `3`, `-0.5` or `1e6`.
    pub fn parse(text: &str) -> Option<Self> {
        Decimal::parse(text).map(|_| Self(text.to_owned()))
    }

    /// The text the number was written in.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as a whole one: `3`, `3.0` and `0.3e1` are 3; `3.5` is none, nor is one beyond 64 bits.
    pub fn whole(&self) -> Option<i64> {
        Decimal::parse(&self.0)?.whole()
    }

    fn to_json(&self) -> serde_json::Value {
        match self.whole() {
            Some(whole) => whole.into(),
            None => self
                .0
                .parse::<f64>()
                .map_or(serde_json::Value::Null, Into::into),
        }
    }
}

impl From<i64> for Number {
    fn from(whole: i64) -> Self {
        Self(whole.to_string())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number taken apart: `digits` times ten to the `exponent`.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{before}{after}");
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if before.is_empty() || !all_digits || mantissa.ends_with('.') {
            return None;
        }
        let exponent = i64::from(power) - i64::try_from(after.len()).ok()?;
        Some(Self {
            negative,
            digits,
            exponent,
        })
    }

    fn whole(&self) -> Option<i64> {
        let kept = self.digits.trim_end_matches('0');
        let zeros = i64::try_from(self.digits.len() - kept.len()).ok()?;
        if kept.trim_start_matches('0').is_empty() {
            return Some(0);
        }
        let scale = u32::try_from(self.exponent.checked_add(zeros)?).ok()?;
        let size = kept
            .parse::<i128>()
            .ok()?
            .checked_mul(10_i128.checked_pow(scale)?)?;
        i64::try_from(if self.negative { -size } else { size }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let cases = [
            ("3", Some(3)),
            ("-3", Some(-3)),
            ("3.0", Some(3)),
            ("3.50e1", Some(35)),
            ("1e3", Some(1000)),
            ("1E3", Some(1000)),
            ("0.3e1", Some(3)),
            ("0e99", Some(0)),
            ("-0.0", Some(0)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("3.5", None),
            ("1e999999999", None),
            ("1e-3", None),
        ];
        for (text, whole) in cases {
            assert_eq!(
                Number::parse(text).and_then(|number| number.whole()),
                whole,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_decimal_number_is_refused() {
        for text in [
            "",
            "-",
            "+3",
            ".5",
            "3.",
            "1e",
            "1e99999999999",
            "0x10",
            "3 ",
            "NaN",
            "1.2.3",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
