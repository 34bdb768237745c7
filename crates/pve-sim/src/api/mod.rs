//! The endpoint table: method, path, parameters, permission, handler.
//!
//! A request goes through it in Proxmox's order: route, token allowed, doubled parameters, privileges,
//! node, schema, code.

mod access;
mod acls;
mod cluster;
mod hardware;
mod network;
mod nodes;
mod pools;
pub(crate) mod qemu;
mod roles;
mod storage;
mod tasks;
mod users;
mod version;

use std::sync::LazyLock;

use serde_json::Value;

use crate::auth::{Keys, Principal};
use crate::clock::SimTime;
use crate::fail::{Result, bad_param, die, not_implemented};
use crate::schema::{Args, Given, Param, Params, parse_table, verify};
use crate::world::{Unfinished, World};

/// A request that found its way here.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    /// `None` only where no login is needed.
    pub(crate) principal: Option<Principal>,
    /// When it came; waiting counts from here.
    pub(crate) arrived: SimTime,
}

/// What a handler sees.
pub(crate) struct Context<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) keys: &'a Keys,
    pub(crate) who: Principal,
    pub(crate) args: Args,
    pub(crate) arrived: SimTime,
}

impl Context<'_> {
    /// The machine the path names.
    pub(crate) fn vmid(&self) -> u32 {
        self.args.vmid("vmid")
    }
}

/// Data, and for some lists how many there are in all.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) data: Value,
    pub(crate) total: Option<u64>,
    /// What has to end before it is given.
    pub(crate) after: Option<Unfinished>,
}

impl From<Value> for Answer {
    fn from(data: Value) -> Self {
        Self {
            data,
            total: None,
            after: None,
        }
    }
}

pub(crate) type Handler = fn(&mut Context<'_>) -> Result<Answer>;

/// Who may call an endpoint. Braces in paths stand for parameters.
#[derive(Clone, Copy)]
pub(crate) enum Permit {
    /// Everybody, logged in or not; tokens are refused.
    World,
    /// Every user; the handler filters or checks.
    User,
    All(&'static str, &'static [&'static str]),
    Any(&'static str, &'static [&'static str]),
    /// A check of its own.
    Check(fn(&World, &Principal, &Params) -> Result<()>),
}

/// One line of the table.
pub(crate) struct Endpoint {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) permit: Permit,
    /// Parameters besides those in the path.
    pub(crate) params: &'static [&'static str],
    pub(crate) handler: Handler,
}

/// An endpoint with its path and parameters read.
struct Route {
    endpoint: &'static Endpoint,
    parts: Vec<&'static str>,
    params: Vec<Param>,
}

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    tables()
        .flat_map(|table| table.iter())
        .map(|e| route(e).expect("a test reads all"))
        .collect()
});

fn tables() -> impl Iterator<Item = &'static [Endpoint]> {
    [
        version::TABLE,
        access::TABLE,
        cluster::TABLE,
        acls::TABLE,
        roles::TABLE,
        users::TABLE,
        hardware::TABLE,
        network::TABLE,
        nodes::TABLE,
        pools::TABLE,
        storage::TABLE,
        tasks::TABLE,
    ]
    .into_iter()
    .chain(qemu::TABLES.iter().copied())
}

/// A line of the table with its parameters read.
pub(crate) struct TableEntry<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) params: &'a [Param],
}

/// All lines of the table.
pub(crate) fn table_entries() -> impl Iterator<Item = TableEntry<'static>> {
    ROUTES.iter().map(|route| TableEntry {
        method: route.endpoint.method,
        path: route.endpoint.path,
        params: &route.params,
    })
}

fn route(endpoint: &'static Endpoint) -> std::result::Result<Route, String> {
    let parts: Vec<&str> = endpoint
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let mut params = Vec::new();
    for table in endpoint.params {
        params.extend(parse_table(table)?);
    }
    for name in parts.iter().filter_map(|part| placeholder(part)) {
        if !params.iter().any(|param: &Param| param.name == name) {
            params.extend(parse_table(path_parameter(name))?);
        }
    }
    Ok(Route {
        endpoint,
        parts,
        params,
    })
}

/// The definition of a parameter that stands in many paths.
fn path_parameter(name: &str) -> &'static str {
    match name {
        "node" => "node text fmt=pve-node",
        "vmid" => "vmid int fmt=pve-vmid min=100 max=999999999",
        "storage" => "storage text fmt=pve-storage-id",
        "upid" => "upid text",
        "volume" => "volume text",
        "iface" => "iface text minlen=2 len=20",
        "id" => "id text fmt=pve-configid",
        "poolid" => "poolid text fmt=pve-poolid",
        "roleid" => "roleid text fmt=pve-roleid",
        "userid" => "userid text fmt=pve-userid len=64",
        "tokenid" => "tokenid text pat=[A-Za-z][A-Za-z0-9.\\-_]+",
        "groupid" => "groupid text",
        "pci-id-or-mapping" => {
            "pci-id-or-mapping text pat=(?:(?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-9a-fA-F])|([a-zA-Z][a-zA-Z0-9_-]+)"
        }
        _ => "",
    }
}

fn placeholder(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?
        .strip_suffix('}')
        .map(|name| name.trim_end_matches('*'))
}

impl Route {
    /// The path's parameters when it fits. `{name*}` takes all the rest.
    fn fit(&self, parts: &[&str]) -> Option<Params> {
        let greedy = self.parts.last().is_some_and(|part| part.ends_with("*}"));
        let fits = if greedy {
            parts.len() >= self.parts.len()
        } else {
            parts.len() == self.parts.len()
        };
        if !fits {
            return None;
        }
        let mut params = Params::new();
        for (index, wanted) in self.parts.iter().enumerate() {
            match placeholder(wanted) {
                None if *wanted == parts[index] => {}
                None => return None,
                Some(name) => {
                    let rest = wanted.ends_with("*}");
                    let given = if rest {
                        parts[index..].join("/")
                    } else {
                        parts[index].to_owned()
                    };
                    params.insert(name.to_owned(), Given::Text(given));
                }
            }
        }
        Some(params)
    }
}

