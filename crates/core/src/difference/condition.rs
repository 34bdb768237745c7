//! What must hold for a rule to explain a difference.

use percent_encoding::percent_decode_str;
use serde::Serialize;
use tf_run::Json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A structural condition on a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Both sides are empty: null, `""`, `[]` or `{}`; the configuration sets nothing there.
    BothEmpty,
    /// One side is empty, and all the other side holds is empty or among these texts; the configuration sets
    /// nothing there.
    Default(&'static [&'static str]),
    /// Null before, anything after, and the configuration sets nothing there.
    Appears,
    /// The same words in another order or case, whatever stands between them (`;`, `,`, blanks).
    SameWords,
    /// The same lines but for empty ones at the end.
    SameLines,
    /// The same text, once percent-encoded.
    SameDecoded,
    /// The configuration sets nothing there, and no output and no other resource uses it.
    Reported,
    /// Unknown until an apply, and another place of the same resource differs by a known value.
    Follows,
    /// The configuration sets nothing there, nobody uses it, and a number or time is not before the old one.
    Forward,
    /// As [`Condition::Reported`], and the provider is another version than at the last run that passed.
    Upgraded,
}

/// What a condition may ask about the surroundings of a difference.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that some condition asks for"
)]
pub(super) struct Surroundings {
    pub(super) is_set: bool,
    pub(super) is_used: bool,
    pub(super) is_unknown: bool,
    pub(super) has_known_sibling: bool,
    pub(super) is_upgraded: bool,
}

impl Condition {
    pub(super) fn holds(self, before: &Json, after: &Json, around: Surroundings) -> bool {
        if around.is_unknown != (self == Self::Follows) {
            return false;
        }
        let reported = !around.is_set && !around.is_used;
        match self {
            Self::BothEmpty => !around.is_set && is_empty(before) && is_empty(after),
            Self::Default(defaults) => {
                !around.is_set
                    && ((is_empty(before) && holds_only(after, defaults))
                        || (is_empty(after) && holds_only(before, defaults)))
            }
            Self::Appears => !around.is_set && *before == Json::Null,
            Self::SameWords => same(before, after, words),
            Self::SameLines => same(before, after, |text| text.trim_end().to_owned()),
            Self::SameDecoded => same(before, after, |text| {
                percent_decode_str(text).decode_utf8_lossy().into_owned()
            }),
            Self::Reported => reported,
            Self::Follows => reported && around.has_known_sibling,
            Self::Forward => reported && is_forward(before, after),
            Self::Upgraded => reported && around.is_upgraded,
        }
    }

    /// What it asks, for the list of rules.
    pub fn words(self) -> String {
        match self {
            Self::BothEmpty => "both sides are empty, and the configuration sets nothing".to_owned(),
            Self::Default(defaults) => format!(
                "one side is empty, the other holds only {}, and the configuration sets nothing",
                defaults.join(" or ")
            ),
            Self::Appears => "null before, and the configuration sets nothing".to_owned(),
            Self::SameWords => "the same words in another order, case or separation".to_owned(),
            Self::SameLines => "the same lines but for empty ones at the end".to_owned(),
            Self::SameDecoded => "the same text once percent-encoded".to_owned(),
            Self::Reported => "not configured, and used by nobody".to_owned(),
            Self::Follows => {
                "unknown until an apply, not configured, used by nobody, and another place of the resource differs"
                    .to_owned()
            }
            Self::Forward => "not configured, used by nobody, and not before the old value".to_owned(),
            Self::Upgraded => {
                "not configured, used by nobody, and the provider was upgraded since the last run that passed"
                    .to_owned()
            }
        }
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Whether every leaf is empty or among `allowed`, and at least one is.
fn holds_only(value: &Json, allowed: &[&str]) -> bool {
    let is_allowed = |text: &str| allowed.contains(&text);
    match value {
        Json::Array(items) => holders(items.iter(), allowed),
        Json::Object(members) => holders(members.values(), allowed),
        Json::Bool(value) => is_allowed(if *value { "true" } else { "false" }),
        Json::Number(text) | Json::String(text) => is_allowed(text),
        Json::Null => false,
    }
}

fn holders<'a>(mut parts: impl Iterator<Item = &'a Json> + Clone, allowed: &[&str]) -> bool {
    let any = parts.clone().any(|part| holds_only(part, allowed));
    any && parts.all(|part| is_empty(part) || holds_only(part, allowed))
}

fn words(text: &str) -> Vec<String> {
    let words = text.split([';', ',', ' ']).filter(|word| !word.is_empty());
    let mut words: Vec<String> = words.map(str::to_lowercase).collect();
    words.sort();
    words
}

/// Compares texts, also all items of two lists of texts taken together.
fn same<T: PartialEq>(before: &Json, after: &Json, normal: impl Fn(&str) -> T) -> bool {
    let text = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Json::as_str).collect();
            texts.map(|texts| texts.join(" "))
        }
        _ => None,
    };
    match (text(before), text(after)) {
        (Some(before), Some(after)) => normal(&before) == normal(&after),
        _ => false,
    }
}

fn is_forward(before: &Json, after: &Json) -> bool {
    let whole = |value: &Json| match value {
        Json::Number(text) => text.parse::<u64>().ok(),
        _ => None,
    };
    let time = |value: &Json| OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok();
    match (whole(before), whole(after), time(before), time(after)) {
        (Some(before), Some(after), _, _) => before <= after,
        (_, _, Some(before), Some(after)) => before <= after,
        _ => false,
    }
}
