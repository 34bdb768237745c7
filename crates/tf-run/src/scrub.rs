//! The environment that Terraform gets.
//!
//! Variables that change what a command means (`TF_CLI_ARGS_plan=-refresh=false` makes a plan
//! blind, `TF_WORKSPACE` picks another state) do not reach it. Inputs (`TF_VAR_*`), credentials and
//! everything else do.
//!
//! Go's garbage collector is told to come less often: em-infra starts Terraform many times for a second or two each, of which
//! the collector takes a quarter. Who sets `GOGC` keeps it.

use std::ffi::OsStr;
use std::path::Path;

use crate::Env;

/// Removed by name.
const UNWANTED: [&str; 8] = [
    "TF_WORKSPACE",
    "TF_DATA_DIR",
    "TF_TEMP_LOG_PATH",
    "TF_INPUT",
    "TF_IN_AUTOMATION",
    "TF_STATE_PERSIST_INTERVAL",
    "TF_DISABLE_PLUGIN_TLS",
    "TF_PLUGIN_MAGIC_COOKIE",
];

/// Removed by their beginning. `TF_LOG` would write arguments and requests into the streams.
const UNWANTED_PREFIXES: [&str; 2] = ["TF_CLI_ARGS", "TF_LOG"];

/// Files that Terraform reads settings from; a name that points nowhere makes it warn each time.
const SETTINGS_FILES: [&str; 2] = ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"];

/// The heap may grow to five times what lives before it is collected, instead of twice: for a plan of 100 VMs Terraform has
/// 200 MB instead of 140.
const COLLECTED_AT: (&str, &str) = ("GOGC", "400");

/// Answers the environment for Terraform, and the names of what was taken out.
pub fn scrub(env: &Env) -> (Env, Vec<String>) {
    let mut clean = env.clone();
    let removed = clean.remove_where(is_unwanted);
    clean.set("TF_IN_AUTOMATION", "1");
    clean.set("TF_INPUT", "0");
    clean.set("CHECKPOINT_DISABLE", "1");
    let (name, value) = COLLECTED_AT;
    if clean.get(name).is_none() {
        clean.set(name, value);
    }
    (clean, removed)
}

fn is_unwanted(name: &str, value: &OsStr) -> bool {
    UNWANTED.contains(&name)
        || UNWANTED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
        || (SETTINGS_FILES.contains(&name) && !Path::new(value).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_the_meaning_of_a_command_is_taken_out() {
        let settings = tempfile::NamedTempFile::new().unwrap();
        let env = Env::from_iter([
            ("CHECKPOINT_DISABLE", ""),
            ("HOME", "/home/solo"),
            ("PATH", "/bin"),
            ("TERRAFORM_CONFIG", settings.path().to_str().unwrap()),
            ("TF_CLI_ARGS", "-no-color"),
            ("TF_CLI_ARGS_plan", "-refresh=false"),
            ("TF_CLI_CONFIG_FILE", "/nowhere/terraformrc"),
            ("TF_DATA_DIR", "/tmp/x"),
            ("TF_IN_AUTOMATION", ""),
            ("TF_LOG", "trace"),
            ("TF_LOG_PATH", "/tmp/log"),
            ("TF_PLUGIN_CACHE_DIR", "/cache"),
            ("TF_VAR_node", "pve"),
            ("TF_WORKSPACE", "red"),
        ]);
        let (clean, removed) = scrub(&env);
        let expected = Env::from_iter([
            ("CHECKPOINT_DISABLE", "1"),
            ("GOGC", "400"),
            ("HOME", "/home/solo"),
            ("PATH", "/bin"),
            ("TERRAFORM_CONFIG", settings.path().to_str().unwrap()),
            ("TF_INPUT", "0"),
            ("TF_IN_AUTOMATION", "1"),
            ("TF_PLUGIN_CACHE_DIR", "/cache"),
            ("TF_VAR_node", "pve"),
        ]);
        assert!(clean == expected, "{clean:?}");
        assert_eq!(
            removed,
            [
                "TF_CLI_ARGS",
                "TF_CLI_ARGS_plan",
                "TF_CLI_CONFIG_FILE",
                "TF_DATA_DIR",
                "TF_IN_AUTOMATION",
                "TF_LOG",
                "TF_LOG_PATH",
                "TF_WORKSPACE",
            ]
        );
    }
    #[test]
    fn who_tunes_the_collector_keeps_that() {
        let (clean, _) = scrub(&Env::from_iter([("GOGC", "off")]));
        assert_eq!(clean.get("GOGC"), Some(OsStr::new("off")));
    }
}
