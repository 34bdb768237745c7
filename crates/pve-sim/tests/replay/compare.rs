//! Comparing answers with recorded ones by the recordings' rules.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

/// What the placeholders of a recording stand for so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    values: BTreeMap<String, String>,
}

impl Bindings {
    /// Puts the values received before into a request.
    pub(crate) fn fill(&self, request: &Value) -> Value {
        match request {
            Value::String(text) => Value::String(self.fill_text(text)),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), self.fill(value)))
                .collect(),
            other => other.clone(),
        }
    }

    pub(crate) fn fill_text(&self, text: &str) -> String {
        self.values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("<{name}>"), value)
            })
    }

    /// Binds a placeholder; the same value has the same one, and different values different ones.
    fn bind(&mut self, name: &str, value: &str) -> bool {
        if let Some(known) = self.values.get(name) {
            return known == value;
        }
        // Tickets and CSRF tokens are alike when they were made in the same second.
        let by_second = name.starts_with("TICKET") || name.starts_with("CSRF");
        let taken = self.values.values().any(|known| known == value);
        self.values.insert(name.to_owned(), value.to_owned());
        by_second || !taken
    }

    /// Compares; the differences are named by their place.
    pub(crate) fn compare(&mut self, place: &str, expected: &Value, actual: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        self.walk(place, expected, actual, &mut problems);
        problems
    }

    fn walk(&mut self, place: &str, expected: &Value, actual: &Value, problems: &mut Vec<String>) {
        let fits = match (expected, actual) {
            (Value::String(text), _) if text == "<ANY>" => true,
            (Value::String(text), _) if matches!(text.as_str(), "<NUM>" | "<PID>" | "<TIME>") => {
                actual.is_number() || actual.as_str().is_some_and(|t| t.parse::<f64>().is_ok())
            }
            (Value::String(expected), Value::String(actual)) => self.texts(expected, actual),
            (Value::Object(expected), Value::Object(actual)) => {
                for (key, value) in expected {
                    match actual.get(key) {
                        Some(actual) => {
                            self.walk(&format!("{place}.{key}"), value, actual, problems);
                        }
                        None => problems.push(format!("{place}.{key}: missing, want {value}")),
                    }
                }
                let more = actual
                    .iter()
                    .filter(|(key, _)| !expected.contains_key(*key));
                problems.extend(more.map(|(key, v)| format!("{place}.{key}: unexpected {v}")));
                true
            }
            (Value::Array(expected), Value::Array(actual)) => {
                self.lists(place, expected, actual, problems);
                true
            }
            _ => expected == actual,
        };
        if !fits {
            problems.push(format!("{place}: want {expected}, got {actual}"));
        }
    }

    fn lists(
        &mut self,
        place: &str,
        expected: &[Value],
        actual: &[Value],
        problems: &mut Vec<String>,
    ) {
        let actual = collapse_progress(actual);
        let ordered = expected
            .iter()
            .chain(&actual)
            .all(|item| !item.is_object() || item.get("n").is_some() || item.get("upid").is_some());
        if ordered {
            for (index, (expected, actual)) in expected.iter().zip(&actual).enumerate() {
                self.walk(&format!("{place}[{index}]"), expected, actual, problems);
            }
            if expected.len() != actual.len() {
                let (want, got) = (expected.len(), actual.len());
                problems.push(format!("{place}: want {want} items, got {got}: {actual:?}"));
            }
            return;
        }
        let mut left = actual;
        for item in expected {
            self.pick(place, item, &mut left, problems);
        }
        problems.extend(
            left.iter()
                .map(|item| format!("{place}: unexpected {item}")),
        );
    }

    /// Takes the item out of `left` that fits, or the one that has the same name.
    fn pick(
        &mut self,
        place: &str,
        item: &Value,
        left: &mut Vec<Value>,
        problems: &mut Vec<String>,
    ) {
        for index in 0..left.len() {
            let mut trial = self.clone();
            if trial.compare(place, item, &left[index]).is_empty() {
                *self = trial;
                left.remove(index);
                return;
            }
        }
        let same = left
            .iter()
            .position(|other| name_of(other).is_some_and(|n| Some(n) == name_of(item)));
        match same {
            Some(index) => {
                let other = left.remove(index);
                let place = format!("{place}[{}]", name_of(item).unwrap_or(&Value::Null));
                self.walk(&place, item, &other, problems);
            }
            None => problems.push(format!("{place}: missing {item}")),
        }
    }

    fn texts(&mut self, expected: &str, actual: &str) -> bool {
        // Program positions are no part of a text.
        let plain = |text: &str| {
            text.split(" at /usr/share/perl5/")
                .next()
                .unwrap()
                .to_owned()
        };
        let (expected, actual) = if expected.contains(" at /usr/share/perl5/") {
            (plain(expected), plain(actual))
        } else {
            (expected.to_owned(), actual.to_owned())
        };
        if !expected.contains('<') {
            return expected == actual;
        }
        let (pattern, names) = pattern(&expected);
        let Some(found) = pattern.captures(&actual) else {
            return false;
        };
        names.iter().enumerate().all(|(index, name)| {
            let free = name.starts_with("CTIME") || !name.contains(':');
            free || self.bind(name, &found[index + 1])
        })
    }

    /// Whether each part of an answer was seen in one of several recorded ones.
    pub(crate) fn fits_mixture(&mut self, alternatives: &[&Value], actual: &Value) -> bool {
        match actual {
            Value::Object(map) => map.iter().all(|(key, value)| {
                let seen: Vec<&Value> = alternatives.iter().filter_map(|a| a.get(key)).collect();
                self.fits_mixture(&seen, value)
            }),
            Value::Array(items) => items.iter().all(|item| {
                let same = |other: &&Value| name_of(other) == name_of(item);
                let seen: Vec<&Value> = alternatives
                    .iter()
                    .filter_map(|a| a.as_array()?.iter().find(same))
                    .collect();
                self.fits_mixture(&seen, item)
            }),
            // What no recording shows in this place, a recorded order may still leave.
            _ => alternatives.iter().any(|expected| {
                expected
                    .as_str()
                    .is_some_and(|text| text.contains("DIGEST"))
                    || self.clone().compare("", expected, actual).is_empty()
            }),
        }
    }
}

