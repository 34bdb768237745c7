//! Booleans as Proxmox reads and writes them.
//!
//! In property strings Proxmox accepts several words and prints `1` or `0`
//! (PVE/JSONSchema.pm: `parse_boolean`); in form parameters only `0` and `1` are booleans.

use crate::Malformed;

/// Reads any of the words that Proxmox takes for a boolean, in any case.
pub fn parse(text: &str) -> Result<bool, Malformed> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => Ok(true),
        "0" | "off" | "no" | "false" => Ok(false),
        _ => Err(Malformed::new(
            "a boolean",
            text,
            "expected 1, on, yes, true or 0, off, no, false",
        )),
    }
}

/// Prints a boolean as Proxmox stores it.
pub const fn print(value: bool) -> &'static str {
    if value { "1" } else { "0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_proxmox_is_read_in_any_case() {
        for word in ["1", "on", "Yes", "TRUE"] {
            assert_eq!(parse(word), Ok(true), "{word}");
        }
        for word in ["0", "off", "No", "FALSE"] {
            assert_eq!(parse(word), Ok(false), "{word}");
        }
        for word in ["", "2", " 1", "enabled"] {
            assert!(parse(word).is_err(), "{word}");
        }
    }
}
