//! Types from the schema as it was sent.

use super::Lost;
use crate::ty::Type;
use crate::wire;

pub(super) fn of_schema(schema: wire::Schema) -> Result<Type, Lost> {
    of_block(schema.block.unwrap_or_default())
}

pub(super) fn of_identity(schema: wire::IdentitySchema) -> Result<Type, Lost> {
    let attributes = schema.attributes.into_iter();
    let typed = attributes.map(|attribute| Ok((attribute.name, of_json(&attribute.ty)?)));
    Ok(Type::object(typed.collect::<Result<Vec<_>, Lost>>()?))
}

fn of_block(block: wire::Block) -> Result<Type, Lost> {
    let mut attributes = Vec::new();
    for attribute in block.attributes {
        attributes.push((attribute.name.clone(), of_attribute(attribute)?));
    }
    for nested in block.blocks {
        let inner = of_block(nested.block.unwrap_or_default())?;
        attributes.push((nested.type_name, nest(nested.nesting, inner)?));
    }
    Ok(Type::object(attributes))
}

fn of_attribute(attribute: wire::Attribute) -> Result<Type, Lost> {
    let Some(nested) = attribute.nested_type else {
        return of_json(&attribute.ty);
    };
    let attributes = nested.attributes.into_iter();
    let typed = attributes.map(|inner| Ok((inner.name.clone(), of_attribute(inner)?)));
    let object = Type::object(typed.collect::<Result<Vec<_>, Lost>>()?);
    nest(nested.nesting, object)
}

fn nest(nesting: i32, inner: Type) -> Result<Type, Lost> {
    match wire::NestingMode::try_from(nesting) {
        Ok(wire::NestingMode::Single) => Ok(inner),
        Ok(wire::NestingMode::List) => Ok(Type::list(inner)),
        Ok(wire::NestingMode::Set) => Ok(Type::set(inner)),
        Ok(wire::NestingMode::Map) => Ok(Type::map(inner)),
        Ok(wire::NestingMode::Invalid) | Err(_) => {
            Err(Lost::odd(format!("{nesting} is no nesting")))
        }
    }
}

fn of_json(json: &[u8]) -> Result<Type, Lost> {
    Type::from_json(json).map_err(|error| Lost::odd(error.to_string()))
}
