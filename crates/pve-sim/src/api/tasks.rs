//! Tasks: list, status, log, stopping.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Context, Endpoint, Permit};
use crate::auth::Principal;
use crate::fail::{Result, bad_param, forbidden};
use crate::schema::split_list;
use crate::world::{Task, World, parse_upid};

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/tasks",
        permit: Permit::User,
        params: &["
            errors? bool
            limit? int min=0
            since? int
            source? enum:archive|active|all
            start? int min=0
            statusfilter? text fmt=task-status-list
            typefilter? text
            until? int
            userfilter? text
            vmid? int fmt=pve-vmid min=100 max=999999999
        "],
        handler: list,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/tasks/{upid}",
        permit: Permit::User,
        params: &[],
        handler: |_| Ok(json!([{ "name": "log" }, { "name": "status" }]).into()),
    },
    Endpoint {
        method: "DELETE",
        path: "/nodes/{node}/tasks/{upid}",
        permit: Permit::User,
        params: &[],
        handler: stop,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/tasks/{upid}/status",
        permit: Permit::User,
        params: &[],
        handler: task_status,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/tasks/{upid}/log",
        permit: Permit::User,
        params: &["
            download? bool
            limit? int min=0
            start? int min=0
        "],
        handler: log,
    },
    Endpoint {
        method: "GET",
        path: "/cluster/tasks",
        permit: Permit::User,
        params: &[],
        handler: recent,
    },
];

/// Whether a caller may see and stop a task without further rights: its own, or one of its tokens.
fn is_own(who: &Principal, user: &str) -> bool {
    let owner = Principal::parse(user);
    owner == *who || (who.token.is_none() && owner.user == who.user)
}

/// Whether there must be such a task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Required,
    Optional,
}

/// Checks the id and the right to the task behind it.
fn check(context: &Context<'_>, privilege: &str, known: Known) -> Result<String> {
    let upid = context.args.required("upid");
    let Some(parts) = parse_upid(upid) else {
        return Err(bad_param("upid", "unable to parse worker upid"));
    };
    if known == Known::Required {
        require(context.world, upid)?;
    }
    let path = format!("/nodes/{}", context.world.node);
    if !is_own(&context.who, parts.user) && !context.world.may(&context.who, &path, privilege) {
        return Err(forbidden(&format!("{path}, {privilege}")));
    }
    Ok(upid.to_owned())
}

fn require(world: &World, upid: &str) -> Result<usize> {
    world
        .index_of(upid)
        .ok_or_else(|| bad_param("upid", "no such task"))
}

fn stop(context: &mut Context<'_>) -> Result<Answer> {
    let upid = check(context, "Sys.Modify", Known::Required)?;
    context.world.stop_task(&upid);
    Ok(Value::Null.into())
}

fn task_status(context: &mut Context<'_>) -> Result<Answer> {
    let upid = check(context, "Sys.Audit", Known::Required)?;
    let task = &context.world.tasks[require(context.world, &upid)?];
    let mut data = facts(&context.world.node, task);
    match task.exit() {
        None => data["status"] = json!("running"),
        Some(exit) => {
            data["status"] = json!("stopped");
            data["exitstatus"] = json!(exit);
        }
    }
    Ok(data.into())
}

/// What status and list show alike.
fn facts(node: &str, task: &Task) -> Value {
    let mut data = json!({
        "upid": task.upid,
        "node": node,
        "pid": task.pid,
        "pstart": task.pstart,
        "starttime": task.start.secs(),
        "type": task.kind,
        "id": task.id,
        "user": task.principal.user,
    });
    if let Some(token) = &task.principal.token {
        data["tokenid"] = json!(token);
    }
    data
}

/// Proxmox shows this many lines unless told otherwise.
const LINES: u64 = 50;

