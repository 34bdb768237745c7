//! Reading values into Rust types, with the place of the fault in every message.
//!
//! ```
//! use tf_plugin::{Diagnostic, Known, Value};
//!
//! fn read(config: &Value) -> Result<(String, Option<u16>, Known<bool>), Diagnostic> {
//!     let config = config.at();
//!     Ok((config.get("name")?, config.get("vlan")?, config.get("started")?))
//! }
//!
//! let config = Value::object([("name", Value::from("a")), ("started", Value::Unknown)]);
//! assert_eq!(read(&config).ok(), Some(("a".to_owned(), None, Known::Later)));
//! ```

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::number::Number;
use crate::path::AttributePath;
use crate::value::Value;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct At<'a> {
    value: &'a Value,
    path: AttributePath,
}

/// A value that may become known only during apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Known<T> {
    /// Known now.
    Now(T),
    /// Known after something else was applied.
    Later,
}

/// A Rust type that a Terraform value can be read into.
///
/// `Option` takes null, [`Known`] takes unknown, everything else refuses both.
pub trait FromValue: Sized {
    /// Reads the value.
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic>;
}

impl<'a> At<'a> {
    /// A value at a path.
    pub fn new(value: &'a Value, path: AttributePath) -> Self {
        Self {
            value: value.bare(),
            path,
        }
    }

    /// The value, without the type that a dynamic value brought along.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// The place.
    pub fn path(&self) -> &AttributePath {
        &self.path
    }

    /// Reads the value itself.
    pub fn read<T: FromValue>(&self) -> Result<T, Diagnostic> {
        T::from_value(self)
    }

    /// Reads an attribute. One that is not there is null; one of an unknown object is unknown.
    pub fn get<T: FromValue>(&self, name: &str) -> Result<T, Diagnostic> {
        self.attribute(name)?.read()
    }

    /// Goes into an attribute. One that is not there is null; one of an unknown object is unknown.
    pub fn attribute(&self, name: &str) -> Result<Self, Diagnostic> {
        let value = match self.value {
            Value::Map(_) => self.value.get(name),
            Value::Null | Value::Unknown => self.value,
            _ => return Err(self.mismatch("an object")),
        };
        Ok(At::new(value, self.path.attribute(name)))
    }

    /// The elements of a list, set or tuple.
    pub fn elements(&self) -> Result<Vec<Self>, Diagnostic> {
        let Value::List(elements) = self.value else {
            return Err(self.mismatch("a list"));
        };
        let place = |(index, element)| At::new(element, self.path.index(index));
        Ok(elements.iter().enumerate().map(place).collect())
    }

    /// The elements of a map.
    pub fn entries(&self) -> Result<Vec<(&'a str, Self)>, Diagnostic> {
        let Value::Map(entries) = self.value else {
            return Err(self.mismatch("a map"));
        };
        let place =
            |(key, value): (&'a String, _)| (key.as_str(), At::new(value, self.path.key(key)));
        Ok(entries.iter().map(place).collect())
    }

    /// An error at this place.
    pub fn error(&self, summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic::error(summary)
            .detail(detail)
            .at(self.path.clone())
    }

    fn mismatch(&self, wanted: &str) -> Diagnostic {
        let place = if self.path.is_root() {
            "the value".into()
        } else {
            format!("`{}`", self.path)
        };
        let found = self.value.noun();
        let summary = match self.value {
            Value::Null => "Missing value",
            Value::Unknown => "Value not known yet",
            _ => "Wrong type",
        };
        self.error(
            summary,
            format!("{place} must be {wanted}, but is {found}."),
        )
    }
}

impl FromValue for Value {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        Ok(at.value.clone())
    }
}

impl FromValue for String {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        at.value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| at.mismatch("a string"))
    }
}

impl FromValue for bool {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        at.value.as_bool().ok_or_else(|| at.mismatch("a bool"))
    }
}

impl FromValue for Number {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        at.value
            .as_number()
            .cloned()
            .ok_or_else(|| at.mismatch("a number"))
    }
}

impl FromValue for f64 {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        at.read::<Number>().map(|number| number.to_f64())
    }
}

macro_rules! integers_from_value {
    ($($integer:ty: $widen:ident;)*) => {$(
        impl FromValue for $integer {
            fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
                let number: Number = at.read()?;
                number.$widen().and_then(|wide| Self::try_from(wide).ok()).ok_or_else(|| {
                    at.error("Number out of range", format!(
                        "`{}` must be a whole number from {} to {}, but is {number}.",
                        at.path, Self::MIN, Self::MAX,
                    ))
                })
            }
        }
    )*};
}

integers_from_value! {
    i8: as_i64; i16: as_i64; i32: as_i64; i64: as_i64; u8: as_i64; u16: as_i64; u32: as_i64; u64: as_u64; usize: as_u64;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        if at.value.is_null() {
            Ok(None)
        } else {
            at.read().map(Some)
        }
    }
}

impl<T: FromValue> FromValue for Known<T> {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        if at.value.is_unknown() {
            Ok(Self::Later)
        } else {
            at.read().map(Self::Now)
        }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        at.elements()?.iter().map(At::read).collect()
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    fn from_value(at: &At<'_>) -> Result<Self, Diagnostic> {
        at.entries()?
            .into_iter()
            .map(|(key, at)| Ok((key.to_owned(), at.read()?)))
            .collect()
    }
}

impl<T> Known<T> {
    /// The value, if it is known now.
    pub fn now(self) -> Option<T> {
        match self {
            Self::Now(value) => Some(value),
            Self::Later => None,
        }
    }

    /// Borrows the value, if it is known now.
    pub fn as_ref(&self) -> Known<&T> {
        match self {
            Self::Now(value) => Known::Now(value),
            Self::Later => Known::Later,
        }
    }

    /// Converts the value, if it is known now.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Now(value) => Known::Now(convert(value)),
            Self::Later => Known::Later,
        }
    }
}

impl<T: Into<Self>> From<Known<T>> for Value {
    fn from(known: Known<T>) -> Self {
        known.now().map_or(Self::Unknown, Into::into)
    }
}
