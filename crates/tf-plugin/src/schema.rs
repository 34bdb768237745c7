//! Schemas: what a block may hold. Declared with builders, sent to Terraform, and used to decode values.

use crate::ty::Type;
use crate::wire;

/// The schema of a provider block, a resource or a data source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Schema {
    version: i64,
    block: Block,
}

/// Attributes and nested blocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Block {
    attributes: Vec<Attribute>,
    blocks: Vec<NestedBlock>,
    description: String,
}

/// How often a nested object or block may appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nesting {
    /// Once or not at all.
    Single,
    /// In order.
    List,
    /// Each once, in Terraform's order.
    Set,
    /// By key; for blocks, by label.
    Map,
}

/// A nested block, as in `disk { … }`. Nested attributes say the same with better errors.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct NestedBlock {
    name: String,
    nesting: Nesting,
    block: Block,
    least: i64,
    most: i64,
}

/// An attribute. It is optional unless it is said to be required or computed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Attribute {
    name: String,
    shape: Shape,
    presence: Presence,
    description: String,
    traits: Traits,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Plain(Type),
    Nested(Nesting, Vec<Attribute>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
    Computed,
    OptionalComputed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Traits {
    sensitive: bool,
    deprecated: bool,
    write_only: bool,
}

impl Schema {
    /// A schema of version 0 with these attributes.
    pub fn new(attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self {
            version: 0,
            block: Block::new(attributes),
        }
    }

    /// Sets the version. States of another version go through [`Resource::upgrade`](crate::Resource::upgrade).
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// Describes the whole in Markdown.
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.block.description = markdown.into();
        self
    }

    /// Adds a nested block.
    pub fn block(mut self, block: NestedBlock) -> Self {
        self.block.blocks.push(block);
        self
    }

    /// The version.
    pub fn current_version(&self) -> i64 {
        self.version
    }

    /// The attributes at the root, in the order of their declaration.
    pub fn attributes(&self) -> &[Attribute] {
        &self.block.attributes
    }

    /// The type of a value of this schema.
    pub fn ty(&self) -> Type {
        self.block.ty()
    }

    pub(crate) fn to_wire(&self) -> wire::Schema {
        wire::Schema {
            version: self.version,
            block: Some(self.block.to_wire()),
        }
    }
}

impl Block {
    /// A block with these attributes.
    pub fn new(attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self {
            attributes: attributes.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Describes the block in Markdown.
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// Adds a nested block.
    pub fn block(mut self, block: NestedBlock) -> Self {
        self.blocks.push(block);
        self
    }

    fn ty(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| (&attribute.name, attribute.ty()));
        let blocks = self.blocks.iter().map(|block| (&block.name, block.ty()));
        Type::object(attributes.chain(blocks))
    }

    fn to_wire(&self) -> wire::Block {
        wire::Block {
            version: 0,
            attributes: self.attributes.iter().map(Attribute::to_wire).collect(),
            blocks: self.blocks.iter().map(NestedBlock::to_wire).collect(),
            description: self.description.clone(),
            description_kind: wire::StringKind::Markdown.into(),
        }
    }
}

impl NestedBlock {
    /// A nested block.
    pub fn new(name: impl Into<String>, nesting: Nesting, block: Block) -> Self {
        Self {
            name: name.into(),
            nesting,
            block,
            least: 0,
            most: 0,
        }
    }

    /// Asks for at least this many.
    pub fn at_least(mut self, count: i64) -> Self {
        self.least = count;
        self
    }

    /// Allows at most this many.
    pub fn at_most(mut self, count: i64) -> Self {
        self.most = count;
        self
    }

    fn ty(&self) -> Type {
        self.nesting.of(self.block.ty())
    }

    fn to_wire(&self) -> wire::NestedBlock {
        wire::NestedBlock {
            type_name: self.name.clone(),
            block: Some(self.block.to_wire()),
            nesting: self.nesting.to_wire().into(),
            min_items: self.least,
            max_items: self.most,
        }
    }
}

impl Nesting {
    fn of(self, inner: Type) -> Type {
        match self {
            Self::Single => inner,
            Self::List => Type::list(inner),
            Self::Set => Type::set(inner),
            Self::Map => Type::map(inner),
        }
    }

