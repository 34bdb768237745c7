//! Terraform's values and types, and those of the contract.

use contract::shape::Shape;
use contract::{Number, Value as Plain};
use tf_plugin::{FunctionError, Number as Exact, Type, Value};

/// Translates an argument, which Terraform has made wholly known.
pub(super) fn to_plain(argument: usize, value: Value) -> Result<Plain, FunctionError> {
    Ok(match value.into_bare() {
        Value::Null => Plain::Null,
        Value::Bool(truth) => Plain::Bool(truth),
        Value::Number(number) => Plain::Number(decimal(argument, &number)?),
        Value::String(text) => Plain::String(text),
        Value::List(elements) => Plain::List(
            elements
                .into_iter()
                .map(|element| to_plain(argument, element))
                .collect::<Result<_, _>>()?,
        ),
        Value::Map(entries) => Plain::Map(
            entries
                .into_iter()
                .map(|(key, value)| Ok((key, to_plain(argument, value)?)))
                .collect::<Result<_, FunctionError>>()?,
        ),
        Value::Unknown | Value::Dynamic(_) => {
            return Err(FunctionError::at(argument, "a part of it is not known yet"));
        }
    })
}

fn decimal(argument: usize, number: &Exact) -> Result<Number, FunctionError> {
    let text = number.to_string();
    Number::parse(&text)
        .ok_or_else(|| FunctionError::at(argument, format!("{text} is not a decimal number")))
}

/// Translates a result.
pub(crate) fn from_plain(value: Plain) -> Result<Value, FunctionError> {
    Ok(match value {
        Plain::Null => Value::Null,
        Plain::Bool(truth) => Value::Bool(truth),
        Plain::Number(number) => Value::Number(
            Exact::parse(number.as_str()).map_err(|error| FunctionError::new(error.to_string()))?,
        ),
        Plain::String(text) => Value::String(text),
        Plain::List(elements) => Value::List(
            elements
                .into_iter()
                .map(from_plain)
                .collect::<Result<_, _>>()?,
        ),
        Plain::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| Ok((key, from_plain(value)?)))
                .collect::<Result<_, FunctionError>>()?,
        ),
    })
}

/// Translates a type.
pub(super) fn ty(shape: &Shape) -> Type {
    match shape {
        Shape::Bool => Type::Bool,
        Shape::Number => Type::Number,
        Shape::String => Type::String,
        Shape::List(element) => Type::list(ty(element)),
        Shape::Map(element) => Type::map(ty(element)),
        Shape::Object(fields) => {
            Type::object(fields.iter().map(|field| (field.name, ty(&field.shape))))
        }
    }
}
