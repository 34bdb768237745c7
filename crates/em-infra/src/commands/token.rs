//! `em-infra token`: the lines that give an API token what em-infra needs, and nothing else.

use clap::{Args, ValueEnum};
use serde::Serialize;
use vm::privileges::{APPLY, Grant, POOL, READ, STARTUP_ORDER};

use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Arguments of `em-infra token`.
#[derive(Args)]
#[command(after_help = "Example, on the Proxmox host as root:
  em-infra token | less
  em-infra token --for read --token readonly")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    /// What the token is for.
    #[arg(long = "for", value_enum, default_value_t)]
    purpose: Purpose,

    /// The user, with realm.
    #[arg(long, default_value = "em-infra@pve", value_parser = user)]
    user: String,

    /// The name of the token.
    #[arg(long, default_value = "terraform", value_parser = token)]
    token: String,

    /// Also what `startup_order` takes.
    #[arg(long)]
    startup_order: bool,

    /// Also what a `proxmox_pool` takes that changes after the VMs were made.
    #[arg(long)]
    pool: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Purpose {
    /// Making, changing and removing VMs.
    #[default]
    Apply,
    /// Plan, drift and check.
    Read,
}

/// The same for `--format json`.
#[derive(Serialize)]
struct Report<'a> {
    user: &'a str,
    token_id: String,
    grants: Vec<Granted>,
    commands: Vec<String>,
}

#[derive(Serialize)]
struct Granted {
    role: &'static str,
    path: &'static str,
    privileges: &'static [&'static str],
    purpose: &'static str,
}

/// Runs `em-infra token`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui) -> Result<Exit, CommandError> {
    let grants = grants(arguments);
    let commands = commands(arguments, &grants);
    if ui.format() == Format::Json {
        ui.json(&Report {
            user: &arguments.user,
            token_id: format!("{}!{}", arguments.user, arguments.token),
            grants: grants.iter().map(granted).collect(),
            commands,
        })?;
        return Ok(Exit::Success);
    }
    ui.data("# On the Proxmox host as root. The same for Proxmox VE 8 and 9.");
    for grant in &grants {
        ui.data(&format!(
            "# {} on {}: {}",
            grant.role, grant.path, grant.purpose
        ));
    }
    for line in &commands {
        ui.data(line);
    }
    Ok(Exit::Success)
}

fn grants(arguments: &Arguments) -> Vec<Grant> {
    let mut grants = match arguments.purpose {
        Purpose::Apply => APPLY.to_vec(),
        Purpose::Read => vec![READ],
    };
    grants.extend(arguments.startup_order.then_some(STARTUP_ORDER));
    grants.extend(POOL.iter().filter(|_| arguments.pool));
    grants
}

/// A token with privilege separation has what its user has as well, so each entry is made for both.
fn commands(arguments: &Arguments, grants: &[Grant]) -> Vec<String> {
    let Arguments { user, token, .. } = arguments;
    let own = grants.iter().filter(|grant| !grant.privileges.is_empty());
    let roles = own.map(|grant| {
        format!(
            "pveum role add {} --privs '{}'",
            grant.role,
            grant.privileges.join(" ")
        )
    });
    let entries = grants.iter().map(|grant| {
        format!(
            "pveum acl modify {} --roles {} --users {user} --tokens '{user}!{token}'",
            grant.path, grant.role
        )
    });
    roles
        .chain([
            format!("pveum user add {user}"),
            format!("pveum user token add {user} {token} --privsep 1"),
        ])
        .chain(entries)
        .collect()
}

fn granted(grant: &Grant) -> Granted {
    Granted {
        role: grant.role,
        path: grant.path,
        privileges: grant.privileges,
        purpose: grant.purpose,
    }
}

/// Names go into lines that somebody pastes into a shell of root.
fn plain(text: &str, extra: &str) -> bool {
    let allowed =
        |char: char| char.is_ascii_alphanumeric() || "._-".contains(char) || extra.contains(char);
    text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.chars().all(allowed)
}

fn user(text: &str) -> Result<String, String> {
    let well_formed = plain(text, "@") && text.matches('@').count() == 1 && !text.ends_with('@');
    well_formed
        .then(|| text.to_owned())
        .ok_or_else(|| "expected a user with realm, as in em-infra@pve".to_owned())
}

