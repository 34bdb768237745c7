//! Versions and image ids.

use crate::code::Code;
use crate::finding::Fault;

pub(super) const VERSION: &str = concat!(
    r"^v?(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})",
    r"(-(alpha|beta|rc)\.(0|[1-9][0-9]{0,4}))?$"
);
pub(super) const SCHEMATIC: &str = "^[0-9a-f]{64}$";

/// Reads `v1.13.9`, `1.13.9` or `v1.14.0-rc.1`.
pub(crate) fn version(text: &str) -> Result<semver::Version, Fault> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let version = semver::Version::parse(bare).ok().filter(is_released_form);
    version.ok_or_else(|| {
        let help = match bare.split('.').collect::<Vec<_>>()[..] {
            [major, minor] if is_number(major) && is_number(minor) => {
                format!("add the patch number: `v{bare}.0` or later")
            }
            _ => "write the full version, for example `v1.13.9`".to_owned(),
        };
        Fault::new(Code::VersionForm, "is not a version", help)
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The forms that Talos and Kubernetes release: nothing, or `alpha|beta|rc` and a number, and no build metadata.
fn is_released_form(version: &semver::Version) -> bool {
    let small = [version.major, version.minor, version.patch]
        .iter()
        .all(|part| *part <= 99_999);
    let pre = version.pre.as_str();
    let known = pre.is_empty()
        || pre.split_once('.').is_some_and(|(stage, number)| {
            matches!(stage, "alpha" | "beta" | "rc") && is_number(number) && number.len() <= 5
        });
    small && known && version.build.is_empty()
}

pub(super) fn schematic(text: &str) -> Result<(), Fault> {
    let lower_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() == 64 && lower_hex(text) {
        return Ok(());
    }
    let help = if text.len() == 64 && lower_hex(&text.to_lowercase()) {
        format!("write it in lower case: `{}`", text.to_lowercase())
    } else {
        "copy the 64 hex digits that factory.talos.dev shows for your schematic".to_owned()
    };
    Err(Fault::new(
        Code::SchematicForm,
        "is not the id of a schematic",
        help,
    ))
}
