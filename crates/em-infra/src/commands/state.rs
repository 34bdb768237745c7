//! `em-infra state`: local state operations.

pub(crate) mod around;
pub(crate) mod context;
mod copy_to;
mod diff;
mod list;
mod pin;
mod prune;
mod rebuild;
mod restore;
mod seal;
mod show;
mod snapshot;
mod status;
mod table;
mod verify;

use clap::{Args, Subcommand};
use tf_run::Env;

use self::context::{Context, Where};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Reporting, Ui};

/// Arguments of `em-infra state`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    at: Where,

    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says where the state is, what is in it, when it was last kept, and what is dangerous about it.
    #[command(after_help = "Example:
  em-infra state status")]
    Status,
    /// Keeps the live state, with the lock file and the inputs, in the vault.
    #[command(after_help = "Example:
  em-infra state snapshot --reason 'before the upgrade' --pin")]
    Snapshot(snapshot::Arguments),
    /// Lists what the vault keeps.
    #[command(after_help = "Example:
  em-infra state list")]
    List,
    /// Shows one snapshot: its files, and the objects in its state.
    #[command(after_help = "Example:
  em-infra state show latest")]
    Show(show::Arguments),
    /// Says which objects and attributes differ between two states; never their values.
    #[command(after_help = "Examples:
  em-infra state diff latest          from the last good snapshot to the live state
  em-infra state diff 20261122 latest")]
    Diff(diff::Arguments),
    /// Reads everything in the vault and compares it with what was recorded.
    #[command(after_help = "Example:
  em-infra state verify")]
    Verify(verify::Arguments),
    /// Removes old snapshots by keep rules; without --execute it only says which.
    #[command(after_help = "Example:
  em-infra state prune --keep-within 90 --keep-daily 365 --keep-monthly 120")]
    Prune(prune::Arguments),
    /// Copies the vault to another disk or host that is mounted, and reads the copy back.
    #[command(after_help = "Example:
  em-infra state copy-to /media/usb/k3s-dev")]
    CopyTo(copy_to::Arguments),
    /// Seals states from now on, so that the vault alone is of no use to whoever finds it.
    #[command(after_help = "Example:
  em-infra state seal age1examplepublickeyofyours age1examplepublickeyonpaper")]
    Seal(seal::Arguments),
    /// Keeps a snapshot whatever the keep rules say.
    #[command(after_help = "Examples:
  em-infra state pin latest
  em-infra state pin 20261122T101500Z-42-1a2b3c4d --undo")]
    Pin(pin::Arguments),
    /// Puts a kept state in place of the live one: shows what that means, and does it once the serial is typed.
    #[command(after_help = "Examples:
  em-infra state restore latest
  em-infra state restore errored.tfstate
  em-infra state restore latest --confirm 43")]
    Restore(restore::Arguments),
    /// Makes the state anew from what is on the host, where no usable one is left; changes nothing on the host.
    #[command(after_help = "Examples:
  em-infra state rebuild --dry-run
  em-infra state rebuild --confirm 3")]
    Rebuild(rebuild::Arguments),
}

/// Runs `em-infra state`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    let context = Context::of(&arguments.at, ui, environment)?;
    match &arguments.command {
        Command::Status => status::run(&context),
        Command::Snapshot(arguments) => snapshot::run(arguments, &context),
        Command::List => list::run(&context),
        Command::Show(arguments) => show::run(arguments, &context),
        Command::Diff(arguments) => diff::run(arguments, &context),
        Command::Verify(arguments) => verify::run(arguments, &context),
        Command::Prune(arguments) => prune::run(arguments, &context),
        Command::CopyTo(arguments) => copy_to::run(arguments, &context),
        Command::Seal(arguments) => seal::run(arguments, &context),
        Command::Pin(arguments) => pin::run(arguments, &context),
        Command::Restore(arguments) => restore::run(arguments, &context),
        Command::Rebuild(arguments) => rebuild::run(arguments, &context),
    }
}