/// Whether an endpoint needs no login.
pub(crate) fn is_open(method: &str, path: &str) -> bool {
    matches!(
        (method, path),
        ("GET" | "POST", "/access/ticket") | ("GET", "/access/domains")
    )
}

/// Routes, checks and runs a call.
pub(crate) fn dispatch(
    world: &mut World,
    keys: &Keys,
    call: &Call,
    given: Params,
) -> Result<Answer> {
    let (route, in_path) = find(call)?;
    let who = allowed(route, call)?;
    let mut params = joined(in_path, given)?;
    permitted(world, &route.endpoint.permit, &who, &params)?;
    check_node(world, &mut params)?;
    let args = verify(world.version, &route.params, params)?;
    let mut context = Context {
        world,
        keys,
        who,
        args,
        arrived: call.arrived,
    };
    (route.endpoint.handler)(&mut context)
}

fn find(call: &Call) -> Result<(&'static Route, Params)> {
    let parts: Vec<&str> = call
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let fitting = |route: &'static Route| {
        let right = route.endpoint.method == call.method;
        right
            .then(|| route.fit(&parts))
            .flatten()
            .map(|params| (route, params))
    };
    if let Some(found) = ROUTES.iter().find_map(fitting) {
        return Ok(found);
    }
    let (method, path) = (&call.method, &call.path);
    if is_known_to_proxmox(method, &parts) {
        return Err(not_implemented(format!(
            "pve-sim does not model {method} {path}"
        )));
    }
    Err(not_implemented(format!(
        "Method '{method} {path}' not implemented"
    )))
}

/// Whether Proxmox has something there although this simulator has not.
///
/// A wrong path below a modelled collection is answered as Proxmox does; everything else says that
/// it is this simulator which stops here.
fn is_known_to_proxmox(method: &str, parts: &[&str]) -> bool {
    match parts {
        ["nodes", _, "qemu", _, "status", action] => {
            method == "POST" && matches!(*action, "suspend" | "resume")
        }
        ["nodes", _, "qemu", _, rest @ ..] => {
            matches!(
                rest.first(),
                Some(
                    &("snapshot"
                        | "firewall"
                        | "migrate"
                        | "move_disk"
                        | "unlink"
                        | "vncproxy"
                        | "termproxy"
                        | "spiceproxy"
                        | "rrd"
                        | "rrddata"
                        | "monitor"
                        | "sendkey"
                        | "mtunnel"
                        | "remote_migrate"
                        | "dbus-vmstate"
                        | "feature"
                        | "agent")
                )
            )
        }
        ["nodes", _, rest @ ..] => !matches!(
            rest.first(),
            None | Some(&("qemu" | "storage" | "tasks" | "network" | "version" | "status"))
        ),
        ["cluster" | "access", ..] => true,
        _ => false,
    }
}

fn allowed(route: &Route, call: &Call) -> Result<Principal> {
    let nobody = || Principal::user("");
    match (&route.endpoint.permit, &call.principal) {
        (Permit::World, Some(who)) if who.token.is_some() => {
            let path = &call.path;
            let wanted =
                format!("URI '{path}' not available with API token, need proper ticket.\n");
            Err(crate::fail::forbidden(&wanted))
        }
        (_, Some(who)) => Ok(who.clone()),
        (_, None) => Ok(nobody()),
    }
}

fn joined(mut in_path: Params, given: Params) -> Result<Params> {
    for (key, value) in given {
        if in_path.get(&key).is_some_and(|fixed| *fixed != value) {
            let text = "duplicate parameter (already defined in URI) with conflicting values!";
            return Err(bad_param(key, text));
        }
        in_path.insert(key, value);
    }
    Ok(in_path)
}

fn permitted(world: &World, permit: &Permit, who: &Principal, params: &Params) -> Result<()> {
    match permit {
        Permit::World | Permit::User => Ok(()),
        Permit::All(path, wanted) => world.check(who, &filled(path, params), wanted),
        Permit::Any(path, wanted) => world.check_any(who, &filled(path, params), wanted),
        Permit::Check(check) => check(world, who, params),
    }
}

/// A path with its braces replaced by parameters.
pub(crate) fn filled(path: &str, params: &Params) -> String {
    params
        .iter()
        .fold(path.to_owned(), |path, (key, value)| match value {
            Given::Text(text) => path.replace(&format!("{{{key}}}"), text),
            _ => path,
        })
}

/// Only this node answers; `localhost` is a name for it.
fn check_node(world: &World, params: &mut Params) -> Result<()> {
    match params.get("node") {
        Some(Given::Text(node)) if node == "localhost" => {
            params.insert("node".to_owned(), Given::Text(world.node.clone()));
            Ok(())
        }
        Some(Given::Text(node)) if *node != world.node => Err(die(format!(
            "hostname lookup '{node}' failed - failed to get address info for: {node}: \
             Temporary failure in name resolution"
        ))),
        _ => Ok(()),
    }
}

/// A text of the parameters before they were checked.
pub(crate) fn given<'a>(params: &'a Params, key: &str) -> Option<&'a str> {
    match params.get(key) {
        Some(Given::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_can_be_read() {
        let broken: Vec<String> = tables()
            .flatten()
            .filter_map(|endpoint| route(endpoint).err())
            .collect();
        assert_eq!(broken, Vec::<String>::new());
    }
}
