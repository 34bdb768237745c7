//! The shape of an input: its type, and the format of each text and the range of each number inside it.
//!
//! Type and format are one tree, so that Terraform's type, the JSON Schema and the check cannot disagree.

mod check;

pub(crate) use check::Checker;

use crate::code::Code;
use crate::finding::Fault;
use crate::text::Text;

/// The shape of a value.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Whole(Whole),
    /// A text of one format.
    Text(Text),
    /// A list of one kind.
    List(&'static Self),
    /// A map whose keys are host name labels.
    Map(&'static Self),
    /// An object; each attribute may be left out.
    Object(&'static [&'static [Attribute]]),
}

/// A whole number in a range.
#[derive(Debug, Clone, Copy)]
pub struct Whole {
    /// The smallest allowed.
    pub min: i64,
    /// The largest allowed.
    pub max: i64,
    /// The unit, for messages: empty when the number is a count or an id.
    pub unit: &'static str,
    /// The rule that a number below `min` breaks.
    pub below: Code,
}

impl Whole {
    /// A number from `min` to `max`.
    pub const fn range(min: i64, max: i64) -> Kind {
        Kind::Whole(Self {
            min,
            max,
            unit: "",
            below: Code::NumberOutOfRange,
        })
    }

    /// A size whose lower bound is what Talos needs.
    pub const fn size(min: i64, max: i64, unit: &'static str) -> Kind {
        Kind::Whole(Self {
            min,
            max,
            unit,
            below: Code::BelowTalosMinimum,
        })
    }

    fn check(self, number: i64) -> Result<(), Fault> {
        let bounds = format!("from {} to {}", self.min, self.max);
        let unit = if self.unit.is_empty() {
            String::new()
        } else {
            format!(" {}", self.unit)
        };
        match number {
            _ if number < self.min => {
                let what = format!("is below the smallest that works, {}{unit}", self.min);
                Err(Fault::new(self.below, what, self.help(number, &bounds)))
            }
            _ if number > self.max => {
                let what = format!("is above the largest that works, {}{unit}", self.max);
                Err(Fault::new(
                    Code::NumberOutOfRange,
                    what,
                    self.help(number, &bounds),
                ))
            }
            _ => Ok(()),
        }
    }

    /// A memory size typed in GiB is the slip this sees most.
    fn help(self, number: i64, bounds: &str) -> String {
        let in_mib = number.saturating_mul(1024);
        if self.unit == "MiB" && (self.min..=self.max).contains(&in_mib) {
            format!("the unit is MiB: {number} GiB is `{in_mib}`")
        } else {
            format!("write a number {bounds}")
        }
    }
}

/// One attribute of an object.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its shape.
    pub kind: Kind,
    /// What it sets, as a sentence.
    pub description: &'static str,
}

/// All attributes of an object, in their order.
pub(crate) fn attributes(
    groups: &'static [&'static [Attribute]],
) -> impl Iterator<Item = &'static Attribute> + Clone {
    groups.iter().flat_map(|group| group.iter())
}
