//! The live host of an environment: where its own inputs say it is, else where the variables of the
//! process say.

use std::path::Path;

use contract::{InputValues, Value};
use host::{Access, AccessError, Environment, Host, Names, Settings, Unreachable};
use pve_api::cluster::EMBEDDED_REPOID;

use crate::check::{self, Request};
use crate::gate::HostKind;
use crate::inputs::InputError;

/// Why there is no live host to read.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The inputs cannot be read.
    #[error(transparent)]
    Inputs(#[from] InputError),
    /// Nobody says where the host is, or what is said is wrong.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It cannot be used.
    #[error("{}. {}", .0.summary(), .0.detail())]
    Unreachable(Box<Unreachable>),
}

impl LiveError {
    /// Whether no access was given at all, so that there was nothing to try.
    pub fn is_without_access(&self) -> bool {
        matches!(self, Self::Access(error) if error.setting.is_none())
    }
}

/// Whether the provider of a root calls the host that the inputs name: every `provider "eminfra"` block takes its
/// endpoint from `var.proxmox_api_url` and nothing else. Where it does not, a look at the inputs' host says nothing
/// about the host that Terraform works on.
pub fn follows_inputs(root: &Path) -> bool {
    let files = std::fs::read_dir(root).into_iter().flatten().flatten();
    let texts = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tf"))
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let endpoints: Vec<Option<String>> = texts.flat_map(|text| endpoints(&text)).collect();
    let is_input = |endpoint: &Option<String>| {
        endpoint
            .as_ref()
            .is_some_and(|text| text.trim() == "var.proxmox_api_url")
    };
    !endpoints.is_empty() && endpoints.iter().all(is_input)
}

/// The endpoint of each of our provider's blocks, as it is written.
fn endpoints(text: &str) -> Vec<Option<String>> {
    let Ok(body) = hcl_edit::parser::parse_body(text) else {
        return Vec::new();
    };
    let blocks = body.blocks().filter(|block| {
        let label = block
            .labels
            .first()
            .map(hcl_edit::structure::BlockLabel::as_str);
        block.ident.as_str() == "provider" && label == Some("eminfra")
    });
    let endpoint = |block: &hcl_edit::structure::Block| {
        let attribute = block.body.get_attribute("endpoint")?;
        Some(attribute.value.to_string())
    };
    blocks.map(endpoint).collect()
}

/// What kind of host answers: embedded only where the host itself says so by what no real one says.
/// Everything else, one that cannot be asked included, counts as real.
pub async fn kind(host: &Host) -> HostKind {
    match host.client.version().await {
        Ok(version) if version.repoid == EMBEDDED_REPOID => HostKind::Embedded,
        Ok(_) | Err(_) => HostKind::Real,
    }
}

/// Settles which host an environment means; nothing is called yet.
pub fn access(request: Request<'_>, environment: &Environment) -> Result<Access, LiveError> {
    let values = check::input_values(request)?;
    let settings = settings(&values, request.root);
    Ok(host::settle(&settings, &Names::INPUTS, environment)?)
}

/// Reaches the host of an environment. Everything that follows reads.
pub async fn connect(request: Request<'_>, environment: &Environment) -> Result<Host, LiveError> {
    let access = access(request, environment)?;
    host::reach(access)
        .await
        .map_err(|error| LiveError::Unreachable(Box::new(error)))
}

fn settings(values: &InputValues, root: &Path) -> Settings {
    let text = |name: &str| match values.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let names = Names::INPUTS;
    Settings {
        endpoint: text(names.endpoint),
        token_id: text(names.token_id),
        token_secret: text(names.token_secret),
        username: text(names.username),
        password: text(names.password),
        // The provider runs in the directory of the environment.
        ca_file: text(names.ca_file).map(|file| root.join(file).display().to_string()),
        fingerprint: text(names.fingerprint),
        insecure: match values.get("proxmox_tls_insecure") {
            Some(Value::Bool(insecure)) => Some(*insecure),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use files::Mode;

    use super::*;

    #[test]
    fn a_provider_that_calls_another_host_is_told_apart() {
        let ours = "provider \"eminfra\" {\n  endpoint = var.proxmox_api_url\n}\n";
        let aliased =
            "provider \"eminfra\" {\n  alias = \"b\"\n  endpoint = \"https://192.0.2.1:8006\"\n}\n";
        let table = [
            (ours.to_owned(), true),
            ("provider \"eminfra\" {}\n".to_owned(), false),
            (format!("{ours}{aliased}"), false),
            (
                "provider \"eminfra\" {\n  endpoint = coalesce(var.proxmox_api_url, \"x\")\n}\n"
                    .to_owned(),
                false,
            ),
            (
                "provider \"other\" {\n  endpoint = var.proxmox_api_url\n}\n".to_owned(),
                false,
            ),
            (String::new(), false),
        ];
        for (text, expected) in table {
            let root = tempfile::tempdir().unwrap();
            files::create_new(&root.path().join("p.tf"), text.as_bytes(), Mode::Private).unwrap();
            assert_eq!(follows_inputs(root.path()), expected, "{text}");
        }
    }
}
