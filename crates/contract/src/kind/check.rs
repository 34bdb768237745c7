//! Whether a value has the shape that its input wants, down to the last text inside it.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::finding::{Fault, Finding, Subject};
use crate::kind::{Attribute, Kind, attributes};
use crate::path::Path;
use crate::suggest::nearest;
use crate::text::{Text, listed};
use crate::value::{Number, Value};

/// Collects everything that is wrong with the value of one input.
pub(crate) struct Checker<'a> {
    /// Whether findings may quote the value.
    pub(crate) subject: Subject,
    pub(crate) findings: &'a mut Vec<Finding>,
}

impl Checker<'_> {
    pub(crate) fn check(&mut self, kind: Kind, value: &Value, at: &Path) {
        match (kind, value) {
            (Kind::Bool, Value::Bool(_)) => {}
            (Kind::Whole(whole), Value::Number(number)) => {
                self.note(
                    whole_of(number).and_then(|size| whole.check(size)),
                    at,
                    number.as_str(),
                );
            }
            (Kind::Text(text), Value::String(string)) => self.note(text.check(string), at, string),
            (Kind::Text(text), Value::Number(number)) if text.takes_number() => {
                let checked = whole_of(number).and_then(|whole| text.check(&whole.to_string()));
                self.note(checked, at, number.as_str());
            }
            (Kind::List(kind), Value::List(elements)) => self.check_list(*kind, elements, at),
            (Kind::Map(kind), Value::Map(entries)) => self.check_map(*kind, entries, at),
            (Kind::Object(groups), Value::Map(entries)) => {
                for (name, value) in entries {
                    self.check_attribute(groups, name, value, at.attribute(name));
                }
            }
            _ => self.findings.push(mismatch(kind, value, at, self.subject)),
        }
    }

    fn note(&mut self, checked: Result<(), Fault>, at: &Path, text: &str) {
        if let Err(fault) = checked {
            let fault = match self.subject {
                Subject::Quoted => fault,
                Subject::Hidden => fault.hidden(),
            };
            self.findings.push(fault.at(at.clone(), text));
        }
    }

    fn check_list(&mut self, kind: Kind, elements: &[Value], at: &Path) {
        let mut seen = BTreeMap::new();
        for (index, value) in elements.iter().enumerate() {
            let here = at.index(index);
            if let (Kind::Text(text), Some(string)) = (kind, value.as_str())
                && text.is_unique_in_lists()
            {
                let first = *seen.entry(string).or_insert(index);
                if first < index {
                    self.findings.push(duplicate(&here, at.index(first)));
                }
            }
            self.check_element(kind, value, &here);
        }
    }

    fn check_map(&mut self, kind: Kind, entries: &BTreeMap<String, Value>, at: &Path) {
        for (key, value) in entries {
            let here = at.key(key);
            self.note(Text::DnsLabel.check(key), &here, key);
            self.check_element(kind, value, &here);
        }
    }

    fn check_element(&mut self, kind: Kind, value: &Value, at: &Path) {
        if *value != Value::Null {
            return self.check(kind, value, at);
        }
        let help = format!("write {}, or leave the element out", kind.expected());
        let message = "this is null".to_owned();
        self.findings
            .push(Finding::new(Code::ElementNull, at.clone(), message, help));
    }

    fn check_attribute(
        &mut self,
        groups: &'static [&'static [Attribute]],
        name: &str,
        value: &Value,
        at: Path,
    ) {
        match attributes(groups).find(|attribute| attribute.name == name) {
            Some(_) if *value == Value::Null => {}
            Some(attribute) => self.check(attribute.kind, value, &at),
            None => self.findings.push(unknown_attribute(groups, name, at)),
        }
    }
}

fn whole_of(number: &Number) -> Result<i64, Fault> {
    number.whole().ok_or_else(|| {
        let before_point = number
            .as_str()
            .split(['.', 'e', 'E'])
            .next()
            .unwrap_or_default();
        Fault::new(
            Code::NumberNotWhole,
            "is not a whole number",
            format!("write `{before_point}`"),
        )
    })
}

fn duplicate(at: &Path, first: Path) -> Finding {
    let message = "this element stands in the list twice".to_owned();
    Finding::new(
        Code::ListDuplicate,
        at.clone(),
        message,
        "remove one of them",
    )
    .with_related(first, "first here")
}

fn unknown_attribute(groups: &'static [&'static [Attribute]], name: &str, at: Path) -> Finding {
    let names: Vec<&str> = attributes(groups).map(|attribute| attribute.name).collect();
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", listed(&names)),
    };
    let name = name.escape_debug();
    let message = format!("`{name}` is no attribute here, and Terraform would drop it silently");
    Finding::new(Code::AttributeUnknown, at, message, help)
}

fn mismatch(kind: Kind, value: &Value, at: &Path, subject: Subject) -> Finding {
    let message = format!("this is {}, not {}", value.type_word(), kind.word());
    let as_written = match subject {
        Subject::Quoted => kind.rewritten(value),
        Subject::Hidden => None,
    };
    let help = as_written.unwrap_or_else(|| format!("write {}", kind.expected()));
    Finding::new(Code::TypeMismatch, at.clone(), message, help)
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

    fn word(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Whole(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Object(_) => "a map",
        }
    }

    /// How a value of another type is written here, where it is clear what was meant.
    fn rewritten(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Whole(_), Value::String(text)) => text
                .trim()
                .parse::<i64>()
                .ok()
                .map(|whole| format!("write `{whole}` without quotes")),
            (Self::Bool, Value::String(text)) => text
                .trim()
                .parse::<bool>()
                .ok()
                .map(|bool| format!("write `{bool}` without quotes")),
            (Self::Text(_), Value::Number(number)) => Some(format!("write `\"{number}\"`")),
            (Self::List(Self::Text(_)), Value::String(text)) if !text.contains('\n') => {
                Some(format!("write `[\"{}\"]`", text.escape_debug()))
            }
            _ => None,
        }
    }
}
