//! Changing the serial of a state and nothing else.
//!
//! A state that went through a JSON library is another file: numbers beyond 2^53, escapes and the order of keys do not
//! survive. So the digits are replaced where they stand.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A state whose serial cannot be replaced.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// It cannot be read.
    #[error("failed to find the serial of the state")]
    NotJson(#[source] serde_json::Error),
    /// The serial is not written as digits.
    #[error("the serial of the state is `{0}`, not plain digits")]
    NotDigits(String),
}

#[derive(Deserialize)]
struct Top<'a> {
    #[serde(borrow)]
    serial: &'a RawValue,
}

/// The same text with the digits of the top-level `serial` replaced.
pub fn with_serial(text: &str, serial: u64) -> Result<String, SerialError> {
    let top: Top<'_> = serde_json::from_str(text).map_err(SerialError::NotJson)?;
    let digits = top.serial.get();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SerialError::NotDigits(digits.to_owned()));
    }
    // The digits are borrowed from the text, so their distance is their place.
    let start = digits.as_ptr().addr() - text.as_ptr().addr();
    let (before, rest) = text.split_at(start);
    Ok(format!("{before}{serial}{}", &rest[digits.len()..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_top_level_serial_is_touched() {
        let text = r#"{ "x": {"serial": 1, "s": "\"serial\": 2"}, "serial" :  42 , "n": 123456789012345678901234567890, "e": "\u003c<☃" }"#;
        assert_eq!(
            with_serial(text, 1000).unwrap(),
            text.replace(" 42 ", " 1000 ")
        );
    }

    #[test]
    fn what_has_no_plain_serial_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"serial":"5"}"#,
            r#"{"serial":1.0}"#,
            r#"{"serial":-1}"#,
            r#"{"serial":1,"serial":2}"#,
        ] {
            assert!(with_serial(text, 1).is_err(), "{text}");
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            "-?[1-9][0-9]{0,40}",
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            Just(r#""\u003c \"serial\": 3""#.to_owned()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let key = prop_oneof![Just("serial".to_owned()), "[a-z]{0,3}"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| format!("[{}]", items.join(" , "))),
                prop::collection::vec((key, inner), 0..4).prop_map(|items| {
                    let items: Vec<String> = items
                        .iter()
                        .map(|(k, v)| format!("\"{k}\":\t{v}"))
                        .collect();
                    format!("{{{}}}", items.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_but_the_digits_changes(
            before in prop::collection::vec(("[a-r]{1,5}", json()), 0..4),
            after in prop::collection::vec(("[t-z]{1,5}", json()), 0..4),
            (old, new) in (any::<u64>(), any::<u64>()),
        ) {
            let member = |(key, value): &(String, String)| format!("\"{key}\": {value}");
            let render = |serial: u64| {
                let members: Vec<String> = before.iter().map(member)
                    .chain([format!("\"serial\":  {serial}")])
                    .chain(after.iter().map(member)).collect();
                format!("{{\n{}\n}}", members.join(",\n"))
            };
            prop_assert_eq!(with_serial(&render(old), new).unwrap(), render(new));
        }
    }
}
