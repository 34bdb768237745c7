//! The place of a value inside a configuration, a state or an argument.

use std::fmt;

use crate::wire;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into the attribute of an object.
    Attribute(String),
    /// Into the element of a map.
    Key(String),
    /// Into the element of a list or tuple, counted from 0.
    Index(usize),
}

/// The way from the root of a block to one value.
///
/// Terraform cannot address an element of a set; a path should end at the set itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AttributePath(Vec<Step>);

impl AttributePath {
    /// The root of the block.
    pub fn root() -> Self {
        Self::default()
    }

    /// The attribute of this name at the root.
    pub fn new(attribute: impl Into<String>) -> Self {
        Self::root().attribute(attribute)
    }

    /// Goes into an attribute.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// Goes into a map element.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// Goes into a list element.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// The steps from the root on.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Says whether the path has no step.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The same path seen from one step further out.
    pub(crate) fn behind(mut self, step: Step) -> Self {
        self.0.insert(0, step);
        self
    }

    pub(crate) fn to_wire(&self) -> wire::AttributePath {
        wire::AttributePath {
            steps: self.0.iter().map(step_to_wire).collect(),
        }
    }
}

#[cfg(feature = "client")]
impl AttributePath {
    pub(crate) fn from_wire(path: wire::AttributePath) -> Self {
        let steps = path.steps.into_iter();
        let steps = steps.filter_map(|step| match step.selector? {
            wire::Selector::AttributeName(name) => Some(Step::Attribute(name)),
            wire::Selector::ElementKeyString(key) => Some(Step::Key(key)),
            wire::Selector::ElementKeyInt(index) => usize::try_from(index).ok().map(Step::Index),
        });
        Self(steps.collect())
    }
}

fn step_to_wire(step: &Step) -> wire::Step {
    let selector = match step {
        Step::Attribute(name) => wire::Selector::AttributeName(name.clone()),
        Step::Key(key) => wire::Selector::ElementKeyString(key.clone()),
        Step::Index(index) => {
            wire::Selector::ElementKeyInt(i64::try_from(*index).unwrap_or(i64::MAX))
        }
    };
    wire::Step {
        selector: Some(selector),
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => write!(f, "{name}")?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::AttributePath;

    #[test]
    fn a_path_reads_like_terraform_code() {
        let path = AttributePath::new("workers")
            .key("a\"b")
            .attribute("gpus")
            .index(1);
        assert_eq!(path.to_string(), r#"workers["a\"b"].gpus[1]"#);
        assert_eq!(AttributePath::root().to_string(), "");
    }
}
