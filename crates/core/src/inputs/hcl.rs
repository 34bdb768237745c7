//! `.tfvars` files: HCL attributes whose values are literals.

mod large;
mod statements;

use std::collections::BTreeMap;
use std::ops::Range;

use contract::Code;
use hcl_edit::Span;
use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::structure::{Attribute, Body, Structure};

use self::statements::Statement;
use super::fault::{Fault, char_at};
use super::node::{Assignment, Entries, Key, Node, NodeKind};

/// A text with more faults than this is not gone through to the end.
const FAULTS_MAX: usize = 100;

/// Terraform skips a byte order mark, and so do we.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a text says, and what of it cannot be read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parsed {
    pub(super) assignments: Vec<Assignment>,
    pub(super) faults: Vec<Fault>,
}

/// Reads the assignments of a `.tfvars` file. A statement that cannot be read hides no other.
pub(super) fn parse(text: &str) -> Parsed {
    let start = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len_utf8()
    } else {
        0
    };
    let mut parsed = Parsed::default();
    match statements(text, start..text.len()) {
        Ok(found) => parsed.extend(found),
        Err(_) => parsed.statement_by_statement(text, start),
    }
    parsed.faults.extend(duplicates(&parsed.assignments));
    parsed
}

impl Parsed {
    fn extend(&mut self, found: Vec<Result<Assignment, Fault>>) {
        for found in found {
            match found {
                Ok(assignment) => self.assignments.push(assignment),
                Err(fault) => self.faults.push(fault),
            }
        }
    }

    fn statement_by_statement(&mut self, text: &str, mut start: usize) {
        while start < text.len() {
            if self.faults.len() == FAULTS_MAX {
                self.faults.push(too_many(text, start));
                return;
            }
            start = self.statement(text, start);
        }
    }

    /// Reads the statement at `start` and returns where the next one begins.
    fn statement(&mut self, text: &str, start: usize) -> usize {
        let Statement { end, unclosed } = statements::at(text, start);
        let next = statements::next_assignment(text, start, end);
        // What is never closed goes on to the end of the text, and is no statement as a whole.
        let whole = match (unclosed, next) {
            (Some(_), Some(_)) => None,
            _ => statements(text, start..end).ok(),
        };
        let end = match (&whole, next) {
            (None, Some(next)) => next,
            _ => end,
        };
        match whole.map_or_else(|| statements(text, start..end), Ok) {
            Ok(found) => self.extend(found),
            Err(fault) => self.faults.push(match unclosed {
                Some(open) => never_closed(text, open, fault),
                None => fault,
            }),
        }
        end
    }
}

/// The parser says where it lost its way, which is far from where the operator has to look.
fn never_closed(text: &str, open: usize, fault: Fault) -> Fault {
    let span = char_at(text, open);
    let message = format!("this `{}` is never closed", &text[span.clone()]);
    Fault::syntax(message, span, fault.unread).help("close it where it belongs")
}

fn too_many(text: &str, start: usize) -> Fault {
    let message = format!("more than {FAULTS_MAX} lines cannot be read");
    Fault::syntax(message, char_at(text, start), start..text.len())
        .help("nothing from here on was checked; mend what is above and check again")
}

/// Reads what stands in `part` of `text`; all of it is a fault when it is no HCL.
fn statements(text: &str, part: Range<usize>) -> Result<Vec<Result<Assignment, Fault>>, Fault> {
    let reader = Reader {
        text: &text[part.clone()],
        base: part.start,
    };
    reader.body().map_err(|fault| fault.moved(part.start))
}

/// A name that stands twice. The second one is read as well, since what is wrong with it is worth saying.
pub(super) fn duplicates(assignments: &[Assignment]) -> Vec<Fault> {
    let mut first: BTreeMap<&str, Range<usize>> = BTreeMap::new();
    let mut found = Vec::new();
    for Assignment { name, value } in assignments {
        match first.get(name.name.as_str()) {
            Some(first) => found.push(Fault::duplicate(
                &name.name,
                name.span.clone(),
                first.clone(),
            )),
            None => drop(first.insert(&name.name, name.span.clone())),
        }
        value.duplicate_keys(&mut found);
    }
    found
}

/// Reads one expression, as `-var` and `TF_VAR_` give it for every type but `string`.
pub(super) fn parse_value(text: &str) -> Result<Node, Fault> {
    let reader = Reader { text, base: 0 };
    let read = large::parse::<Expression>(text.trim_end(), 0);
    let (expression, mut objects) = read.map_err(|error| unreadable(text, &error))?;
    let mut node = reader.node(&expression, 0..text.len());
    objects.put_back(&mut node);
    Ok(node)
}

fn unreadable(text: &str, error: &hcl_edit::parser::Error) -> Fault {
    let span = char_at(text, error.location().offset());
    if error.message().contains(REDEFINED_KEY) {
        return redefined_key(text, span.start);
    }
    Fault::syntax(error.message().to_owned(), span, 0..text.len())
}

/// What the parser says of a key that stands twice in a map. Terraform would take the last one.
const REDEFINED_KEY: &str = "redefined object key";

