//! From the differences of one resource to what is known about each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;
use serde::Serialize;
use tf_run::Json;
use tf_run::plan::{Actions, Mode, Plan, ResourceChange};
use time::Date;

use super::condition::Surroundings;
use super::configured::Configured;
use super::leaf::Node;
use super::{Class, Path, RULES, Rule, never};

/// What a judgement rests on beside the plan.
#[derive(Debug, Clone)]
pub struct Context {
    /// The providers' versions by full name, as the lock file has them.
    pub versions: BTreeMap<String, Version>,
    /// Providers that are another version than at the last run that passed.
    pub upgraded: BTreeSet<String>,
    /// The day, for rules that expire.
    pub today: Date,
}

/// One place that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The resource.
    pub address: String,
    /// The place in it; empty for the whole.
    pub path: String,
    /// What is known about it.
    #[serde(flatten)]
    pub judged: Judged,
    /// The values before and after, where they may be shown.
    #[serde(skip)]
    pub values: Option<(String, String)>,
}

/// Whether a difference is known to be noise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    /// A rule explains it.
    Explained {
        /// The class.
        class: Class,
        /// The rule.
        rule: &'static str,
        /// Why it is noise.
        reason: &'static str,
        /// Where that is known from.
        reference: &'static str,
    },
    /// Nothing explains it.
    Unexplained(Objection),
}

/// Why a difference is not explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objection {
    /// The whole object comes or goes.
    Action(String),
    /// The value is marked sensitive: it is not looked at.
    Sensitive,
    /// It is on the list of what is never noise.
    Never(&'static str),
    /// A rule is about this place, and is too old to be believed.
    Expired(&'static str),
    /// A rule is about this place, and its condition does not hold.
    Refuted(&'static str),
    /// No rule is about this place.
    NoRule,
}

impl Difference {
    /// The rule that explains it.
    pub const fn rule(&self) -> Option<&'static str> {
        match &self.judged {
            Judged::Explained { rule, .. } => Some(rule),
            Judged::Unexplained(_) => None,
        }
    }
}

/// Judges every place of a resource that differs; nothing where none does.
pub fn classify(resource: &ResourceChange, plan: &Plan, context: &Context) -> Vec<Difference> {
    let judge = Judge {
        resource,
        context,
        configured: Configured::of(plan, resource),
        known: known_leaves(resource),
    };
    match &resource.change.actions {
        Actions::Update if resource.deposed.is_none() && resource.mode == Mode::Managed => {
            judge.walk(&Node::of(&resource.change))
        }
        Actions::NoOp => Vec::new(),
        other => vec![judge.whole(Objection::Action(other.to_string()))],
    }
}

/// Write-only arguments that the configuration sets (class N8): whatever their value, a plan is the same.
/// By Terraform's convention their names end in `_wo`; plan and state hold null there.
pub fn write_only(plan: &Plan) -> Vec<String> {
    let managed = plan
        .resource_changes
        .iter()
        .filter(|resource| resource.mode == Mode::Managed);
    let places = managed.flat_map(|resource| {
        let configured = Configured::of(plan, resource);
        let Json::Object(after) = &resource.change.after else {
            return Vec::new();
        };
        let held_back = after.iter().filter(|(name, value)| {
            let path = Path::default().key(name);
            name.ends_with("_wo") && **value == Json::Null && configured.sets(&path)
        });
        held_back
            .map(|(name, _)| format!("{}.{name}", resource.address))
            .collect()
    });
    places.collect()
}

/// How many places of a resource differ by a value that is known.
fn known_leaves(resource: &ResourceChange) -> usize {
    let leaves = Node::of(&resource.change).leaves();
    leaves.iter().filter(|leaf| !leaf.is_unknown()).count()
}

struct Judge<'a> {
    resource: &'a ResourceChange,
    context: &'a Context,
    configured: Configured<'a>,
    known: usize,
}

