//! The binary encoding of values: Terraform's use of `MessagePack`.
//!
//! Not self-describing: a number may travel as text, and an object and a map look alike, so decoding follows
//! the type. An unknown value is any extension value; what Terraform says about it (its refinements) is
//! skipped, and it is written as the plain unknown value, which Terraform takes for equal.

use std::collections::BTreeMap;

use rmp::{Marker, encode};

use crate::decode::{DEEPEST, DecodeError};
use crate::number::Number;
use crate::path::Step;
use crate::ty::Type;
use crate::value::{Dynamic, Value};

/// Decodes a value of this type. Attributes that an object leaves out are null.
pub fn decode_msgpack(ty: &Type, bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = Reader {
        rest: bytes,
        depth: 0,
    };
    let value = reader.value(ty)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(DecodeError::new(format!(
            "{} bytes follow the value",
            reader.rest.len()
        )))
    }
}

/// Encodes a value. It must have the shape of the type at its place: see `conform`.
pub fn encode_msgpack(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, value);
    bytes
}

struct Reader<'a> {
    rest: &'a [u8],
    depth: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, ty: &Type) -> Result<Value, DecodeError> {
        if self.depth == DEEPEST {
            return Err(DecodeError::new(format!(
                "nested deeper than {DEEPEST} levels"
            )));
        }
        self.depth += 1;
        let marker = self.marker()?;
        let value = match marker {
            Marker::Null => Ok(Value::Null),
            marker if self.skip_extension(marker)? => Ok(Value::Unknown),
            marker => self.known(ty, marker),
        };
        self.depth -= 1;
        value
    }

    fn known(&mut self, ty: &Type, marker: Marker) -> Result<Value, DecodeError> {
        match ty {
            Type::Bool => bool_of(marker).map(Value::Bool),
            Type::Number => self.number(marker).map(Value::Number),
            Type::String => self
                .string(marker, ty.noun())
                .map(|text| Value::String(text.to_owned())),
            Type::List(element) | Type::Set(element) => self.elements(marker, element),
            Type::Tuple(types) => self.tuple(marker, types),
            Type::Map(element) => self.map(marker, element),
            Type::Object(attributes) => self.object(marker, attributes),
            Type::Dynamic => self.dynamic(marker),
        }
    }

    fn number(&mut self, marker: Marker) -> Result<Number, DecodeError> {
        let number = match marker {
            Marker::FixPos(value) => value.into(),
            Marker::FixNeg(value) => value.into(),
            Marker::U8 => i64::from(u8::from_be_bytes(self.array()?)),
            Marker::U16 => i64::from(u16::from_be_bytes(self.array()?)),
            Marker::U32 => i64::from(u32::from_be_bytes(self.array()?)),
            Marker::U64 => return Ok(u64::from_be_bytes(self.array()?).into()),
            Marker::I8 => i64::from(i8::from_be_bytes(self.array()?)),
            Marker::I16 => i64::from(i16::from_be_bytes(self.array()?)),
            Marker::I32 => i64::from(i32::from_be_bytes(self.array()?)),
            Marker::I64 => i64::from_be_bytes(self.array()?),
            Marker::F32 => return finite(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => return finite(f64::from_be_bytes(self.array()?)),
            other => {
                let text = self.string(other, Type::Number.noun())?;
                // The text is not shown: it may be anything, a secret included.
                return Number::parse(text)
                    .map_err(|_| DecodeError::expected("a number", "a string"));
            }
        };
        Ok(number.into())
    }

    fn string(&mut self, marker: Marker, wanted: &str) -> Result<&'a str, DecodeError> {
        let length = match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => self.length8()?,
            Marker::Str16 => self.length16()?,
            Marker::Str32 => self.length32()?,
            other => return Err(DecodeError::expected(wanted, noun(other))),
        };
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::new("text is not UTF-8"))
    }

    fn elements(&mut self, marker: Marker, element: &Type) -> Result<Value, DecodeError> {
        let count = self.array_length(marker, "a list")?;
        // Each element takes a byte at least, so a length that lies cannot reserve memory.
        let mut elements = Vec::with_capacity(count.min(self.rest.len()));
        for index in 0..count {
            elements.push(
                self.value(element)
                    .map_err(|error| error.inside(Step::Index(index)))?,
            );
        }
        Ok(Value::List(elements))
    }

    fn tuple(&mut self, marker: Marker, types: &[Type]) -> Result<Value, DecodeError> {
        let count = self.array_length(marker, "a tuple")?;
        if count != types.len() {
            let problem = format!(
                "expected a tuple of {}, found {count} elements",
                types.len()
            );
            return Err(DecodeError::new(problem));
        }
        let read = |(index, ty)| {
            self.value(ty)
                .map_err(|error| error.inside(Step::Index(index)))
        };
        types
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Value::List)
    }

    fn map(&mut self, marker: Marker, element: &Type) -> Result<Value, DecodeError> {
        let mut map = BTreeMap::new();
        for _ in 0..self.map_length(marker, "a map")? {
            let key = self.key()?;
            let value = self
                .value(element)
                .map_err(|error| error.inside(Step::Key(key.clone())))?;
            map.insert(key, value);
        }
        Ok(Value::Map(map))
    }

    fn object(
        &mut self,
        marker: Marker,
        attributes: &BTreeMap<String, Type>,
    ) -> Result<Value, DecodeError> {
        let count = self.map_length(marker, "an object")?;
        let mut object: BTreeMap<_, _> = attributes
            .keys()
            .map(|name| (name.clone(), Value::Null))
            .collect();
        for _ in 0..count {
            let name = self.key()?;
            let step = || Step::Attribute(name.clone());
            let Some(ty) = attributes.get(&name) else {
                return Err(DecodeError::new("no such attribute").inside(step()));
            };
            let value = self.value(ty).map_err(|error| error.inside(step()))?;
            object.insert(name, value);
        }
        Ok(Value::Map(object))
    }

    fn dynamic(&mut self, marker: Marker) -> Result<Value, DecodeError> {
        if self.array_length(marker, "a type and a value")? != 2 {
            return Err(DecodeError::new("expected a type and a value"));
        }
        let ty =
            Type::from_json(self.binary()?).map_err(|error| DecodeError::new(error.to_string()))?;
        let value = self.value(&ty)?;
        Ok(Value::Dynamic(Box::new(Dynamic { ty, value })))
    }

    fn key(&mut self) -> Result<String, DecodeError> {
        let marker = self.marker()?;
        self.string(marker, "a key").map(str::to_owned)
    }

    /// Terraform writes the type as binary, other encoders as text.
    fn binary(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = match self.marker()? {
            Marker::Bin8 => self.length8()?,
            Marker::Bin16 => self.length16()?,
            Marker::Bin32 => self.length32()?,
            other => return self.string(other, "a type").map(str::as_bytes),
        };
        self.take(length)
    }

    fn array_length(&mut self, marker: Marker, wanted: &str) -> Result<usize, DecodeError> {
        match marker {
            Marker::FixArray(length) => Ok(length.into()),
            Marker::Array16 => self.length16(),
            Marker::Array32 => self.length32(),
            other => Err(DecodeError::expected(wanted, noun(other))),
        }
    }

    fn map_length(&mut self, marker: Marker, wanted: &str) -> Result<usize, DecodeError> {
        match marker {
            Marker::FixMap(length) => Ok(length.into()),
            Marker::Map16 => self.length16(),
            Marker::Map32 => self.length32(),
            other => Err(DecodeError::expected(wanted, noun(other))),
        }
    }

    /// Skips an extension value, its type byte included; says whether it was one.
    fn skip_extension(&mut self, marker: Marker) -> Result<bool, DecodeError> {
        let length = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.length8()?,
            Marker::Ext16 => self.length16()?,
            Marker::Ext32 => self.length32()?,
            _ => return Ok(false),
        };
        self.take(length.saturating_add(1)).map(|_| true)
    }

    fn marker(&mut self) -> Result<Marker, DecodeError> {
        let [byte] = self.array()?;
        Ok(Marker::from_u8(byte))
    }

    fn length8(&mut self) -> Result<usize, DecodeError> {
        self.array().map(|[length]| length.into())
    }

    fn length16(&mut self) -> Result<usize, DecodeError> {
        self.array().map(|bytes| u16::from_be_bytes(bytes).into())
    }

    fn length32(&mut self) -> Result<usize, DecodeError> {
        let length = self.array().map(u32::from_be_bytes)?;
        usize::try_from(length).map_err(|_| DecodeError::new("the value is cut short"))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| DecodeError::new("the value is cut short"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| DecodeError::new("the value is cut short"))?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn bool_of(marker: Marker) -> Result<bool, DecodeError> {
    match marker {
        Marker::True => Ok(true),
        Marker::False => Ok(false),
        other => Err(DecodeError::expected("a bool", noun(other))),
    }
}

fn finite(value: f64) -> Result<Number, DecodeError> {
    Number::from_f64(value)
        .ok_or_else(|| DecodeError::new(format!("`{value}` is not a finite number")))
}

fn noun(marker: Marker) -> &'static str {
    match marker {
        Marker::True | Marker::False => "a bool",
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "a string",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "a list",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "an object",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "bytes",
        Marker::Null => "no value",
        Marker::Reserved => "a reserved byte",
        _ => "a number",
    }
}

