//! Property strings: `default,key=value,key=value`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::{Malformed, bool01};

/// A comma-separated list of `key=value`, of which one value may stand without its key
/// (PVE/JSONSchema.pm: `parse_property_string`). Order is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PropertyString {
    bare: Option<String>,
    pairs: Vec<(String, String)>,
}

impl PropertyString {
    /// Returns the value that stands without a key.
    pub fn bare(&self) -> Option<&str> {
        self.bare.as_deref()
    }

    /// Returns the value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the pairs in their order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Adds a pair. A value that would end early or start another pair is refused.
    pub fn with(mut self, key: &str, value: &str) -> Result<Self, Malformed> {
        if key.is_empty() || key.contains([',', '=']) {
            return Err(Malformed::new(
                "a property name",
                key,
                "expected a text without `,` and `=`",
            ));
        }
        if self.get(key).is_some() {
            return Err(Malformed::new("a new property", key, "it is set already"));
        }
        check_value(value)?;
        self.pairs.push((key.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// Sets the value that stands without a key.
    pub fn with_bare(mut self, value: &str) -> Result<Self, Malformed> {
        check_value(value)?;
        if value.contains('=') || value.trim().is_empty() {
            return Err(Malformed::new(
                "a default property",
                value,
                "expected a text without `=`",
            ));
        }
        self.bare = Some(value.to_owned());
        Ok(self)
    }
}

fn check_value(value: &str) -> Result<(), Malformed> {
    if value.is_empty() || value.contains(',') {
        return Err(Malformed::new(
            "a property value",
            value,
            "expected a text without `,`",
        ));
    }
    Ok(())
}

impl FromStr for PropertyString {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = |why| Malformed::new("a property list", text, why);
        let mut list = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            match part.split_once('=') {
                Some(("", _) | (_, "")) => return Err(malformed("a key or a value is missing")),
                Some((key, _)) if list.get(key).is_some() => {
                    return Err(malformed("a key is set twice"));
                }
                Some((key, value)) => list.pairs.push((key.to_owned(), value.to_owned())),
                None if list.bare.is_some() => {
                    return Err(malformed("two values stand without a key"));
                }
                None => list.bare = Some(part.to_owned()),
            }
        }
        Ok(list)
    }
}

impl fmt::Display for PropertyString {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = self.bare.iter().cloned();
        let pairs = self
            .pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        out.write_str(&bare.chain(pairs).collect::<Vec<_>>().join(","))
    }
}

/// What is known of one kind of property string. Keys that no table names are kept as they are.
#[derive(Debug)]
pub struct Format {
    /// What the whole is called in errors, with its article.
    pub what: &'static str,
    /// The key of the value that may stand alone.
    pub default_key: &'static str,
    /// Other names of keys: alias, then key.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Booleans with the value they have when absent.
    pub flags: &'static [(&'static str, bool)],
    /// Other keys with the value they have when absent.
    pub defaults: &'static [(&'static str, &'static str)],
}

impl Format {
    /// Reads a text: aliases resolved, booleans as `1` and `0`, spelt-out defaults dropped.
    pub fn read(&self, text: &str) -> Result<Fields, Malformed> {
        let list: PropertyString = text.parse()?;
        let bare = list.bare().map(|value| (self.default_key, value));
        let mut fields = BTreeMap::new();
        for (key, value) in bare.into_iter().chain(list.pairs()) {
            let key = self.canonical(key);
            if fields
                .insert(key.to_owned(), self.normal(key, value)?)
                .is_some()
            {
                return Err(Malformed::new(
                    self.what,
                    text,
                    format!("`{key}` is set twice"),
                ));
            }
        }
        fields.retain(|key, value| self.default_of(key) != Some(value.as_str()));
        Ok(Fields(fields))
    }

