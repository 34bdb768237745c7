//! Random types, and random values of them, for the property tests.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::number::Number;
use crate::ty::Type;
use crate::value::Value;

/// A type and a value of it.
pub(crate) fn typed() -> impl Strategy<Value = (Type, Value)> {
    ty().prop_flat_map(|ty| value(ty.clone(), 3).prop_map(move |value| (ty.clone(), value)))
}

pub(crate) fn ty() -> BoxedStrategy<Type> {
    let leaf = prop_oneof![
        Just(Type::Bool),
        Just(Type::Number),
        Just(Type::String),
        Just(Type::Dynamic),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            btree_map("[a-z]{1,4}", inner, 0..4).prop_map(Type::Object),
        ]
    })
    .boxed()
}

/// `depth` bounds the types that dynamic values bring along.
fn value(ty: Type, depth: u32) -> BoxedStrategy<Value> {
    let known = known(ty, depth);
    prop_oneof![8 => known, 1 => Just(Value::Null), 1 => Just(Value::Unknown)].boxed()
}

fn known(ty: Type, depth: u32) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::List(element) | Type::Set(element) => vec(value(*element, depth), 0..4)
            .prop_map(Value::List)
            .boxed(),
        Type::Map(element) => btree_map(any::<String>(), value(*element, depth), 0..4)
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(types) => {
            let values: Vec<_> = types.into_iter().map(|ty| value(ty, depth)).collect();
            values.prop_map(Value::List).boxed()
        }
        Type::Object(types) => {
            let names: Vec<_> = types.keys().cloned().collect();
            let values: Vec<_> = types.into_values().map(|ty| value(ty, depth)).collect();
            values
                .prop_map(move |values| Value::object(names.iter().cloned().zip(values)))
                .boxed()
        }
        Type::Dynamic if depth == 0 => Just(Value::Null).boxed(),
        Type::Dynamic => dynamic(depth - 1).boxed(),
    }
}

/// A dynamic value has a type of its own, and is not the unknown one.
fn dynamic(depth: u32) -> impl Strategy<Value = Value> {
    let own = ty().prop_filter("a dynamic value has a type", |ty| *ty != Type::Dynamic);
    own.prop_flat_map(move |ty| {
        let value = prop_oneof![9 => known(ty.clone(), depth), 1 => Just(Value::Null)];
        value.prop_map(move |value| Value::dynamic(ty.clone(), value))
    })
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        (-300_i64..300).prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        "-?[0-9]{1,40}(\\.[0-9]{1,40})?"
            .prop_filter_map("a number", |text| Number::parse(&text).ok()),
    ]
}
