//! The normal form of a state: what two states must share to mean the same to Terraform.
//!
//! Terraform writes check results and dependencies in the random order of its maps and raises the serial when only
//! that order changed, so neither bytes nor serial tell whether a state changed.

use files::Digest;
use tf_run::Json;

/// The digest of the normal form of a state's text.
pub(super) fn digest(text: &str) -> serde_json::Result<Digest> {
    let mut json = Json::parse(text)?;
    if let Json::Object(top) = &mut json {
        top.remove("terraform_version");
        top.remove("serial");
        if let Some(checks) = top.get_mut("check_results") {
            sort_checks(checks);
        }
        if let Some(Json::Array(resources)) = top.get_mut("resources") {
            resources.iter_mut().for_each(normalise_resource);
        }
    }
    Ok(Digest::of_bytes(json.to_string().as_bytes()))
}

fn sort_checks(checks: &mut Json) {
    if let Json::Array(items) = checks {
        for item in items.iter_mut() {
            if let Json::Object(check) = item
                && let Some(objects) = check.get_mut("objects")
            {
                sort(objects);
            }
        }
    }
    sort(checks);
}

fn normalise_resource(resource: &mut Json) {
    let Json::Object(resource) = resource else {
        return;
    };
    let Some(Json::Array(instances)) = resource.get_mut("instances") else {
        return;
    };
    for instance in instances {
        if let Json::Object(instance) = instance {
            if let Some(dependencies) = instance.get_mut("dependencies") {
                sort(dependencies);
            }
            if instance.get("identity_schema_version") == Some(&Json::Number("0".to_owned())) {
                instance.remove("identity_schema_version");
            }
        }
    }
}

fn sort(list: &mut Json) {
    if let Json::Array(items) = list {
        items.sort_by_cached_key(ToString::to_string);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(serial: u64, checks: &str, dependencies: &str, value: &str) -> String {
        format!(
            r#"{{"version":4,"serial":{serial},"check_results":[{checks}],"resources":[{{"instances":[
            {{"dependencies":[{dependencies}],"attributes":{{"a":{value}}}}}]}}]}}"#
        )
    }

    #[test]
    fn order_and_serial_do_not_count_and_values_do() {
        let base = digest(&state(1, r#"{"a":1},{"b":2}"#, r#""x","y""#, "1")).unwrap();
        let shuffled = digest(&state(9, r#"{"b":2},{"a":1}"#, r#""y","x""#, "1")).unwrap();
        assert_eq!(base, shuffled);
        let table = [
            state(1, r#"{"a":1},{"b":3}"#, r#""x","y""#, "1"),
            state(1, r#"{"a":1},{"b":2}"#, r#""x""#, "1"),
            state(1, r#"{"a":1},{"b":2}"#, r#""x","y""#, "9007199254740993"),
            state(1, r#"{"a":1},{"b":2}"#, r#""x","y""#, "9007199254740992"),
        ];
        let mut digests: Vec<Digest> = table.iter().map(|text| digest(text).unwrap()).collect();
        digests.push(base);
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 5);
    }
}
