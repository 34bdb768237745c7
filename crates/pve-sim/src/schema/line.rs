//! The language of the parameter tables.

use regex::Regex;

use super::format::{self, Format};
use crate::world::PveVersion;

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Number,
    Boolean,
    Text,
    /// One of these words.
    Enum(Vec<&'static str>),
    /// A list of values, each checked by the parameter's format.
    Array,
    /// Another name for a parameter; with `key`, the name itself is a value of that one.
    Alias {
        of: &'static str,
        key: Option<&'static str>,
    },
}

/// One parameter, or a family of them (`net` with `count` 32 is `net0` to `net31`).
#[derive(Clone, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) count: Option<u32>,
    pub(crate) optional: bool,
    /// In a property string: the key of a value that has none.
    pub(crate) is_default: bool,
    pub(crate) kind: Kind,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) max_len: Option<usize>,
    pub(crate) min_len: Option<usize>,
    pub(crate) pattern: Option<Regex>,
    pub(crate) format: Option<Format>,
    pub(crate) requires: Option<&'static str>,
    pub(crate) only: Option<PveVersion>,
}

/// Reads a table: one parameter a line, blank lines ignored.
pub(crate) fn parse_table(text: &'static str) -> Result<Vec<Param>, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(parse_line)
        .collect()
}

fn parse_line(line: &'static str) -> Result<Param, String> {
    let mut words = line.split_whitespace();
    let name = words.next().ok_or_else(|| format!("`{line}`: no name"))?;
    let kind = words.next().ok_or_else(|| format!("`{line}`: no type"))?;
    let (name, optional) = match name.strip_suffix('?') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (name, count) = family(name).ok_or_else(|| format!("`{line}`: bad count"))?;
    let mut param = Param {
        name,
        count,
        optional,
        is_default: false,
        kind: parse_kind(kind).ok_or_else(|| format!("`{line}`: unknown type"))?,
        min: None,
        max: None,
        max_len: None,
        min_len: None,
        pattern: None,
        format: None,
        requires: None,
        only: None,
    };
    for word in words {
        param
            .set(word)
            .ok_or_else(|| format!("`{line}`: `{word}` is not understood"))?;
    }
    Ok(param)
}

/// `net[32]` is a family of 32.
fn family(name: &'static str) -> Option<(&'static str, Option<u32>)> {
    match name.strip_suffix(']') {
        None => Some((name, None)),
        Some(rest) => {
            let (name, count) = rest.split_once('[')?;
            Some((name, Some(count.parse().ok()?)))
        }
    }
}

fn parse_kind(word: &'static str) -> Option<Kind> {
    Some(match word {
        "int" => Kind::Integer,
        "num" => Kind::Number,
        "bool" => Kind::Boolean,
        "text" => Kind::Text,
        "array" => Kind::Array,
        _ => {
            if let Some(words) = word.strip_prefix("enum:") {
                Kind::Enum(words.split('|').collect())
            } else {
                let of = word.strip_prefix("alias:")?;
                match of.split_once('/') {
                    Some((of, key)) => Kind::Alias { of, key: Some(key) },
                    None => Kind::Alias { of, key: None },
                }
            }
        }
    })
}

impl Param {
    fn set(&mut self, word: &'static str) -> Option<()> {
        match word {
            "default" => self.is_default = true,
            "v8" => self.only = Some(PveVersion::V8_4),
            "v9" => self.only = Some(PveVersion::V9_2),
            _ => {
                let (key, value) = word.split_once('=')?;
                self.set_value(key, value)?;
            }
        }
        Some(())
    }

    fn set_value(&mut self, key: &str, value: &'static str) -> Option<()> {
        match key {
            "min" => self.min = Some(value.parse().ok()?),
            "max" => self.max = Some(value.parse().ok()?),
            "len" => self.max_len = Some(value.parse().ok()?),
            "minlen" => self.min_len = Some(value.parse().ok()?),
            "pat" => self.pattern = Some(Regex::new(&format!("^(?:{value})$")).ok()?),
            "fmt" => self.format = Some(format::named(value)?),
            "props" => self.format = Some(Format::Properties(value)),
            "requires" => self.requires = Some(value),
            _ => return None,
        }
        Some(())
    }

    pub(crate) fn is_for(&self, version: PveVersion) -> bool {
        self.only.is_none_or(|only| only == version)
    }

    /// Whether this is the parameter, or the family, of a key.
    pub(crate) fn matches(&self, key: &str) -> bool {
        match self.count {
            None => self.name == key,
            Some(count) => key.strip_prefix(self.name).is_some_and(|number| {
                number
                    .parse::<u32>()
                    .is_ok_and(|n| n < count && n.to_string() == number)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_takes_its_numbers_and_no_others() {
        let params = parse_table("net[32]? text").unwrap();
        let taken: Vec<bool> = ["net0", "net31", "net32", "net", "net01", "netx"]
            .map(|k| params[0].matches(k))
            .to_vec();
        assert_eq!(taken, [true, true, false, false, false, false]);
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        assert_eq!(
            parse_table("cores? int least=1").map(|p| p.len()),
            Err("`cores? int least=1`: `least=1` is not understood".to_owned())
        );
    }
}
