//! The shape of an input: its type, and the format of each text and the range of each number inside it.
//!
//! Type and format are one tree, so that Terraform's type, the JSON Schema and the check cannot disagree.

use crate::code::Code;
use crate::finding::{Fault, Finding, Subject};
use crate::path::Path;
use crate::suggest::nearest;
use crate::text::{Text, listed};
use crate::value::Value;

/// The shape of a value.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Whole(Whole),
    /// A text of one format.
    Text(Text),
    /// A list of one kind.
    List(&'static Self),
    /// A map whose keys are host name labels.
    Map(&'static Self),
    /// An object; each attribute may be left out.
    Object(&'static [&'static [Attribute]]),
}

/// A whole number in a range.
#[derive(Debug, Clone, Copy)]
pub struct Whole {
    /// The smallest allowed.
    pub min: i64,
    /// The largest allowed.
    pub max: i64,
    /// The unit, for messages: empty when the number is a count or an id.
    pub unit: &'static str,
    /// The rule that a number below `min` breaks.
    pub below: Code,
}

impl Whole {
    /// A number from `min` to `max`.
    pub const fn range(min: i64, max: i64) -> Kind {
        Kind::Whole(Self {
            min,
            max,
            unit: "",
            below: Code::NumberOutOfRange,
        })
    }

    /// A size whose lower bound is what Talos needs.
    pub const fn size(min: i64, max: i64, unit: &'static str) -> Kind {
        Kind::Whole(Self {
            min,
            max,
            unit,
            below: Code::BelowTalosMinimum,
        })
    }

    fn check(self, number: i64) -> Result<(), Fault> {
        let bounds = format!("from {} to {}", self.min, self.max);
        let unit = if self.unit.is_empty() {
            String::new()
        } else {
            format!(" {}", self.unit)
        };
        match number {
            _ if number < self.min => {
                let what = format!("is below the smallest that works, {}{unit}", self.min);
                Err(Fault::new(self.below, what, self.help(number, &bounds)))
            }
            _ if number > self.max => {
                let what = format!("is above the largest that works, {}{unit}", self.max);
                Err(Fault::new(
                    Code::NumberOutOfRange,
                    what,
                    self.help(number, &bounds),
                ))
            }
            _ => Ok(()),
        }
    }

    /// A memory size typed in GiB is the slip this sees most.
    fn help(self, number: i64, bounds: &str) -> String {
        let in_mib = number.saturating_mul(1024);
        if self.unit == "MiB" && number > 0 && (self.min..=self.max).contains(&in_mib) {
            format!("the unit is MiB: {number} GiB is `{in_mib}`")
        } else {
            format!("write a number {bounds}")
        }
    }
}

/// One attribute of an object.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its shape.
    pub kind: Kind,
    /// What it sets, as a sentence.
    pub description: &'static str,
}

/// All attributes of an object, in their order.
pub(crate) fn attributes(
    groups: &'static [&'static [Attribute]],
) -> impl Iterator<Item = &'static Attribute> + Clone {
    groups.iter().flat_map(|group| group.iter())
}

