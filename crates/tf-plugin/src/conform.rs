//! Fitting a handler's answer into its schema before it is sent.
//!
//! Terraform refuses an answer of the wrong shape as a whole, and with it the state of an object that exists by
//! then. So an answer is mended instead: attributes that were left out become null, values for a dynamic
//! place get their type, and what cannot fit becomes null and is reported beside the rest.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::AttributePath;
use crate::ty::Type;
use crate::value::Value;

/// Makes the value fit the type and says what had to go.
pub(crate) fn conform(ty: &Type, value: Value) -> (Value, Diagnostics) {
    let mut problems = Diagnostics::new();
    let value = fit(ty, value, &AttributePath::root(), &mut problems);
    (value, problems)
}

fn fit(ty: &Type, value: Value, path: &AttributePath, problems: &mut Diagnostics) -> Value {
    match (ty, value) {
        (_, Value::Null) => Value::Null,
        (_, Value::Unknown) => Value::Unknown,
        (Type::Dynamic, value) => fit_dynamic(value, path, problems),
        (ty, Value::Dynamic(dynamic)) => fit(ty, dynamic.value, path, problems),
        (Type::Bool, value @ Value::Bool(_))
        | (Type::Number, value @ Value::Number(_))
        | (Type::String, value @ Value::String(_)) => value,
        (Type::List(element) | Type::Set(element), Value::List(elements)) => {
            let each = elements.into_iter().enumerate();
            Value::List(
                each.map(|(index, value)| fit(element, value, &path.index(index), problems))
                    .collect(),
            )
        }
        (Type::Map(element), Value::Map(entries)) => {
            let each = entries.into_iter();
            let fitted = each.map(|(key, value)| {
                let value = fit(element, value, &path.key(&key), problems);
                (key, value)
            });
            Value::Map(fitted.collect())
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            let each = types.iter().zip(elements).enumerate();
            let fitted =
                each.map(|(index, (ty, value))| fit(ty, value, &path.index(index), problems));
            Value::List(fitted.collect())
        }
        (Type::Object(attributes), Value::Map(values)) => {
            fit_object(attributes, values, path, problems)
        }
        (ty, value) => {
            problems.push(misfit(
                path,
                &format!("is {}, not {}", value.noun(), ty.noun()),
            ));
            Value::Null
        }
    }
}

fn fit_dynamic(value: Value, path: &AttributePath, problems: &mut Diagnostics) -> Value {
    let (ty, value) = match value {
        Value::Dynamic(dynamic) => (dynamic.ty, dynamic.value),
        value => (Type::of(&value), value),
    };
    let value = fit(&ty, value, path, problems);
    // Terraform has no type for these two at a dynamic place.
    match (ty, value) {
        (Type::Dynamic, value) => value,
        (_, Value::Unknown) => Value::Unknown,
        (ty, value) => Value::dynamic(ty, value),
    }
}

fn fit_object(
    attributes: &BTreeMap<String, Type>,
    mut values: BTreeMap<String, Value>,
    path: &AttributePath,
    problems: &mut Diagnostics,
) -> Value {
    let fitted = attributes
        .iter()
        .map(|(name, ty)| {
            let value = values.remove(name).unwrap_or_default();
            (
                name.clone(),
                fit(ty, value, &path.attribute(name), problems),
            )
        })
        .collect();
    for name in values.into_keys() {
        problems.push(misfit(&path.attribute(name), "is not in the schema"));
    }
    Value::Map(fitted)
}

fn misfit(path: &AttributePath, problem: &str) -> Diagnostic {
    let place = if path.is_root() {
        "The value".into()
    } else {
        format!("`{path}`")
    };
    let detail = format!(
        "{place} {problem}. This is a fault of the provider, not of the configuration: please report it."
    );
    Diagnostic::error("The provider's answer does not fit its schema").detail(detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::conform;
    use crate::arbitrary;
    use crate::msgpack::{decode_msgpack, encode_msgpack};
    use crate::ty::Type;
    use crate::value::Value;

    fn fitted(ty: &Type, value: Value) -> (Value, Vec<String>) {
        let (value, problems) = conform(ty, value);
        (
            value,
            problems.into_iter().map(|problem| problem.detail).collect(),
        )
    }

    #[test]
    fn attributes_that_are_left_out_become_null() {
        let ty = Type::object([("a", Type::Bool), ("b", Type::Bool)]);
        let whole = Value::object([("a", Value::from(true)), ("b", Value::Null)]);
        assert_eq!(fitted(&ty, Value::object([("a", true)])), (whole, vec![]));
    }

    #[test]
    fn a_dynamic_place_gets_a_type_and_a_typed_place_loses_it() {
        let object = Type::object([("n", Type::Dynamic)]);
        let typed = Value::dynamic(Type::Tuple(vec![Type::Bool]), Value::list([true]));
        let bare = Value::object([("n", Value::list([true]))]);
        assert_eq!(
            fitted(&object, bare),
            (Value::object([("n", typed.clone())]), vec![])
        );
        assert_eq!(
            fitted(&Type::list(Type::Bool), typed),
            (Value::list([true]), vec![])
        );
        let unknown = Value::dynamic(Type::String, Value::Unknown);
        assert_eq!(fitted(&Type::Dynamic, unknown), (Value::Unknown, vec![]));
    }

    proptest! {
        #[test]
        fn a_value_that_fits_stays_as_it_is((ty, value) in arbitrary::typed()) {
            prop_assert_eq!(fitted(&ty, value.clone()), (value, vec![]));
        }

        #[test]
        fn whatever_a_handler_returns_can_be_sent(
            ty in arbitrary::ty(),
            (_, value) in arbitrary::typed(),
        ) {
            let (value, _) = fitted(&ty, value);
            prop_assert_eq!(decode_msgpack(&ty, &encode_msgpack(&value)), Ok(value));
        }
    }
}