    fn to_wire(self) -> wire::NestingMode {
        match self {
            Self::Single => wire::NestingMode::Single,
            Self::List => wire::NestingMode::List,
            Self::Set => wire::NestingMode::Set,
            Self::Map => wire::NestingMode::Map,
        }
    }
}

impl Attribute {
    /// An attribute of this type.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Self::of_shape(name.into(), Shape::Plain(ty))
    }

    /// A string.
    pub fn string(name: impl Into<String>) -> Self {
        Self::new(name, Type::String)
    }

    /// A number.
    pub fn number(name: impl Into<String>) -> Self {
        Self::new(name, Type::Number)
    }

    /// A bool.
    pub fn bool(name: impl Into<String>) -> Self {
        Self::new(name, Type::Bool)
    }

    /// A list of these elements.
    pub fn list(name: impl Into<String>, element: Type) -> Self {
        Self::new(name, Type::list(element))
    }

    /// A set of these elements.
    pub fn set(name: impl Into<String>, element: Type) -> Self {
        Self::new(name, Type::set(element))
    }

    /// A map of these elements.
    pub fn map(name: impl Into<String>, element: Type) -> Self {
        Self::new(name, Type::map(element))
    }

    /// A value of any type.
    pub fn dynamic(name: impl Into<String>) -> Self {
        Self::new(name, Type::Dynamic)
    }

    /// Nested objects whose attributes have a schema of their own.
    pub fn nested(
        name: impl Into<String>,
        nesting: Nesting,
        attributes: impl IntoIterator<Item = Self>,
    ) -> Self {
        Self::of_shape(
            name.into(),
            Shape::Nested(nesting, attributes.into_iter().collect()),
        )
    }

    fn of_shape(name: String, shape: Shape) -> Self {
        let (presence, traits) = (Presence::Optional, Traits::default());
        Self {
            name,
            shape,
            presence,
            description: String::new(),
            traits,
        }
    }

    /// The user must set it.
    pub fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    /// Only the provider sets it.
    pub fn computed(mut self) -> Self {
        self.presence = Presence::Computed;
        self
    }

    /// The provider sets it where the user does not.
    pub fn optional_computed(mut self) -> Self {
        self.presence = Presence::OptionalComputed;
        self
    }

    /// Terraform does not show its value. The state holds it in clear text all the same.
    pub fn sensitive(mut self) -> Self {
        self.traits.sensitive = true;
        self
    }

    /// The provider gets its value when it plans and applies, and no plan or state ever holds it: plan and
    /// state must have null there.
    pub fn write_only(mut self) -> Self {
        self.traits.write_only = true;
        self
    }

    /// Terraform warns about its use.
    pub fn deprecated(mut self) -> Self {
        self.traits.deprecated = true;
        self
    }

    /// Describes it in Markdown.
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The description in Markdown.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Says whether the user must set it.
    pub fn is_required(&self) -> bool {
        self.presence == Presence::Required
    }

    /// Says whether the provider may set it.
    pub fn is_computed(&self) -> bool {
        matches!(
            self.presence,
            Presence::Computed | Presence::OptionalComputed
        )
    }

    /// The type of its value.
    pub fn ty(&self) -> Type {
        match &self.shape {
            Shape::Plain(ty) => ty.clone(),
            Shape::Nested(nesting, attributes) => nesting.of(Type::object(
                attributes.iter().map(|inner| (&inner.name, inner.ty())),
            )),
        }
    }

    fn to_wire(&self) -> wire::Attribute {
        let (ty, nested_type) = match &self.shape {
            Shape::Plain(ty) => (ty.to_json(), None),
            Shape::Nested(nesting, attributes) => {
                (String::new(), Some(nested_to_wire(*nesting, attributes)))
            }
        };
        wire::Attribute {
            name: self.name.clone(),
            ty: ty.into(),
            nested_type,
            description: self.description.clone(),
            required: self.is_required(),
            optional: matches!(
                self.presence,
                Presence::Optional | Presence::OptionalComputed
            ),
            computed: self.is_computed(),
            sensitive: self.traits.sensitive,
            description_kind: wire::StringKind::Markdown.into(),
            deprecated: self.traits.deprecated,
            write_only: self.traits.write_only,
        }
    }
}

fn nested_to_wire(nesting: Nesting, attributes: &[Attribute]) -> wire::NestedObject {
    wire::NestedObject {
        attributes: attributes.iter().map(Attribute::to_wire).collect(),
        nesting: nesting.to_wire().into(),
    }
}
