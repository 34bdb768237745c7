//! Errors of the client in words: what was tried, the chain of causes, the next step.

use std::error::Error as _;

use pve_client::Error;

/// Returns whether the error concerns the host as a whole, and with it every VM alike.
pub fn is_about_the_host(error: &Error) -> bool {
    match error {
        Error::Connect { .. }
        | Error::Untrusted { .. }
        | Error::Unauthenticated { .. }
        | Error::SecondFactor { .. } => true,
        Error::Refused(_)
        | Error::Lost { .. }
        | Error::Decode { .. }
        | Error::Task(_)
        | Error::TaskTooSlow { .. }
        | Error::Stopped { .. } => false,
    }
}

/// Says in one line why the host cannot be used at all.
pub fn unusable(error: &Error) -> &'static str {
    match error {
        Error::Untrusted { .. } => "The certificate of the Proxmox VE host is not trusted",
        Error::Unauthenticated { .. } | Error::SecondFactor { .. } => {
            "The Proxmox VE host does not accept the credentials"
        }
        _ => "The Proxmox VE host cannot be reached",
    }
}

/// Returns the chain of causes and the next step.
pub fn explained(error: &Error) -> String {
    let mut text = sentence(&chain(error));
    if let Some(hint) = error.hint() {
        text.push(' ');
        text.push_str(&sentence(&hint));
    }
    text
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Makes a fragment a sentence. A first word that is no plain word keeps its case.
pub fn sentence(fragment: &str) -> String {
    let first = fragment.split_whitespace().next().unwrap_or_default();
    let plain = first
        .chars()
        .all(|char| char.is_alphabetic() || ",;:".contains(char));
    let (start, rest) = fragment.split_at(if plain { first_length(fragment) } else { 0 });
    let end = if fragment.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{}{rest}{end}", start.to_uppercase())
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_becomes_a_sentence_and_names_keep_their_case() {
        assert_eq!(sentence("failed to connect"), "Failed to connect.");
        assert_eq!(
            sentence("https://pve:8006 refused"),
            "https://pve:8006 refused."
        );
        assert_eq!(
            sentence("`a` is missing. Set it."),
            "`a` is missing. Set it."
        );
        assert_eq!(sentence(""), ".");
    }
}