fn redefined_key(text: &str, start: usize) -> Fault {
    let length = text[start..].find(['=', ':', ' ', '\t', '\r', '\n']);
    let span = start..length.map_or(text.len(), |length| start + length);
    let key = text[span.clone()].trim_matches('"');
    let message = format!("`{}` stands here a second time", key.escape_debug());
    let mut fault = Fault::syntax(message, span, 0..text.len()).help("remove one of the two");
    fault.code = Code::NameDuplicate;
    fault
}

/// A part of a text, and how far into the text it begins. Places inside it are those of the whole text.
struct Reader<'a> {
    text: &'a str,
    base: usize,
}

impl Reader<'_> {
    fn body(&self) -> Result<Vec<Result<Assignment, Fault>>, Fault> {
        let read = large::parse::<Body>(self.text, self.base);
        let (body, mut objects) = read.map_err(|error| unreadable(self.text, &error))?;
        let mut found: Vec<_> = body
            .iter()
            .map(|structure| self.assignment(structure))
            .collect();
        for assignment in found.iter_mut().flatten() {
            objects.put_back(&mut assignment.value);
        }
        Ok(found)
    }

    fn assignment(&self, structure: &Structure) -> Result<Assignment, Fault> {
        match structure {
            Structure::Attribute(attribute) => Ok(self.attribute(attribute)),
            Structure::Block(block) => {
                let name = block.ident.as_str();
                let span = self.span(block.ident.span(), 0..0);
                let whole = self.span(block.span(), span.clone());
                let message = format!("`{name}` is a block");
                let help = "a variable file holds `name = value` lines only";
                Err(Fault::syntax(message, span, whole).help(help))
            }
        }
    }

    fn attribute(&self, attribute: &Attribute) -> Assignment {
        let span = self.span(attribute.key.span(), 0..0);
        let name = Key {
            name: attribute.key.as_str().to_owned(),
            span: span.clone(),
        };
        Assignment {
            name,
            value: self.node(&attribute.value, span),
        }
    }

    /// The place in the whole text; `outer` where the parser gives none.
    fn span(&self, span: Option<Range<usize>>, outer: Range<usize>) -> Range<usize> {
        span.map_or(outer, |span| span.start + self.base..span.end + self.base)
    }

    fn source(&self, span: &Range<usize>) -> &str {
        let start = span.start.saturating_sub(self.base);
        let end = span.end.saturating_sub(self.base);
        self.text.get(start..end).unwrap_or_default()
    }

    fn node(&self, expression: &Expression, outer: Range<usize>) -> Node {
        let span = self.span(expression.span(), outer);
        let kind = match expression {
            Expression::Null(_) => NodeKind::Null,
            Expression::Bool(value) => NodeKind::Bool(*value.value()),
            Expression::Number(_) => NodeKind::Number(self.number(&span)),
            Expression::String(value) => NodeKind::String(value.value().clone()),
            Expression::Array(items) => NodeKind::List(
                items
                    .iter()
                    .map(|item| self.node(item, span.clone()))
                    .collect(),
            ),
            Expression::Object(object) => NodeKind::Map(Entries::new(self.items(object, &span))),
            Expression::Parenthesis(inner) => return self.node(inner.inner(), span),
            Expression::HeredocTemplate(heredoc) => literal_heredoc(heredoc),
            Expression::StringTemplate(_)
            | Expression::Variable(_)
            | Expression::Conditional(_)
            | Expression::FuncCall(_)
            | Expression::Traversal(_)
            | Expression::UnaryOp(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => NodeKind::NotLiteral,
        };
        Node { kind, span }
    }

    /// A number as written, but for blanks after its sign.
    fn number(&self, span: &Range<usize>) -> String {
        self.source(span).split_whitespace().collect()
    }

    fn items(&self, object: &Object, outer: &Range<usize>) -> Vec<(Key, Node)> {
        object
            .iter()
            .map(|(key, value)| {
                let key = self.key(key, outer);
                let value = self.node(value.expr(), key.span.clone());
                (key, value)
            })
            .collect()
    }

    fn key(&self, key: &ObjectKey, outer: &Range<usize>) -> Key {
        let span = self.span(key.span(), outer.clone());
        let name = match key {
            ObjectKey::Ident(ident) => ident.as_str().to_owned(),
            ObjectKey::Expression(expression) => match expression.as_str() {
                Some(name) => name.to_owned(),
                None => self.source(&span).to_owned(),
            },
        };
        Key { name, span }
    }
}