impl Judge<'_> {
    /// The largest places that one rule explains, and for all others the smallest.
    fn walk(&self, node: &Node<'_>) -> Vec<Difference> {
        let leaves = node.leaves();
        if leaves.is_empty() {
            return Vec::new();
        }
        let forbidden = leaves.iter().any(|leaf| forbidden(leaf).is_some());
        if !forbidden && let Ok(rule) = self.rule_for(node) {
            return vec![self.difference(node, explained(rule))];
        }
        match node.children() {
            Some(children) if !node.is_unknown() => {
                children.iter().flat_map(|child| self.walk(child)).collect()
            }
            _ => {
                let objection = forbidden_or(node, || self.objection(node));
                vec![self.difference(node, Judged::Unexplained(objection))]
            }
        }
    }

    fn objection(&self, node: &Node<'_>) -> Objection {
        self.rule_for(node).err().unwrap_or(Objection::NoRule)
    }

    /// The first rule that explains a place, or why the nearest one does not.
    fn rule_for(&self, node: &Node<'_>) -> Result<&'static Rule, Objection> {
        let provider = &self.resource.provider_name;
        let version = self.context.versions.get(provider);
        let about = RULES.iter().filter(|rule| {
            rule.is_about_provider(provider, version)
                && rule.is_about_resource(&self.resource.resource_type)
                && rule.path.matches(&node.path)
        });
        let around = self.around(node);
        let mut objection = Objection::NoRule;
        for rule in about {
            let holds = rule.condition.holds(node.before, node.after, around);
            if holds && self.context.today <= rule.expires {
                return Ok(rule);
            }
            // A rule about every place says nothing about this one.
            if holds {
                objection = Objection::Expired(rule.name);
            } else if rule.path.0 != "**" && objection == Objection::NoRule {
                objection = Objection::Refuted(rule.name);
            }
        }
        Err(objection)
    }

    fn around(&self, node: &Node<'_>) -> Surroundings {
        Surroundings {
            is_set: self.configured.sets(&node.path),
            is_used: self.configured.uses(self.resource, &node.path),
            is_unknown: node.is_unknown(),
            has_known_sibling: self.known > 0,
            is_upgraded: self.context.upgraded.contains(&self.resource.provider_name),
        }
    }

    fn whole(&self, objection: Objection) -> Difference {
        Difference {
            address: self.resource.address.clone(),
            path: String::new(),
            judged: Judged::Unexplained(objection),
            values: None,
        }
    }

    fn difference(&self, node: &Node<'_>, judged: Judged) -> Difference {
        let values = (!node.is_sensitive()).then(|| {
            let after = if node.is_unknown() {
                "(known after apply)".to_owned()
            } else {
                node.after.to_string()
            };
            (node.before.to_string(), after)
        });
        Difference {
            address: self.resource.address.clone(),
            path: node.path.to_string(),
            judged,
            values,
        }
    }
}

fn forbidden(node: &Node<'_>) -> Option<Objection> {
    if node.is_sensitive() {
        return Some(Objection::Sensitive);
    }
    never::about(&node.path).map(Objection::Never)
}

fn forbidden_or(node: &Node<'_>, otherwise: impl FnOnce() -> Objection) -> Objection {
    forbidden(node).unwrap_or_else(otherwise)
}

const fn explained(rule: &Rule) -> Judged {
    Judged::Explained {
        class: rule.class,
        rule: rule.name,
        reason: rule.reason,
        reference: rule.reference,
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(action) => f.write_str(action),
            Self::Sensitive => f.write_str("sensitive, so never explained"),
            Self::Never(about) => write!(f, "never explained: it is about {about}"),
            Self::Expired(rule) => write!(f, "the rule {rule} has expired"),
            Self::Refuted(rule) => write!(f, "not as the rule {rule} knows it"),
            Self::NoRule => f.write_str("no rule explains it"),
        }
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explained {
                class,
                rule,
                reason,
                ..
            } => {
                write!(f, "explained by {rule} ({class:?}): {reason}")
            }
            Self::Unexplained(objection) => objection.fmt(f),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.path.is_empty() { "" } else { "." };
        write!(f, "{}{dot}{}: {}", self.address, self.path, self.judged)
    }
}
