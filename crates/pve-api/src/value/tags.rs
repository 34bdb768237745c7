//! The option `tags`.

use std::collections::BTreeSet;
use std::fmt;

use crate::Malformed;

/// A set of tags, in lower case.
///
/// Proxmox lower-cases, sorts and joins with `;` on a change; but keeps what it got on create
/// before 9.1.17, and as the datacenter's tag style says. So only the set counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Tags(BTreeSet<String>);

impl Tags {
    /// Checks tags that are to be written.
    pub fn new<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> Result<Self, Malformed> {
        tags.into_iter()
            .map(|tag| check(tag.as_ref()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads the text of a configuration; separators are `,`, `;` and blanks. Cannot fail, since
    /// what is stored is a fact.
    pub fn from_stored(text: &str) -> Self {
        let tags = text.split(|char: char| char == ',' || char == ';' || char.is_whitespace());
        Self(
            tags.filter(|tag| !tag.is_empty())
                .map(str::to_lowercase)
                .collect(),
        )
    }

    /// Returns the tags in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Returns whether the set has `tag`, in any case.
    pub fn contains(&self, tag: &str) -> bool {
        self.0.contains(&tag.to_lowercase())
    }

    /// Returns whether there is no tag.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn check(tag: &str) -> Result<String, Malformed> {
    let first = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let rest = |char: char| first(char) || "+.-".contains(char);
    if tag.starts_with(first) && tag.chars().all(rest) {
        Ok(tag.to_ascii_lowercase())
    } else {
        let rule = "expected letters, digits and `_`, and after the first also `+`, `-`, `.`";
        Err(Malformed::new("a tag", tag, rule))
    }
}

impl fmt::Display for Tags {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(
            &self
                .0
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(";"),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stored_tags_are_a_set_without_case() {
        assert_eq!(Tags::from_stored("B,a;C A  d").to_string(), "a;b;c;d");
        assert_eq!(
            Tags::from_stored("Talos;K8s;k8s"),
            Tags::from_stored("k8s,talos")
        );
        assert!(Tags::from_stored(" ").is_empty());
    }

    #[test]
    fn a_tag_to_be_written_is_one_word() {
        assert_eq!(
            Tags::new(["x_1-y.z+w", "Talos"]).map(|tags| tags.to_string()),
            Ok("talos;x_1-y.z+w".to_owned())
        );
        for tag in ["", "a b", "a;b", "-a", "ä"] {
            assert!(Tags::new([tag]).is_err(), "{tag}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(tags in proptest::collection::vec("[a-zA-Z0-9_][a-z0-9_.+-]{0,5}", 0..5)) {
            let tags = Tags::new(tags)?;
            prop_assert_eq!(Tags::from_stored(&tags.to_string()), tags);
        }
    }
}
