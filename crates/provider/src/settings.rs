//! The access as the provider block has it.

use host::{AccessError, Names, Settings};
use tf_plugin::{AttributePath, Diagnostic, Known, Value};

const NAMES: Names = Names::PROVIDER_BLOCK;

/// Reads the settings; `Later` when a part of them is not known yet.
pub(crate) fn read(config: &Value) -> Result<Known<Settings>, Diagnostic> {
    let all = [
        NAMES.endpoint,
        NAMES.token_id,
        NAMES.token_secret,
        NAMES.username,
        NAMES.password,
        NAMES.ca_file,
        NAMES.fingerprint,
        "tls_insecure",
    ];
    if all.iter().any(|name| config.get(name).is_unknown()) {
        return Ok(Known::Later);
    }
    let text = |name| config.at().get::<Option<String>>(name);
    Ok(Known::Now(Settings {
        endpoint: text(NAMES.endpoint)?,
        token_id: text(NAMES.token_id)?,
        token_secret: text(NAMES.token_secret)?,
        username: text(NAMES.username)?,
        password: text(NAMES.password)?,
        ca_file: text(NAMES.ca_file)?,
        fingerprint: text(NAMES.fingerprint)?,
        insecure: config.at().get("tls_insecure")?,
    }))
}

/// Reports settings that lead to no host.
pub(crate) fn invalid(error: AccessError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.summary).detail(error.detail);
    match error.setting {
        Some(name) => diagnostic.at(AttributePath::new(name)),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_yet_waits() {
        let block = [
            ("endpoint", "https://pve:8006"),
            ("api_token_id", "a@pve!b"),
        ];
        let config = Value::object(block).with("api_token_secret", Value::Unknown);
        assert!(matches!(read(&config), Ok(Known::Later)));
    }
}