fn literal_heredoc(heredoc: &hcl_edit::template::HeredocTemplate) -> NodeKind {
    heredoc
        .template
        .as_single_element()
        .and_then(|element| element.as_literal())
        .map_or(NodeKind::NotLiteral, |literal| {
            NodeKind::String(literal.value().clone())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(String, NodeKind)> {
        let parsed = parse(text);
        assert_eq!(parsed.faults, []);
        parsed
            .assignments
            .into_iter()
            .map(|found| (found.name.name, found.value.kind))
            .collect()
    }

    #[test]
    fn literals_are_read_as_written() {
        assert_eq!(
            kinds("a = null\nb = true\nc = 1.50\nd = -3\ne = \"x\"\nf = 12345678901234567890123\n"),
            [
                ("a".to_owned(), NodeKind::Null),
                ("b".to_owned(), NodeKind::Bool(true)),
                ("c".to_owned(), NodeKind::Number("1.50".to_owned())),
                ("d".to_owned(), NodeKind::Number("-3".to_owned())),
                ("e".to_owned(), NodeKind::String("x".to_owned())),
                (
                    "f".to_owned(),
                    NodeKind::Number("12345678901234567890123".to_owned())
                ),
            ]
        );
    }

    #[test]
    fn what_is_no_literal_is_kept_as_such() {
        assert_eq!(
            kinds("a = var.b\nc = \"x${1}\"\nd = upper(\"x\")\ne = 1 + 1\n")
                .into_iter()
                .map(|(_, kind)| kind)
                .collect::<Vec<_>>(),
            vec![NodeKind::NotLiteral; 4]
        );
    }

    /// The text of each fault's place, and the names that were read nevertheless.
    fn faults_and_names(text: &str) -> (Vec<(Code, &str)>, Vec<String>) {
        let parsed = parse(text);
        let faults = parsed
            .faults
            .iter()
            .map(|fault| (fault.code, &text[fault.span.clone()]));
        let faults = faults.collect();
        let names = parsed.assignments.into_iter().map(|found| found.name.name);
        (faults, names.collect())
    }

    fn assert_read(text: &str, faults: &[(Code, &str)], names: &[&str]) {
        let (found, read) = faults_and_names(text);
        assert_eq!(
            (found.as_slice(), read),
            (
                faults,
                names.iter().map(|name| (*name).to_owned()).collect()
            ),
            "{text:?}"
        );
    }

    #[test]
    fn a_block_is_refused_with_its_place_and_the_rest_is_read() {
        let text = "a = 1\nvariable \"x\" {}\nb = 2\n";
        assert_read(text, &[(Code::Syntax, "variable")], &["a", "b"]);
    }

    /// A text, the faults with the text of their places, and the names that are read nevertheless.
    type Case<'a> = (&'a str, &'a [(Code, &'a str)], &'a [&'a str]);

    #[test]
    fn one_broken_statement_hides_no_other() {
        let cases: [Case<'_>; 9] = [
            (
                "a = \"x\nb = 2\nc = [1\nd = 4\n",
                &[(Code::Syntax, "\""), (Code::Syntax, "[")],
                &["b", "d"],
            ),
            ("a = [1, 2\nb = 2\n", &[(Code::Syntax, "[")], &["b"]),
            ("a = {\n  b = 1\nc = 2\n", &[(Code::Syntax, "{")], &["c"]),
            ("a == 1\nb = 2\n", &[(Code::Syntax, "=")], &["b"]),
            ("a = 1 2\nb = 2\n", &[(Code::Syntax, "2")], &["b"]),
            (
                "a = {\n  b = \"x\n  c = 2\n}\nd = 4\n",
                &[(Code::Syntax, "\"")],
                &["d"],
            ),
            (
                "a = {\n  b = { c = \"x }\n  d = { e = 1 }\n}\nf = 4\n",
                &[(Code::Syntax, "\"")],
                &["f"],
            ),
            ("a = 1\na = 2\n", &[(Code::NameDuplicate, "a")], &["a", "a"]),
            ("a = { b = 1, b = 2 }\n", &[(Code::NameDuplicate, "b")], &[]),
        ];
        for (text, faults, names) in cases {
            assert_read(text, faults, names);
        }
    }

    #[test]
    fn line_ends_of_windows_and_a_byte_order_mark_are_read() {
        let text = "\u{feff}a = 1\r\nb = [\r\n  2,\r\n]\r\nc = \"\r\nd = 3\r\n";
        let parsed = parse(text);
        let places: Vec<_> = parsed
            .assignments
            .iter()
            .map(|found| {
                (
                    &text[found.name.span.clone()],
                    &text[found.value.span.clone()],
                )
            })
            .collect();
        assert_eq!(places, [("a", "1"), ("b", "[\r\n  2,\r\n]"), ("d", "3")]);
        assert_eq!(parsed.faults.len(), 1);
    }

    #[test]
    fn a_text_full_of_faults_is_given_up_with_a_word() {
        let text = "a = [\n".repeat(200);
        let parsed = parse(&text);
        assert_eq!(parsed.faults.len(), FAULTS_MAX + 1);
        assert_eq!(parsed.faults[FAULTS_MAX].unread.end, text.len());
    }

    #[test]
    fn a_syntax_fault_has_a_place_inside_the_text() {
        for text in [
            "a = [1,\nb = 2\n",
            "a =",
            "a = \"",
            "é = \"ü",
            "a = {",
            "= 1",
            "a = 1 b",
        ] {
            let parsed = parse(text);
            assert_eq!(parsed.faults.len(), 1, "{text:?}");
            for fault in parsed.faults {
                assert!(
                    text.get(fault.span.clone()).is_some(),
                    "{text:?}: {fault:?}"
                );
            }
        }
    }
}
