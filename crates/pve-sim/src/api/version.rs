//! `/version` and the like.

use serde_json::json;

use super::{Answer, Context, Endpoint, Permit};
use crate::fail::Result;

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/version",
        permit: Permit::User,
        params: &[],
        handler: version,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/version",
        permit: Permit::User,
        params: &[],
        handler: version,
    },
];

/// The commit a release was built from. No release of Proxmox has this one: it is how em-infra tells that a host
/// is this one and not a real one, so it never changes.
pub(super) const REPOID: &str = "5b1e83d8a3f7c4d2";

fn version(context: &mut Context<'_>) -> Result<Answer> {
    let version = context.world.version;
    Ok(json!({
        "version": version.manager(),
        "release": version.release(),
        "repoid": REPOID,
    })
    .into())
}
