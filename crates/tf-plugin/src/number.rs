//! Exact decimal numbers, as Terraform's language has them.
//!
//! Terraform computes with 512 bit floats and sends what fits neither an integer nor a double as decimal
//! text. A [`Number`] keeps either form without rounding, in one canonical spelling, so that equal numbers
//! are equal values.

use std::fmt;

/// The longest plain spelling; longer numbers are written with an exponent.
const LONGEST_PLAIN: usize = 1_200;

/// The largest decimal exponent accepted from text.
///
/// Terraform's own numbers end near 10^646456993, but expanding such a text would be a denial of service.
const LARGEST_EXPONENT: i64 = 1_000_000;

/// An exact decimal number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number(Repr);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Repr {
    Integer(i64),
    /// Canonical text of a number that no `i64` holds.
    Decimal(String),
}

/// The text is not a finite decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a finite decimal number")]
pub struct ParseNumberError(String);

impl Number {
    /// Reads decimal text such as `12`, `-0.10` or `1e100`.
    pub fn parse(text: &str) -> Result<Self, ParseNumberError> {
        if let Ok(integer) = text.parse::<i64>() {
            return Ok(Self(Repr::Integer(integer)));
        }
        Decimal::parse(text)
            .map(Decimal::into_number)
            .ok_or_else(|| {
                let shown: String = text.chars().take(40).collect();
                ParseNumberError(shown)
            })
    }

    /// Takes the exact value of a double; `None` for infinities and NaN.
    pub fn from_f64(value: f64) -> Option<Self> {
        // 1074 digits after the point write every double exactly.
        value
            .is_finite()
            .then(|| format!("{value:.1074}"))
            .and_then(|text| Self::parse(&text).ok())
    }

    /// Returns the number if it is whole and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Integer(integer) => Some(*integer),
            Repr::Decimal(_) => None,
        }
    }

    /// Returns the number if it is whole, not negative and fits.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Integer(integer) => u64::try_from(*integer).ok(),
            Repr::Decimal(text) => text.parse().ok(),
        }
    }

    /// Returns the nearest double.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Integer(integer) => write!(f, "{integer}"),
            Repr::Decimal(text) => f.write_str(text),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Repr::Integer(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        match i64::try_from(value) {
            Ok(integer) => Self(Repr::Integer(integer)),
            Err(_) => Self(Repr::Decimal(value.to_string())),
        }
    }
}

/// `±digits × 10^exponent`, with neither leading nor trailing zeros in `digits`.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = split_sign(text);
        let (mantissa, exponent) = split_exponent(rest)?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let exponent = exponent - i64::try_from(fraction.len()).ok()?;
        Self::canonical(negative, &all, exponent)
    }

    fn canonical(negative: bool, digits: &str, exponent: i64) -> Option<Self> {
        let short = digits.trim_end_matches('0');
        let dropped = i64::try_from(digits.len() - short.len()).ok()?;
        let digits = short.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits: "0".to_owned(),
                exponent: 0,
            });
        }
        Some(Self {
            negative,
            digits,
            exponent: exponent + dropped,
        })
    }

    fn into_number(self) -> Number {
        let text = self.spell();
        match text.parse() {
            Ok(integer) => Number(Repr::Integer(integer)),
            Err(_) => Number(Repr::Decimal(text)),
        }
    }

    fn spell(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = &self.digits;
        let zeros = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(usize::MAX);
        if zeros.saturating_add(digits.len()) > LONGEST_PLAIN {
            return format!("{sign}{digits}e{}", self.exponent);
        }
        if self.exponent >= 0 {
            return format!("{sign}{digits}{}", "0".repeat(zeros));
        }
        match digits.len().checked_sub(zeros) {
            None | Some(0) => format!("{sign}0.{}{digits}", "0".repeat(zeros - digits.len())),
            Some(point) => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        }
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn split_exponent(text: &str) -> Option<(&str, i64)> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return Some((text, 0));
    };
    let exponent: i64 = exponent.parse().ok()?;
    (exponent.abs() <= LARGEST_EXPONENT).then_some((mantissa, exponent))
}

#[cfg(test)]
mod tests {
    use super::Number;

    fn spelled(text: &str) -> String {
        Number::parse(text).map_or_else(|error| error.to_string(), |number| number.to_string())
    }

    #[test]
    fn every_number_has_one_spelling() {
        let table = [
            ("0", "0"),
            ("-0.0", "0"),
            ("007", "7"),
            ("1.0", "1"),
            ("0.10", "0.1"),
            (".5", "0.5"),
            ("-12.50", "-12.5"),
            ("1e3", "1000"),
            ("12e-1", "1.2"),
            ("12e-5", "0.00012"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"),
            ("1E+2", "100"),
            ("1e2000", "1e2000"),
            ("10e1999", "1e2000"),
        ];
        for (text, canonical) in table {
            assert_eq!(spelled(text), canonical, "{text}");
        }
    }

    #[test]
    fn a_hundred_zeros_stay_exact() {
        let plain = format!("1{}", "0".repeat(100));
        assert_eq!(spelled("1e100"), plain);
        assert_eq!(Number::parse("1e100"), Number::parse(&plain));
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e9999999999",
            "0x10",
            "NaN",
            "inf",
            "1_000",
            "١",
        ] {
            assert!(Number::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn doubles_are_taken_exactly() {
        let tenth = "0.1000000000000000055511151231257827021181583404541015625";
        assert_eq!(
            Number::from_f64(0.1).map(|n| n.to_string()),
            Some(tenth.to_owned())
        );
        assert_eq!(Number::from_f64(0.5), Number::parse("0.5").ok());
        assert_eq!(Number::from_f64(-3.0), Some(Number::from(-3_i64)));
        assert_eq!(Number::from_f64(f64::INFINITY), None);
        assert_eq!(Number::from_f64(5e-324).map(|n| n.to_f64()), Some(5e-324));
    }

    #[test]
    fn whole_numbers_convert_only_where_they_fit() {
        assert_eq!(Number::from(u64::MAX).as_i64(), None);
        assert_eq!(Number::from(u64::MAX).as_u64(), Some(u64::MAX));
        assert_eq!(Number::from(-1_i64).as_u64(), None);
        assert_eq!(Number::parse("1.5").ok().and_then(|n| n.as_i64()), None);
    }
}
