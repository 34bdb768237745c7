//! What the configuration sets, and who uses an attribute, read from a plan's `configuration`.
//!
//! Values of locals and of module outputs are not in there. An attribute that reaches an output or another
//! resource by such a way shows itself in the same plan, as a change of that output or resource.

use tf_run::Json;
use tf_run::plan::{Plan, ResourceChange};

use super::Path;
use super::path::Segment;

/// The configuration of the module that a resource stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Configured<'a> {
    plan: &'a Plan,
    module: Option<&'a Json>,
    resource: Option<&'a Json>,
}

impl<'a> Configured<'a> {
    pub(super) fn of(plan: &'a Plan, resource: &ResourceChange) -> Self {
        let module = module(plan, &resource.module_address);
        Self {
            plan,
            module,
            resource: module.and_then(|module| find(module, &local_address(resource))),
        }
    }

    /// Whether the configuration says anything about the place. Where the resource is not found in the
    /// configuration it counts as set: then nothing is explained by its absence.
    pub(super) fn sets(&self, path: &Path) -> bool {
        let Some(resource) = self.resource else {
            return true;
        };
        resource
            .get("expressions")
            .is_some_and(|expressions| is_set(expressions, path.segments()))
    }

    /// Whether an output, another resource or a module call uses the attribute that the place is in.
    pub(super) fn uses(&self, resource: &ResourceChange, path: &Path) -> bool {
        let (Some(module), Some(attribute)) = (self.module, path.attribute()) else {
            return true;
        };
        let address = local_address(resource);
        let own = |part: &Json| part.get("address").and_then(Json::as_str) == Some(&address);
        let mut lists = Vec::new();
        references(module, &own, &mut lists);
        let referred = lists.iter().any(|list| refers(list, &address, attribute));
        referred || self.is_relevant(resource, attribute)
    }

    fn is_relevant(&self, resource: &ResourceChange, attribute: &str) -> bool {
        self.plan.relevant_attributes.iter().any(|relevant| {
            let same = relevant.resource == resource.address
                || resource
                    .address
                    .starts_with(&format!("{}[", relevant.resource));
            let first = relevant.attribute.first().and_then(Json::as_str);
            same && first.is_none_or(|first| first == attribute)
        })
    }
}

fn local_address(resource: &ResourceChange) -> String {
    format!("{}.{}", resource.resource_type, resource.name)
}

/// The module's configuration, by the names of the calls on the way.
fn module<'a>(plan: &'a Plan, address: &str) -> Option<&'a Json> {
    let root = plan.configuration.get("root_module");
    let mut names = without_keys(address)
        .split('.')
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter();
    let mut module = root;
    while let (Some(word), Some(name)) = (names.next(), names.next()) {
        if word != "module" {
            return None;
        }
        let call = module?.get("module_calls")?.get(&name)?;
        module = call.get("module");
    }
    module
}

/// An address without the keys of instances, which may hold any text.
fn without_keys(address: &str) -> String {
    let (mut text, mut depth, mut quoted, mut escaped) = (String::new(), 0_u32, false, false);
    for letter in address.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            other if depth == 0 => text.push(other),
            _ => {}
        }
    }
    text
}

fn find<'a>(module: &'a Json, address: &str) -> Option<&'a Json> {
    let Some(Json::Array(resources)) = module.get("resources") else {
        return None;
    };
    resources
        .iter()
        .find(|resource| resource.get("address").and_then(Json::as_str) == Some(address))
}