fn write(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => bytes.push(Marker::Null.to_u8()),
        Value::Unknown => bytes.extend([Marker::FixExt1.to_u8(), 0, 0]),
        Value::Bool(truth) => {
            bytes.push(if *truth { Marker::True } else { Marker::False }.to_u8());
        }
        Value::Number(number) => write_number(bytes, number),
        Value::String(text) => write_text(bytes, text),
        Value::List(elements) => {
            infallible(encode::write_array_len(bytes, length(elements.len())));
            for element in elements {
                write(bytes, element);
            }
        }
        Value::Map(attributes) => {
            infallible(encode::write_map_len(bytes, length(attributes.len())));
            for (key, value) in attributes {
                write_text(bytes, key);
                write(bytes, value);
            }
        }
        Value::Dynamic(dynamic) => write_dynamic(bytes, dynamic),
    }
}

fn write_number(bytes: &mut Vec<u8>, number: &Number) {
    match number.as_i64() {
        Some(integer) => infallible(encode::write_sint(bytes, integer)),
        None => write_text(bytes, &number.to_string()),
    }
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    infallible(encode::write_str(bytes, text));
}

/// A null or unknown value of a dynamic place loses its type on Terraform's side as well.
fn write_dynamic(bytes: &mut Vec<u8>, dynamic: &Dynamic) {
    infallible(encode::write_array_len(bytes, 2));
    infallible(encode::write_bin(bytes, dynamic.ty.to_json().as_bytes()));
    write(bytes, &dynamic.value);
}

