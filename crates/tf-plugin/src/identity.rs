//! Resource identity: the few attributes that name one remote object, for `import { identity = … }`.

use crate::ty::Type;
use crate::wire;

/// The schema of a resource's identity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct IdentitySchema {
    version: i64,
    attributes: Vec<IdentityAttribute>,
}

/// An attribute of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct IdentityAttribute {
    name: String,
    ty: Type,
    required: bool,
    description: String,
}

impl IdentitySchema {
    /// An identity of version 0 with these attributes.
    pub fn new(attributes: impl IntoIterator<Item = IdentityAttribute>) -> Self {
        Self {
            version: 0,
            attributes: attributes.into_iter().collect(),
        }
    }

    /// Sets the version.
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// The version.
    pub fn current_version(&self) -> i64 {
        self.version
    }

    /// The type of an identity.
    pub fn ty(&self) -> Type {
        Type::object(
            self.attributes
                .iter()
                .map(|inner| (&inner.name, inner.ty.clone())),
        )
    }

    pub(crate) fn to_wire(&self) -> wire::IdentitySchema {
        wire::IdentitySchema {
            version: self.version,
            attributes: self
                .attributes
                .iter()
                .map(IdentityAttribute::to_wire)
                .collect(),
        }
    }
}

impl IdentityAttribute {
    /// An attribute that an import must give.
    pub fn required(name: impl Into<String>, ty: Type) -> Self {
        Self {
            name: name.into(),
            ty,
            required: true,
            description: String::new(),
        }
    }

    /// An attribute that an import may leave out.
    pub fn optional(name: impl Into<String>, ty: Type) -> Self {
        Self {
            required: false,
            ..Self::required(name, ty)
        }
    }

    /// Describes it.
    pub fn describe(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    fn to_wire(&self) -> wire::IdentityAttribute {
        wire::IdentityAttribute {
            name: self.name.clone(),
            ty: self.ty.to_json().into(),
            required_for_import: self.required,
            optional_for_import: !self.required,
            description: self.description.clone(),
        }
    }
}