/// Follows a path through nested blocks down to an expression. A block that the configuration makes with
/// `dynamic` is not in a plan's configuration, and counts as not set.
fn is_set(expressions: &Json, path: &[Segment]) -> bool {
    if is_expression(expressions) {
        return expressions.get("constant_value") != Some(&Json::Null);
    }
    match (expressions, path) {
        (Json::Object(members), [Segment::Key(key), rest @ ..]) => {
            members.get(key).is_some_and(|member| is_set(member, rest))
        }
        (Json::Array(blocks), [Segment::Index(index), rest @ ..]) => {
            blocks.get(*index).is_some_and(|block| is_set(block, rest))
        }
        (Json::Array(blocks), []) => !blocks.is_empty(),
        (Json::Object(members), []) => !members.is_empty(),
        // A block that may stand once only is no list here.
        (Json::Object(_), [Segment::Index(_), rest @ ..]) => is_set(expressions, rest),
        _ => false,
    }
}

fn is_expression(json: &Json) -> bool {
    let lists = matches!(json.get("references"), Some(Json::Array(_)));
    lists || json.get("constant_value").is_some()
}

/// Every list of references in a module, those of one resource left out.
fn references<'a>(json: &'a Json, skip: &dyn Fn(&Json) -> bool, found: &mut Vec<Vec<&'a str>>) {
    match json {
        Json::Object(_) if skip(json) => {}
        Json::Object(members) => {
            if let Some(Json::Array(list)) = members.get("references") {
                found.push(list.iter().filter_map(Json::as_str).collect());
            }
            // A module below has its own names.
            let below = members.iter().filter(|(key, _)| *key != "module");
            below.for_each(|(_, member)| references(member, skip, found));
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, skip, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Whether a list of references means the attribute, or the whole resource. Terraform lists each reference
/// and then what it begins with, so the bare address counts only where nothing longer stands beside it.
fn refers(list: &[&str], address: &str, attribute: &str) -> bool {
    let rests: Vec<String> = list
        .iter()
        .map(|reference| without_keys(reference))
        .filter_map(|reference| {
            let rest = reference.strip_prefix(address)?;
            (rest.is_empty() || rest.starts_with('.')).then(|| rest.to_owned())
        })
        .collect();
    let whole = !rests.is_empty() && rests.iter().all(String::is_empty);
    let named = rests
        .iter()
        .filter_map(|rest| rest.strip_prefix('.'))
        .any(|rest| rest.split('.').next() == Some(attribute));
    whole || named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_instances_are_no_part_of_an_address() {
        for (address, expected) in [
            (r#"module.a["x.y"].module.b[0]"#, "module.a.module.b"),
            (r#"t.n["]\"["]"#, "t.n"),
            ("t.n", "t.n"),
        ] {
            assert_eq!(without_keys(address), expected);
        }
    }

    #[test]
    fn a_bare_address_means_the_whole_resource() {
        let table: [(&[&str], bool); 7] = [
            (&["t.n.ips", "t.n"], true),
            (&["t.n.ips[0]", "t.n.ips", "t.n"], true),
            (&["t.n[0].ips", "t.n[0]", "t.n"], true),
            (&["t.n"], true),
            (&["t.n.id", "t.n"], false),
            (&["t.n.ips_all", "t.n"], false),
            (&["t.name.ips", "t.name", "each.key"], false),
        ];
        for (list, expected) in table {
            assert_eq!(refers(list, "t.n", "ips"), expected, "{list:?}");
        }
    }

    #[test]
    fn what_is_set_is_found_in_attributes_and_blocks() {
        let text = r#"{"name": {"constant_value": "a"}, "none": {"constant_value": null},
            "cpu": [{"cores": {"references": ["var.cores"]}}], "agent": {"enabled": {"constant_value": true}}}"#;
        let expressions = Json::parse(text).unwrap();
        let root = Path::default();
        let table = [
            (root.key("name"), true),
            (root.key("none"), false),
            (root.key("other"), false),
            (root.key("cpu"), true),
            (root.key("cpu").index(0).key("cores"), true),
            (root.key("cpu").index(0).key("flags"), false),
            (root.key("cpu").index(1).key("cores"), false),
            (root.key("agent").index(0).key("enabled"), true),
            (root.key("name").index(0), true),
        ];
        for (path, expected) in table {
            assert_eq!(is_set(&expressions, path.segments()), expected, "{path}");
        }
    }
}