fn name_of(item: &Value) -> Option<&Value> {
    [
        "vmid", "volid", "storage", "iface", "key", "id", "roleid", "tokenid",
    ]
    .iter()
    .find_map(|key| item.get(key))
}

/// A text with placeholders as a pattern, and their names in order.
fn pattern(expected: &str) -> (Regex, Vec<String>) {
    let placeholder = Regex::new("<([A-Z]+(?::[0-9]+)?)>").unwrap();
    let (mut pattern, mut names, mut end) = ("^".to_owned(), Vec::new(), 0);
    for found in placeholder.captures_iter(expected) {
        let whole = found.get(0).unwrap();
        pattern.push_str(&regex::escape(&expected[end..whole.start()]));
        pattern.push_str(shape_of(&found[1]));
        names.push(found[1].to_owned());
        end = whole.end();
    }
    pattern.push_str(&regex::escape(&expected[end..]));
    pattern.push('$');
    (Regex::new(&format!("(?s){pattern}")).unwrap(), names)
}

fn shape_of(name: &str) -> &'static str {
    match name.split(':').next().unwrap() {
        "UPID" => r"(UPID:[^:]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:]+:[^:]*:[^:]+:)",
        "DIGEST" => "([0-9a-f]{40})",
        "MAC" => "(BC:24:11(?::[0-9A-F]{2}){3})",
        "UUID" => "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        "CTIME" | "TIME" | "PID" => "([0-9]+)",
        "REPOID" => "([0-9a-f]+)",
        _ => "(.+)",
    }
}

/// Lines of progress count as one, and lines behind them are counted on from there.
fn collapse_progress(items: &[Value]) -> Vec<Value> {
    let line = |item: &Value| item.get("t").unwrap_or(item).as_str().map(str::to_owned);
    let is_progress = |item: &Value| line(item).is_some_and(|l| l.starts_with("transferred "));
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        let mut item = item.clone();
        if is_progress(&item) {
            let text = Value::from("<PROGRESS>");
            if item.is_string() {
                item = text;
            } else {
                item["t"] = text;
            }
            if kept.last().and_then(line).as_deref() == Some("<PROGRESS>") {
                continue;
            }
        }
        let before = items.len() > kept.len()
            && kept
                .iter()
                .any(|k| line(k).as_deref() == Some("<PROGRESS>"));
        if before && item.get("n").is_some() {
            item["n"] = Value::from(kept.len() + 1);
        }
        kept.push(item);
    }
    kept
}
