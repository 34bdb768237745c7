//! Where in the inputs something stands, printed as the operator would write it.

use std::fmt;

/// A place in the inputs: an input, and where inside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The input's name.
    pub input: String,
    /// The way from the input to the place.
    pub steps: Vec<Step>,
}

/// One step further into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into the attribute of an object.
    Attribute(String),
    /// Into the entry of a map.
    Key(String),
    /// Into the element of a list, counted from 0.
    Index(usize),
}

impl Path {
    /// The input itself.
    pub fn input(name: &str) -> Self {
        Self {
            input: name.to_owned(),
            steps: Vec::new(),
        }
    }

    /// The attribute `name` of the object here.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Self {
        self.then(Step::Attribute(name.to_owned()))
    }

    /// The entry `key` of the map here.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// The element `index` of the list here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.steps.push(step);
        path
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.input)?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Attribute(name) => write!(f, ".{name}"),
            Step::Key(key) => write!(f, "[{key:?}]"),
            Step::Index(index) => write!(f, "[{index}]"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_the_operator_would_write_it() {
        let path = Path::input("gpu_workers")
            .key("trainer-1")
            .attribute("gpus")
            .index(0);
        assert_eq!(path.to_string(), r#"gpu_workers["trainer-1"].gpus[0]"#);
    }
}