    fn canonical<'a>(&self, key: &'a str) -> &'a str {
        self.aliases
            .iter()
            .find(|(alias, _)| *alias == key)
            .map_or(key, |(_, key)| key)
    }

    fn normal(&self, key: &str, value: &str) -> Result<String, Malformed> {
        if self.flags.iter().any(|(flag, _)| *flag == key) {
            Ok(bool01::print(bool01::parse(value)?).to_owned())
        } else {
            Ok(value.to_owned())
        }
    }

    fn default_of(&self, key: &str) -> Option<&'static str> {
        let flag = self.flags.iter().find(|(flag, _)| *flag == key);
        let other = self.defaults.iter().find(|(name, _)| *name == key);
        flag.map(|(_, value)| bool01::print(*value))
            .or(other.map(|(_, value)| *value))
    }
}

/// The keys of a property string in normal form; sorted, as Proxmox prints them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Returns the value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets `key` to a value that does not break the list.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Malformed> {
        let checked = PropertyString::default().with(key, value)?;
        self.0.extend(checked.pairs);
        Ok(())
    }

    /// Returns the pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    pub(crate) fn take_as<T: FromStr<Err = Malformed>>(
        &mut self,
        key: &str,
    ) -> Result<Option<T>, Malformed> {
        self.take(key).map(|text| text.parse()).transpose()
    }

    pub(crate) fn take_number(&mut self, key: &'static str) -> Result<Option<u32>, Malformed> {
        let parse = |text: String| {
            text.parse().map_err(|_| {
                Malformed::new("a number", &text, format!("it is the value of `{key}`"))
            })
        };
        self.take(key).map(parse).transpose()
    }

    /// Takes a boolean of the format's table, of which defaults have been dropped.
    pub(crate) fn take_flag(&mut self, key: &str, default: bool) -> bool {
        self.take(key).map_or(default, |value| value == "1")
    }

    /// Adds a value whose type rules out `,`, for printing.
    pub(crate) fn put(&mut self, key: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value.to_string());
        }
    }

    /// Adds a boolean unless it has its default, for printing.
    pub(crate) fn put_flag(&mut self, key: &str, value: bool, default: bool) {
        self.put(key, (value != default).then(|| bool01::print(value)));
    }

    /// Prints `first` without its key, then the pairs.
    pub(crate) fn print(&self, first: Option<&str>) -> String {
        let first = first.map(str::to_owned);
        let pairs = self.iter().map(|(key, value)| format!("{key}={value}"));
        first.into_iter().chain(pairs).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_default_may_stand_anywhere_and_empty_parts_are_skipped() {
        let list: PropertyString = "a=1,,virtio, ,b=2;3=x".parse().expect("well formed");
        assert_eq!(list.bare(), Some("virtio"));
        assert_eq!(
            list.pairs().collect::<Vec<_>>(),
            [("a", "1"), ("b", "2;3=x")]
        );
        assert_eq!(list.to_string(), "virtio,a=1,b=2;3=x");
    }

    #[test]
    fn what_proxmox_refuses_is_refused() {
        for text in ["order=", "=x", "a=1,a=2", "virtio,e1000"] {
            assert!(text.parse::<PropertyString>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_cannot_smuggle_in_another_pair() {
        let list = PropertyString::default();
        assert!(list.clone().with("bridge", "vmbr0,tag=5").is_err());
        assert!(list.clone().with("a=b", "1").is_err());
        assert!(list.clone().with("a", "").is_err());
        assert!(list.with_bare("a=b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(
            bare in proptest::option::of("[a-z:/.]{1,9}"),
            pairs in proptest::collection::btree_map("[a-z-]{1,6}", "[a-zA-Z0-9=;:/ .]{1,9}", 0..5),
        ) {
            let mut list = PropertyString::default();
            if let Some(bare) = bare {
                list = list.with_bare(&bare)?;
            }
            for (key, value) in pairs {
                list = list.with(&key, &value)?;
            }
            prop_assert_eq!(list.to_string().parse(), Ok(list));
        }

        #[test]
        fn any_text_is_refused_or_survives_printing(text in any::<String>()) {
            if let Ok(read) = text.parse::<PropertyString>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
