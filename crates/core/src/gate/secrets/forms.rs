//! The forms in which a value can turn up in a text.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Shorter values are no secrets that a sweep can keep: they are found everywhere.
pub(super) const SHORTEST: usize = 6;

/// What Go leaves as it is in a URL.
const KEPT_IN_URLS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Every form of `value`, and of each line of it where it has several, such as a PEM key.
pub(super) fn forms(value: &str) -> BTreeSet<String> {
    let is_armour = |line: &&str| line.starts_with("-----");
    let lines = value.lines().map(str::trim).filter(|line| !is_armour(line));
    std::iter::once(value)
        .chain(lines)
        .filter(|text| text.chars().count() >= SHORTEST)
        .flat_map(forms_of_text)
        .collect()
}

fn forms_of_text(text: &str) -> Vec<String> {
    let (json, go) = (in_json(text), in_go(text));
    let url = utf8_percent_encode(text, KEPT_IN_URLS).to_string();
    let mut forms = vec![
        text.to_owned(),
        in_json(&json),
        in_go(&go),
        url.replace("%20", "+"),
        in_lower_case(&url),
        json,
        go,
        url,
    ];
    forms.extend((0..3).flat_map(|offset| in_base64(text, offset)));
    forms
}

/// As a JSON string has it, without the quotes.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As Go's JSON has it, which also escapes what HTML gives a meaning to.
fn in_go(text: &str) -> String {
    let mut escaped = in_json(text);
    for special in ['<', '>', '&', '\u{2028}', '\u{2029}'] {
        escaped = escaped.replace(special, &format!("\\u{:04x}", u32::from(special)));
    }
    escaped
}

fn in_lower_case(url: &str) -> String {
    let mut hexadecimal = 0_u8;
    url.chars()
        .map(|c| match (c, hexadecimal) {
            ('%', _) => {
                hexadecimal = 2;
                c
            }
            (c, 0) => c,
            (c, _) => {
                hexadecimal -= 1;
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// The characters of base64 that the text alone decides when it begins `offset` bytes into a group, as in
/// the base64 of `user:password`.
fn in_base64(text: &str, offset: usize) -> Vec<String> {
    let mut bytes = vec![0; offset];
    bytes.extend(text.as_bytes());
    let first = (offset * 8).div_ceil(6);
    let after = bytes.len() * 8 / 6;
    let inside = |encoded: String| encoded[first..after].to_owned();
    vec![
        inside(STANDARD_NO_PAD.encode(&bytes)),
        inside(URL_SAFE_NO_PAD.encode(&bytes)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "p<w>&\"\\ /\u{e9}+\u{2603}7f3a";

    #[test]
    fn a_value_is_known_however_it_is_quoted() {
        let forms = forms(VALUE);
        let json = serde_json::to_string(VALUE).unwrap();
        let table = [
            ("raw", format!("x{VALUE}y")),
            ("JSON", json.clone()),
            ("JSON in JSON", serde_json::to_string(&json).unwrap()),
            (
                "Go's JSON",
                "p\\u003cw\\u003e\\u0026\\\"\\\\ /\u{e9}+\u{2603}7f3a".to_owned(),
            ),
            (
                "URL",
                "p%3Cw%3E%26%22%5C%20%2F%C3%A9%2B%E2%98%837f3a".to_owned(),
            ),
            (
                "form",
                "p%3Cw%3E%26%22%5C+%2F%C3%A9%2B%E2%98%837f3a".to_owned(),
            ),
            (
                "URL in lower case",
                "p%3cw%3e%26%22%5c%20%2f%c3%a9%2b%e2%98%837f3a".to_owned(),
            ),
        ];
        for (what, text) in table {
            assert!(
                forms.iter().any(|form| text.contains(form)),
                "{what}: {text}"
            );
        }
    }

    #[test]
    fn a_value_is_known_inside_the_base64_of_a_longer_text() {
        let forms = forms(VALUE);
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "a", "ab", "abc"] {
                let text = format!("{before}{VALUE}{after}");
                for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    assert!(
                        forms.iter().any(|form| encoded.contains(form)),
                        "{text}: {encoded}"
                    );
                }
            }
        }
    }

    #[test]
    fn each_line_of_a_key_is_a_secret_and_its_armour_is_not() {
        let forms = forms("-----BEGIN KEY-----\nAbCdEfGh\n  IjKlMnOp\nx\n-----END KEY-----\n");
        assert!(forms.contains("AbCdEfGh") && forms.contains("IjKlMnOp"));
        assert!(!forms.contains("x") && !forms.contains("-----BEGIN KEY-----"));
    }

    #[test]
    fn short_values_have_no_forms() {
        assert_eq!(forms("true\nabcde"), {
            let whole = forms_of_text("true\nabcde");
            whole.into_iter().collect()
        });
        assert!(forms("abcde").is_empty());
    }
}
