//! Terraform's values as plain data.

use std::collections::BTreeMap;

use crate::number::Number;
use crate::path::AttributePath;
use crate::read::At;
use crate::ty::Type;

/// A value of Terraform's language.
///
/// Lists, sets and tuples are [`Value::List`], maps and objects are [`Value::Map`]: the type at hand tells
/// them apart. What Terraform may know about an unknown value (a prefix, not null) is not kept; Terraform
/// compares unknown values without it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A value that is known only after something was applied.
    Unknown,
    /// `true` or `false`.
    Bool(bool),
    /// An exact decimal number.
    Number(Number),
    /// Text.
    String(String),
    /// The elements of a list, set or tuple.
    List(Vec<Self>),
    /// The elements of a map or the attributes of an object.
    Map(BTreeMap<String, Self>),
    /// A value whose place is declared dynamic, with the type it brought along.
    Dynamic(Box<Dynamic>),
}

/// A value and the type it brought along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dynamic {
    /// The type.
    pub ty: Type,
    /// The value.
    pub value: Value,
}

static NULL: Value = Value::Null;

impl Value {
    /// An object, or a map, with these attributes.
    pub fn object<K: Into<String>, V: Into<Self>>(
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::Map(
            attributes
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }

    /// A list, set or tuple of these elements.
    pub fn list<V: Into<Self>>(elements: impl IntoIterator<Item = V>) -> Self {
        Self::List(elements.into_iter().map(Into::into).collect())
    }

    /// A value together with its type, for a place declared dynamic.
    pub fn dynamic(ty: Type, value: impl Into<Self>) -> Self {
        Self::Dynamic(Box::new(Dynamic {
            ty,
            value: value.into(),
        }))
    }

    /// The value itself where it came with a type.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Dynamic(dynamic) => dynamic.value.bare(),
            other => other,
        }
    }

    /// The value, without the type that a dynamic value brought along.
    #[must_use]
    pub fn into_bare(self) -> Self {
        match self {
            Self::Dynamic(dynamic) => dynamic.value.into_bare(),
            other => other,
        }
    }

    /// Says whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self.bare(), Self::Null)
    }

    /// Says whether the value as a whole is unknown; its parts may be unknown nevertheless.
    pub fn is_unknown(&self) -> bool {
        matches!(self.bare(), Self::Unknown)
    }

    /// Says whether neither the value nor any part of it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self.bare() {
            Self::Unknown => false,
            Self::List(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(attributes) => attributes.values().all(Self::is_wholly_known),
            _ => true,
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self.bare() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.bare() {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self.bare() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements, if it has any by position.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self.bare() {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The attributes or elements by name, if it has any.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self.bare() {
            Self::Map(attributes) => Some(attributes),
            _ => None,
        }
    }

    /// The attribute of this name; null where there is none.
    pub fn get(&self, name: &str) -> &Self {
        self.as_map()
            .and_then(|attributes| attributes.get(name))
            .unwrap_or(&NULL)
    }

    /// Sets an attribute. A value that has no attributes becomes an object first.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Self>) {
        self.attributes_mut().insert(name.into(), value.into());
    }

    /// Sets an attribute and returns the object.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Self>) -> Self {
        self.set(name, value);
        self
    }

    fn attributes_mut(&mut self) -> &mut BTreeMap<String, Self> {
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(self.as_map().cloned().unwrap_or_default());
        }
        match self {
            Self::Map(attributes) => attributes,
            _ => unreachable!("it was made a map above"),
        }
    }

    /// Starts reading at the root; see [`At`].
    pub fn at(&self) -> At<'_> {
        At::new(self, AttributePath::root())
    }

    /// The name of the kind in a message to the user.
    pub(crate) fn noun(&self) -> &'static str {
        match self.bare() {
            Self::Null => "no value",
            Self::Unknown => "a value that is not known yet",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
            Self::Dynamic(_) => "any value",
        }
    }
}

macro_rules! from_integer {
    ($($wide:ty: $($integer:ty),*;)*) => {$($(
        impl From<$integer> for Value {
            fn from(value: $integer) -> Self {
                Self::Number(Number::from(<$wide>::from(value)))
            }
        }
    )*)*};
}

from_integer! {
    i64: i8, i16, i32, i64, u8, u16, u32;
    u64: u64;
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::String(value.clone())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::list(elements)
    }
}

impl<T: Into<Self>> From<BTreeMap<String, T>> for Value {
    fn from(elements: BTreeMap<String, T>) -> Self {
        Self::object(elements)
    }
}