impl Kind {
    /// The words for what is expected here.
    fn expected(self) -> &'static str {
        match self {
            Self::Bool => "`true` or `false`, without quotes",
            Self::Whole(_) => "a whole number, without quotes",
            Self::Text(_) => "text in double quotes",
            Self::List(_) => "a list in square brackets",
            Self::Map(_) | Self::Object(_) => "a map in curly braces",
        }
    }

    /// Collects everything that is wrong with `value`.
    pub(crate) fn check(self, value: &Value, at: &Path, subject: Subject, out: &mut Vec<Finding>) {
        match (self, value) {
            (Self::Bool, Value::Bool(_)) => {}
            (Self::Whole(whole), Value::Number(number)) => match number.whole() {
                Some(size) => push(whole.check(size), at, number.as_str(), subject, out),
                None => push(
                    Err(not_whole(number.as_str())),
                    at,
                    number.as_str(),
                    subject,
                    out,
                ),
            },
            (Self::Text(text), Value::String(string)) => {
                push(text.check(string), at, string, subject, out);
            }
            (Self::Text(text), Value::Number(number)) if text.takes_number() => {
                let checked = match number.whole() {
                    Some(whole) => text.check(&whole.to_string()),
                    None => Err(not_whole(number.as_str())),
                };
                push(checked, at, number.as_str(), subject, out);
            }
            (Self::List(kind), Value::List(elements)) => {
                check_list(*kind, elements, at, subject, out);
            }
            (Self::Map(kind), Value::Map(entries)) => {
                for (key, value) in entries {
                    push(
                        Text::DnsLabel.check(key),
                        &at.key(key),
                        key,
                        Subject::Quoted,
                        out,
                    );
                    check_element(*kind, value, &at.key(key), subject, out);
                }
            }
            (Self::Object(groups), Value::Map(entries)) => {
                for (name, value) in entries {
                    check_attribute(groups, name, value, at, subject, out);
                }
            }
            _ => out.push(self.mismatch(value, at, subject)),
        }
    }

    fn mismatch(self, value: &Value, at: &Path, subject: Subject) -> Finding {
        let message = format!("this is {}, not {}", value.type_word(), self.word());
        let help = match (self, value) {
            (Self::Whole(_) | Self::Bool, Value::String(text))
                if subject == Subject::Quoted && self.reads(text) =>
            {
                format!("write `{}` without quotes", text.trim())
            }
            (Self::Text(_), Value::Number(number)) if subject == Subject::Quoted => {
                format!("write `\"{number}\"`")
            }
            (Self::List(Self::Text(_)), Value::String(text)) if subject == Subject::Quoted => {
                format!("write `[\"{}\"]`", text.escape_debug())
            }
            _ => format!("write {}", self.expected()),
        };
        Finding::new(Code::TypeMismatch, at.clone(), message, help)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Whole(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Object(_) => "a map",
        }
    }

    fn reads(self, text: &str) -> bool {
        match self {
            Self::Bool => matches!(text.trim(), "true" | "false"),
            _ => text.trim().parse::<i64>().is_ok(),
        }
    }
}

fn push(
    checked: Result<(), Fault>,
    at: &Path,
    text: &str,
    subject: Subject,
    out: &mut Vec<Finding>,
) {
    if let Err(fault) = checked {
        let fault = if subject == Subject::Hidden {
            fault.hidden()
        } else {
            fault
        };
        out.push(fault.at(at.clone(), text));
    }
}

fn not_whole(number: &str) -> Fault {
    let before_point = number.split(['.', 'e', 'E']).next().unwrap_or_default();
    Fault::new(
        Code::NumberNotWhole,
        "is not a whole number",
        format!("write `{before_point}`"),
    )
}

fn check_element(kind: Kind, value: &Value, at: &Path, subject: Subject, out: &mut Vec<Finding>) {
    if *value == Value::Null {
        let help = format!("write {}, or leave the element out", kind.expected());
        out.push(Finding::new(
            Code::ElementNull,
            at.clone(),
            "this is null".to_owned(),
            help,
        ));
    } else {
        kind.check(value, at, subject, out);
    }
}

fn check_list(kind: Kind, elements: &[Value], at: &Path, subject: Subject, out: &mut Vec<Finding>) {
    for (index, value) in elements.iter().enumerate() {
        let here = at.index(index);
        let first = elements
            .iter()
            .position(|other| other == value)
            .filter(|at| *at < index);
        if let (Kind::Text(text), Some(first)) = (kind, first)
            && text.is_unique_in_lists()
        {
            let message = "this element stands in the list twice".to_owned();
            let finding = Finding::new(
                Code::ListDuplicate,
                here.clone(),
                message,
                "remove one of them",
            );
            out.push(finding.with_related(at.index(first), "first here"));
        }
        check_element(kind, value, &here, subject, out);
    }
}

fn check_attribute(
    groups: &'static [&'static [Attribute]],
    name: &str,
    value: &Value,
    at: &Path,
    subject: Subject,
    out: &mut Vec<Finding>,
) {
    let here = at.attribute(name);
    match attributes(groups).find(|attribute| attribute.name == name) {
        Some(attribute) if *value != Value::Null => {
            attribute.kind.check(value, &here, subject, out);
        }
        Some(_) => {}
        None => out.push(unknown_attribute(groups, name, here)),
    }
}

fn unknown_attribute(groups: &'static [&'static [Attribute]], name: &str, at: Path) -> Finding {
    let names: Vec<&str> = attributes(groups).map(|attribute| attribute.name).collect();
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", listed(&names)),
    };
    let message = format!(
        "`{}` is no attribute here, and Terraform would drop it silently",
        name.escape_debug()
    );
    Finding::new(Code::AttributeUnknown, at, message, help)
}