fn token(text: &str) -> Result<String, String> {
    let well_formed = plain(text, "") && text.len() >= 2;
    well_formed
        .then(|| text.to_owned())
        .ok_or_else(|| "expected letters, digits, `.`, `_` and `-`, two at least".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(purpose: Purpose) -> Arguments {
        Arguments {
            reporting: Reporting::default(),
            purpose,
            user: "em-infra@pve".to_owned(),
            token: "terraform".to_owned(),
            startup_order: false,
            pool: false,
        }
    }

    #[test]
    fn every_role_is_made_and_given_to_user_and_token() {
        let arguments = arguments(Purpose::Apply);
        let commands = commands(&arguments, &grants(&arguments));
        for grant in APPLY {
            let made = format!("pveum role add {} ", grant.role);
            let given = format!(
                "pveum acl modify {} --roles {} --users em-infra@pve --tokens 'em-infra@pve!terraform'",
                grant.path, grant.role
            );
            assert!(
                commands.iter().any(|line| line.starts_with(&made)),
                "{made}"
            );
            assert!(commands.contains(&given), "{given}");
        }
    }

    #[test]
    fn a_token_that_reads_gets_a_role_of_proxmox() {
        let arguments = arguments(Purpose::Read);
        let commands = commands(&arguments, &grants(&arguments));
        assert_eq!(
            commands,
            [
                "pveum user add em-infra@pve",
                "pveum user token add em-infra@pve terraform --privsep 1",
                "pveum acl modify / --roles PVEAuditor --users em-infra@pve --tokens 'em-infra@pve!terraform'",
            ]
        );
    }

    #[test]
    fn a_start_order_takes_one_more_role_and_nothing_else_changes() {
        let plain = arguments(Purpose::Apply);
        let ordered = Arguments {
            startup_order: true,
            ..arguments(Purpose::Apply)
        };
        let before = commands(&plain, &grants(&plain));
        let mut after = commands(&ordered, &grants(&ordered));
        let more = [
            "pveum role add EmInfraStartup --privs 'Sys.Modify'",
            "pveum acl modify / --roles EmInfraStartup --users em-infra@pve --tokens 'em-infra@pve!terraform'",
        ];
        for line in more {
            assert!(after.contains(&line.to_owned()), "{line} in {after:?}");
        }
        after.retain(|line| !more.contains(&line.as_str()));
        assert_eq!(after, before);
    }

    #[test]
    fn a_pool_that_changes_takes_two_more_roles() {
        let arguments = Arguments {
            pool: true,
            ..arguments(Purpose::Apply)
        };
        let granted = grants(&arguments);
        assert_eq!(granted[APPLY.len()..], *POOL);
        let commands = commands(&arguments, &granted);
        for line in [
            "pveum role add EmInfraPools --privs 'Pool.Allocate Pool.Audit'",
            "pveum acl modify /pool --roles EmInfraPools --users em-infra@pve --tokens 'em-infra@pve!terraform'",
            "pveum role add EmInfraPoolMembers --privs 'Permissions.Modify'",
        ] {
            assert!(
                commands.contains(&line.to_owned()),
                "{line} in {commands:?}"
            );
        }
    }

    #[test]
    fn the_lines_are_in_an_order_in_which_each_can_be_run() {
        for purpose in [Purpose::Apply, Purpose::Read] {
            let arguments = arguments(purpose);
            let commands = commands(&arguments, &grants(&arguments));
            let kinds = [
                "pveum role add",
                "pveum user add",
                "pveum user token add",
                "pveum acl modify",
            ];
            let kind = |line: &String| kinds.iter().position(|kind| line.starts_with(kind));
            let order: Vec<_> = commands.iter().map(kind).collect();
            assert!(order.is_sorted() && !order.contains(&None), "{commands:?}");
        }
    }

    #[test]
    fn a_name_cannot_bring_a_command_along() {
        assert!(user("a@pve;reboot").is_err() && user("-a@pve").is_err() && user("a").is_err());
        assert!(token("$(x)").is_err() && token("a").is_err() && token("ci-2").is_ok());
    }
}