/// Messages end at 256 MiB, far below the limit of the encoding.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn infallible<T, E: std::fmt::Debug>(written: Result<T, E>) {
    written.expect("writing to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode_msgpack, encode_msgpack};
    use crate::arbitrary;
    use crate::number::Number;
    use crate::ty::Type;
    use crate::value::Value;

    fn decoded(ty: &Type, bytes: &[u8]) -> Result<Value, String> {
        decode_msgpack(ty, bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn every_way_to_write_a_number_is_read_exactly() {
        let table: [(&[u8], &str); 14] = [
            (&[0x07], "7"),
            (&[0xe0], "-32"),
            (&[0xcc, 0xff], "255"),
            (&[0xcd, 0x01, 0x00], "256"),
            (&[0xce, 0, 1, 0, 0], "65536"),
            (
                &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "18446744073709551615",
            ),
            (&[0xd0, 0x80], "-128"),
            (&[0xd1, 0x80, 0], "-32768"),
            (&[0xd2, 0x80, 0, 0, 0], "-2147483648"),
            (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], "-9223372036854775808"),
            (&[0xca, 0x3f, 0, 0, 0], "0.5"),
            (&[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0], "0.5"),
            (b"\xa30.1", "0.1"),
            (b"\xb712345678901234567890.25", "12345678901234567890.25"),
        ];
        for (bytes, text) in table {
            let number = Number::parse(text)
                .map(Value::Number)
                .map_err(|error| error.to_string());
            assert_eq!(decoded(&Type::Number, bytes), number);
        }
    }

    #[test]
    fn every_extension_is_unknown() {
        let refined = [0xc7, 4, 12, 0x81, 0x02, 0xa1, b'a'];
        let table: [&[u8]; 4] = [
            &[0xd4, 0, 0],
            &refined,
            &[0xd5, 12, 0, 0],
            &[0xc9, 0, 0, 0, 0, 12],
        ];
        for bytes in table {
            for ty in [Type::String, Type::Dynamic, Type::map(Type::Number)] {
                assert_eq!(decoded(&ty, bytes), Ok(Value::Unknown));
            }
        }
        assert_eq!(encode_msgpack(&Value::Unknown), [0xd4, 0, 0]);
    }

    #[test]
    fn a_dynamic_value_carries_its_type_as_bytes() {
        let value = Value::dynamic(Type::Number, 7);
        let bytes = b"\x92\xc4\x08\"number\"\x07";
        assert_eq!(encode_msgpack(&value), bytes);
        assert_eq!(decoded(&Type::Dynamic, bytes), Ok(value.clone()));
        assert_eq!(
            decoded(&Type::Dynamic, b"\x92\xa8\"number\"\x07"),
            Ok(value)
        );
    }

    #[test]
    fn attributes_that_are_left_out_are_null() {
        let ty = Type::object([("a", Type::Bool), ("b", Type::Bool)]);
        let value = Value::object([("a", Value::from(true)), ("b", Value::Null)]);
        assert_eq!(decoded(&ty, b"\x81\xa1a\xc3"), Ok(value));
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place() {
        let object = Type::object([("a", Type::list(Type::map(Type::Bool)))]);
        let table: [(&Type, &[u8], &str); 10] = [
            (
                &object,
                b"\x81\xa1a\x91\x81\xa1k\x01",
                "`a[0][\"k\"]`: expected a bool, found a number",
            ),
            (&object, b"\x81\xa1b\xc3", "`b`: no such attribute"),
            (&object, b"\x90", "expected an object, found a list"),
            (&Type::String, b"\xa3ab", "the value is cut short"),
            (&Type::String, b"\xa1\xff", "text is not UTF-8"),
            (&Type::String, b"\xa1ab", "1 bytes follow the value"),
            (
                &Type::Number,
                b"\xa3abc",
                "expected a number, found a string",
            ),
            (
                &Type::Number,
                b"\xcb\x7f\xf0\0\0\0\0\0\0",
                "`inf` is not a finite number",
            ),
            (
                &Type::Dynamic,
                b"\x92\xc4\x01\"\x07",
                "the type is not JSON",
            ),
            (
                &Type::Tuple(vec![Type::Bool]),
                b"\x90",
                "expected a tuple of 1, found 0 elements",
            ),
        ];
        for (ty, bytes, message) in table {
            assert_eq!(decoded(ty, bytes), Err(message.to_owned()));
        }
    }

    #[test]
    fn a_length_that_lies_reserves_no_memory() {
        let list = [0xdd, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(
            decoded(&Type::list(Type::Bool), &list),
            Err("`[0]`: the value is cut short".into())
        );
    }

    #[test]
    fn endless_nesting_ends() {
        let bytes = b"\x92\xc4\x09\"dynamic\"".repeat(100_000);
        let error = decoded(&Type::Dynamic, &bytes);
        assert_eq!(error, Err("nested deeper than 128 levels".into()));
    }

    proptest! {
        #[test]
        fn every_value_survives_the_round_trip((ty, value) in arbitrary::typed()) {
            prop_assert_eq!(decode_msgpack(&ty, &encode_msgpack(&value)), Ok(value));
        }

        #[test]
        fn garbage_is_refused_without_a_panic(ty in arbitrary::ty(), bytes: Vec<u8>) {
            if let Ok(value) = decode_msgpack(&ty, &bytes) {
                prop_assert_eq!(decode_msgpack(&ty, &encode_msgpack(&value)), Ok(value));
            }
        }

        #[test]
        fn a_damaged_value_is_refused_without_a_panic(
            (ty, value) in arbitrary::typed(),
            at: prop::sample::Index,
            byte: u8,
        ) {
            let mut bytes = encode_msgpack(&value);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(value) = decode_msgpack(&ty, &bytes) {
                prop_assert_eq!(decode_msgpack(&ty, &encode_msgpack(&value)), Ok(value));
            }
        }
    }
}