fn log(context: &mut Context<'_>) -> Result<Answer> {
    let upid = check(context, "Sys.Audit", Known::Optional)?;
    let args = &context.args;
    let start = args.number("start").unwrap_or(0);
    let limit = match args.number("limit") {
        Some(0) => u64::MAX,
        Some(limit) => limit,
        None => LINES,
    };
    let missing = ["unable to open file - No such file or directory".to_owned()];
    let lines = context
        .world
        .task(&upid)
        .map_or(missing.as_slice(), |task| task.log.as_slice());
    let shown: Vec<Value> = lines
        .iter()
        .skip(usize::try_from(start).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .enumerate()
        // Lines are numbered from 1 in each answer, whatever was skipped.
        .map(|(index, line)| json!({ "n": index + 1, "t": line }))
        .collect();
    let total = lines.len() as u64;
    if context.world.task(&upid).is_none() && !context.world.version.is_9() {
        // 8.4 forgets to make a list of the one line.
        return Ok(Answer {
            data: shown.into_iter().next().unwrap_or_default(),
            total: Some(1),
            after: None,
        });
    }
    Ok(Answer {
        data: json!(shown),
        total: Some(total),
        after: None,
    })
}

/// A running task is listed in other words than a finished one.
fn running_entry(node: &str, task: &Task) -> Value {
    json!({
        "upid": task.upid,
        "node": node,
        "pid": task.pid,
        "pstart": task.pstart,
        "starttime": task.start.secs(),
        "type": task.kind,
        "id": task.id,
        "user": task.principal.to_string(),
        "status": "RUNNING",
        "saved": "0",
    })
}

fn entry(node: &str, task: &Task) -> Value {
    match (task.exit(), task.end()) {
        (Some(exit), Some(end)) => {
            let mut data = facts(node, task);
            data["endtime"] = json!(end.secs());
            data["status"] = json!(exit);
            data
        }
        _ => running_entry(node, task),
    }
}

/// How long a finished task is still among the active ones.
const LINGER: Duration = Duration::from_secs(2);

fn list(context: &mut Context<'_>) -> Result<Answer> {
    let (world, args) = (&*context.world, &context.args);
    let path = format!("/nodes/{}", world.node);
    let sees_all = world.may(&context.who, &path, "Sys.Audit");
    let source = args.text("source").unwrap_or("archive");
    let fitting: Vec<&Task> = world
        .tasks
        .iter()
        .rev()
        .filter(|task| task.is_listed())
        .filter(|task| sees_all || is_own(&context.who, &task.principal.to_string()))
        .filter(|task| match source {
            "active" => task.is_running(),
            "archive" => !task.is_running(),
            _ => true,
        })
        .filter(|task| matches(task, context))
        .collect();
    let start = args.number("start").unwrap_or(0);
    let limit = args.number("limit").unwrap_or(LINES);
    let shown: Vec<Value> = fitting
        .iter()
        .skip(usize::try_from(start).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .map(|task| entry(&world.node, task))
        .collect();
    let total = fitting.len() as u64;
    // Nothing to count shows no count.
    Ok(Answer {
        data: json!(shown),
        total: (total > 0).then_some(total),
        after: None,
    })
}

fn matches(task: &Task, context: &Context<'_>) -> bool {
    let args = &context.args;
    let start = task.start.secs();
    let is_error = task
        .exit()
        .is_some_and(|exit| exit != "OK" && !exit.starts_with("WARNINGS"));
    args.text("vmid").is_none_or(|vmid| task.id == vmid)
        && args.text("typefilter").is_none_or(|kind| task.kind == kind)
        && args
            .text("userfilter")
            .is_none_or(|u| task.principal.to_string().contains(u))
        && args.number("since").is_none_or(|since| start >= since)
        && args.number("until").is_none_or(|until| start <= until)
        && (!args.is_on("errors") || is_error)
        && args
            .text("statusfilter")
            .is_none_or(|filter| split_list(filter).any(|wanted| wanted == status_type(task)))
}

fn status_type(task: &Task) -> &'static str {
    match task.exit() {
        Some("OK") => "ok",
        Some(exit) if exit.starts_with("WARNINGS") => "warning",
        Some(crate::world::LOST) | None => "unknown",
        Some(_) => "error",
    }
}

fn recent(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let shown: Vec<Value> = world
        .tasks
        .iter()
        .rev()
        .filter(|task| task.is_listed())
        .filter(|task| {
            is_own(&context.who, &task.principal.to_string())
                || world.may(&context.who, &format!("/nodes/{}", world.node), "Sys.Audit")
        })
        .filter(|task| {
            task.end()
                .is_none_or(|end| world.now.since(end) < LINGER * 1800)
        })
        .map(|task| entry(&world.node, task))
        .collect();
    Ok(json!(shown).into())
}
