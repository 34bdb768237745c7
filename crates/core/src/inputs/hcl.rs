//! `.tfvars` files: HCL attributes whose values are literals.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::structure::{Attribute, Body, Structure};

use super::node::{Assignment, Key, Node, NodeKind};

/// A text that is not HCL, or holds what a variable file may not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong, as a fragment.
    pub(super) message: String,
    /// Where.
    pub(super) span: Range<usize>,
}

/// Reads the assignments of a `.tfvars` file.
pub(super) fn parse(text: &str) -> Result<Vec<Assignment>, Fault> {
    let body: Body = text.parse().map_err(|error| fault(text, &error))?;
    body.iter()
        .map(|structure| assignment(text, structure))
        .collect()
}

/// Reads one expression, as `-var` and `TF_VAR_` give it for every type but `string`.
pub(super) fn parse_value(text: &str) -> Result<Node, Fault> {
    let expression: Expression = text
        .trim_end()
        .parse()
        .map_err(|error| fault(text, &error))?;
    Ok(node(text, &expression, 0..text.len()))
}

fn fault(text: &str, error: &hcl_edit::parser::Error) -> Fault {
    let start = error.location().offset().min(text.len());
    let end = text[start..]
        .chars()
        .next()
        .map_or(start, |found| start + found.len_utf8());
    Fault {
        message: error.message().to_owned(),
        span: start..end,
    }
}

fn assignment(text: &str, structure: &Structure) -> Result<Assignment, Fault> {
    match structure {
        Structure::Attribute(attribute) => Ok(from_attribute(text, attribute)),
        Structure::Block(block) => Err(Fault {
            message: format!(
                "`{}` is a block; a variable file holds `name = value` only",
                block.ident.as_str()
            ),
            span: block.ident.span().unwrap_or_default(),
        }),
    }
}

fn from_attribute(text: &str, attribute: &Attribute) -> Assignment {
    let span = attribute.key.span().unwrap_or_default();
    let name = Key {
        name: attribute.key.as_str().to_owned(),
        span: span.clone(),
    };
    Assignment {
        name,
        value: node(text, &attribute.value, span),
    }
}

/// `outer` is the place to name when the parser gives none.
fn node(text: &str, expression: &Expression, outer: Range<usize>) -> Node {
    let span = expression.span().unwrap_or(outer);
    let kind = match expression {
        Expression::Null(_) => NodeKind::Null,
        Expression::Bool(value) => NodeKind::Bool(*value.value()),
        Expression::Number(_) => {
            NodeKind::Number(text.get(span.clone()).unwrap_or_default().to_owned())
        }
        Expression::String(value) => NodeKind::String(value.value().clone()),
        Expression::Array(items) => NodeKind::List(
            items
                .iter()
                .map(|item| node(text, item, span.clone()))
                .collect(),
        ),
        Expression::Object(object) => NodeKind::Map(items(text, object, &span)),
        Expression::Parenthesis(inner) => return node(text, inner.inner(), span),
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

fn literal_heredoc(heredoc: &hcl_edit::template::HeredocTemplate) -> NodeKind {
    heredoc
        .template
        .as_single_element()
        .and_then(|element| element.as_literal())
        .map_or(NodeKind::NotLiteral, |literal| {
            NodeKind::String(literal.value().clone())
        })
}

fn items(text: &str, object: &Object, outer: &Range<usize>) -> Vec<(Key, Node)> {
    object
        .iter()
        .map(|(key, value)| {
            let key = self::key(text, key, outer);
            let value = node(text, value.expr(), key.span.clone());
            (key, value)
        })
        .collect()
}

fn key(text: &str, key: &ObjectKey, outer: &Range<usize>) -> Key {
    let span = key.span().unwrap_or_else(|| outer.clone());
    let name = match key {
        ObjectKey::Ident(ident) => ident.as_str().to_owned(),
        ObjectKey::Expression(expression) => match expression.as_str() {
            Some(name) => name.to_owned(),
            None => text.get(span.clone()).unwrap_or_default().to_owned(),
        },
    };
    Key { name, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(String, NodeKind)> {
        parse(text)
            .unwrap()
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

    #[test]
    fn a_block_is_refused_with_its_place() {
        assert_eq!(
            parse("a = 1\nvariable \"x\" {}\n"),
            Err(Fault {
                message: "`variable` is a block; a variable file holds `name = value` only"
                    .to_owned(),
                span: 6..14,
            })
        );
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
            let fault = parse(text).unwrap_err();
            assert!(
                text.get(fault.span.clone()).is_some(),
                "{text:?}: {fault:?}"
            );
        }
    }
}
